import contextlib

import pytest

from tests.cvat_export import write_exports
from tests.make_data import PROJECT, project
from yowo.commands.data.import_annotations import joined, run
from yowo.errors import AnnotationError, ConfigError, DatasetError
from yowo.importing.annotated import Annotated
from yowo.projects.opened import open_project
from yowo.projects.project import split_names
from yowo.projects.table import TableRow


@pytest.fixture
def source(tmp_path):
    """A project, and a simple CSV and CVAT files of the same boxes beside it."""
    root = project(tmp_path / "made")
    (tmp_path / "boxes.csv").write_text((root / "annotations.csv").read_text())
    return tmp_path


def imported(source, *arguments):
    run([*arguments, "--videos", str(source / "made" / "videos"), "--output", str(source / "mine")])
    return source / "mine"


def boxes(root):
    return sorted((row.video, row.frame, row.box, row.label) for row in open_project(root).rows)


def test_the_boxes_arrive_and_the_next_commands_are_said(source, capsys):
    root = imported(source, "--from", "simple-csv", str(source / "boxes.csv"), "--seed", "1")
    assert boxes(root) == boxes(source / "made")
    shown = capsys.readouterr().out
    assert (
        f"check: yowo data check {root}" in shown and f"train: yowo train dataset=custom dataset.root={root}" in shown
    )
    assert "walk" in shown and "test_frames" not in shown


def test_several_sources_are_joined(source):
    write_exports(source / "made", source / "cvat")
    files = sorted(str(path) for path in (source / "cvat").rglob("*.xml"))
    assert len(files) == 3
    assert boxes(imported(source, "--from", "cvat", *files)) == boxes(source / "made")


def test_videos_to_hold_out_can_be_named(source):
    (source / "val.txt").write_text("b\n")
    root = imported(source, "--from", "simple-csv", str(source / "boxes.csv"), "--val-videos", str(source / "val.txt"))
    assert split_names(root, open_project(root).rows) == {"train": ["a", "far/c"], "val": ["b"]}


def split_table(source):
    header, *rows = (source / "boxes.csv").read_text().splitlines()
    for name, chosen in (
        ("one", [r for r in rows if not r.startswith("b,")]),
        ("two", [r for r in rows if r[0] == "b"]),
    ):
        (source / f"{name}.csv").write_text("\n".join([header, *chosen]))
    return str(source / "one.csv"), str(source / "two.csv")


def test_a_source_of_its_own_can_be_held_out(source):
    one, two = split_table(source)
    root = imported(source, "--from", "simple-csv", one, "--val-source", two)
    assert split_names(root, open_project(root).rows) == {"train": ["a", "far/c"], "val": ["b"]}


def test_a_video_of_both_sources_is_a_leak(source):
    table = str(source / "boxes.csv")
    with pytest.raises(AnnotationError, match="video a is in a source and in a --val-source"):
        imported(source, "--from", "simple-csv", table, "--val-source", table)


def test_sparse_annotation_and_several_actions_are_said(source, capsys):
    rows = ["video,frame,x1,y1,x2,y2,label,track"]
    for name in PROJECT:
        rows += [f"{name},{frame},4,4,24,40,{label},1" for frame in (0, 5, 10) for label in ("walk", "sit")]
    (source / "boxes.csv").write_text("\n".join(rows))
    imported(source, "--from", "simple-csv", str(source / "boxes.csv"))
    shown = capsys.readouterr().out
    assert "about every 5th frame is annotated" in shown and "metric.test_frames=annotated" in shown
    assert "multi_label is true" in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--val", "1"], "--val: expected a fraction above 0 and below 1, got 1.0"),
        (["--classes", "gone.txt"], "gone.txt: expected a text file with one name per line"),
        (["--val-videos", "gone.txt"], "gone.txt: expected a text file with one name per line"),
    ],
)
def test_options_that_cannot_be_are_errors(source, arguments, words):
    with pytest.raises(ConfigError, match=words):
        imported(source, "--from", "simple-csv", str(source / "boxes.csv"), *arguments)
    assert not (source / "mine").exists()


def test_tracks_of_two_sources_stay_apart():
    row = TableRow("a", 0, (0.0, 0.0, 1.0, 1.0), "walk", "1")
    both = joined([Annotated([row], ("walk",), ["n"]), Annotated([row._replace(track="")], ("sit", "walk"), ["n"])])
    assert [row.track for row in both.rows] == ["0-1", ""]
    assert both.classes == ("walk", "sit") and both.notes == ["n"]


def table(source, name, *rows):
    (source / name).write_text("\n".join(["video,frame,x1,y1,x2,y2,label,track", *rows]) + "\n")
    return str(source / name)


def test_damage_in_all_sources_is_one_list_and_nothing_is_written(source):
    one = table(source, "one.csv", "a,0,1,2,wide,4,walk,1", "a,1,1,2,3,4,walk,1")
    two = table(source, "two.csv", "b,0,5,2,3,4,walk,1", "z,0,1,2,3,4,walk,1")
    with pytest.raises(
        AnnotationError, match=r"(?s)3 problems.*one\.csv, row 2: .*two\.csv, row 2: .*two\.csv, row 3: "
    ):
        imported(source, "--from", "simple-csv", one, "--val-source", two)
    assert not (source / "mine").exists()


def test_the_same_table_twice_and_jobs_that_overlap_count_once(source, capsys):
    """The second job has other track numbers and slightly different boxes."""
    rows = [f"a,{frame},{4 + frame},4,{24 + frame},40,walk,1" for frame in range(8)]
    later = [f"a,{frame},{4 + frame},4.5,{24 + frame},40,walk,7" for frame in range(3, 12)]
    one, copy = table(source, "one.csv", *rows), table(source, "copy.csv", *rows)
    two = table(source, "two.csv", *later)
    found = open_project(imported(source, "--from", "simple-csv", one, copy, two)).rows
    assert sorted(row.frame for row in found) == list(range(12)) and len({row.track for row in found}) == 1
    shown = capsys.readouterr().out
    assert f"note: 8 boxes are exact copies and were left out; the first: {copy}, row 2" in shown
    assert f"note: 5 boxes are in two files and were left out of one; the first: {two}, row 2" in shown


def test_row_numbers_are_no_tracks_and_the_table_of_detections_comes_in_box_for_box(source):
    rows = [f"{frame},a,{frame},{4.25 + frame},4.00,{24.5 + frame},40.75,0.900000,walk" for frame in range(6)]
    (source / "seen.csv").write_text(
        "\n".join(["id,video,frame,x1,y1,x2,y2,score,label", *rows, "9,b,0,1,1,9,9,0.1,sit"])
    )
    found = open_project(imported(source, "--from", "simple-csv", str(source / "seen.csv"), "--min-score", "0.5")).rows
    assert [row.box for row in found] == [(4.25 + frame, 4, 24.5 + frame, 40.75) for frame in range(6)]
    assert {row.track for row in found} == {"auto0"}


@pytest.mark.parametrize(
    ("held", "words"), [("a\nb\nfar/c\n", "left for training"), (None, "held out, which training")]
)
def test_a_project_that_cannot_be_trained_on_does_not_say_how(source, capsys, held, words):
    text = (source / "boxes.csv").read_text()
    if held is None:
        (source / "boxes.csv").write_text("\n".join(row for row in text.splitlines() if row[0] in "va"))
    else:
        (source / "val.txt").write_text(held)
    arguments = [] if held is None else ["--val-videos", str(source / "val.txt")]
    imported(source, "--from", "simple-csv", str(source / "boxes.csv"), *arguments)
    shown = capsys.readouterr().out
    assert words in shown and "yowo train" not in shown


@pytest.mark.parametrize("output", ["cvat", "cvat/out", "made/videos", "made"])
def test_inputs_are_not_written_onto(source, output):
    write_exports(source / "made", source / "cvat")
    target = ["--output", str(source / output)]
    before = sorted(source.rglob("*"))
    with pytest.raises(DatasetError, match="give another --output"):
        run(["--from", "cvat", str(source / "cvat"), "--videos", str(source / "made" / "videos"), *target])
    assert sorted(source.rglob("*")) == before


def test_an_interrupted_import_leaves_nothing(source, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("yowo.importing.project_writer.write_facts", stop)
    before = sorted(source.rglob("*"))
    with contextlib.suppress(KeyboardInterrupt):
        imported(source, "--from", "simple-csv", str(source / "boxes.csv"))
    assert sorted(source.rglob("*")) == before


def test_options_that_a_format_does_not_use_are_refused(source):
    with pytest.raises(ConfigError, match="--boxes: cvat does not use it; it is for simple-csv"):
        imported(source, "--from", "cvat", str(source / "boxes.csv"), "--boxes", "xywh")
