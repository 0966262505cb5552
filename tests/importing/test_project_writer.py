import pytest

from tests.make_data import pictures, write_video
from yowo.errors import DatasetError
from yowo.importing.annotated import Annotated
from yowo.importing.project_writer import frame_step, write_project
from yowo.projects.opened import open_project
from yowo.projects.project import read_extents, read_facts, split_names
from yowo.projects.table import TableRow
from yowo.video.video_folder import VideoFolder

ROWS = [
    *(TableRow("a", frame, (4.0, 4.0, 24.0, 40.0), "walk", "1") for frame in range(4)),
    *(TableRow("b", frame, (8.0, 4.0, 30.0, 40.0), "walk", "") for frame in range(4)),
]
READ = Annotated(ROWS, ("walk", "sit"), ["said before"])


@pytest.fixture
def videos(tmp_path):
    for seed, name in enumerate("ab"):
        write_video(tmp_path / "videos" / f"{name}.mp4", pictures(8, seed))
    return VideoFolder(tmp_path / "videos")


def test_the_folder_holds_what_training_needs(tmp_path, videos):
    summary = write_project(tmp_path / "deep" / "mine", videos, READ, held_out=["b"])
    root = tmp_path / "deep" / "mine"
    rows = open_project(root).rows
    assert [(row.video, row.frame, row.box, row.label) for row in rows] == [
        (row.video, row.frame, row.box, row.label) for row in ROWS
    ]
    assert all(row.track for row in rows)
    assert split_names(root, rows) == {"train": ["a"], "val": ["b"]}
    assert read_extents(root)["a"].num_frames == 8 and read_extents(root)["a"].size == (64, 48)
    facts = read_facts(root)
    assert facts.classes == ("walk", "sit") and facts.multi_label is False and len(facts.anchors) >= 1
    assert (root / "videos" / "a.mp4").is_symlink()
    assert summary.boxes == {"walk": 8} and summary.tracks == 2 and summary.notes == ["said before"]
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["mine"]


def test_videos_can_be_copied(tmp_path, videos):
    write_project(tmp_path / "mine", videos, READ, copy=True)
    path = tmp_path / "mine" / "videos" / "a.mp4"
    assert not path.is_symlink() and path.read_bytes() == (tmp_path / "videos" / "a.mp4").read_bytes()


def test_boxes_are_clipped_and_those_outside_and_past_the_end_are_left_out_and_counted(tmp_path, videos):
    more = [
        TableRow("a", 5, (-5.0, 4.0, 24.0, 70.0), "walk", "1"),
        TableRow("a", 6, (70.0, 4.0, 90.0, 40.0), "walk", "1"),
        TableRow("a", 8, (4.0, 4.0, 24.0, 40.0), "walk", "1"),
    ]
    summary = write_project(tmp_path / "mine", videos, READ._replace(rows=ROWS + more), held_out=["b"])
    boxes = {row.frame: row.box for row in open_project(tmp_path / "mine").rows if row.video == "a"}
    assert boxes[5] == (0.0, 4.0, 24.0, 48.0) and 6 not in boxes and 8 not in boxes
    assert "1 boxes extended beyond the picture" in summary.notes[1]
    assert summary.notes[2].startswith("1 boxes lie outside the picture and were left out; the first: a, frame 6: ")
    assert summary.notes[3].startswith("1 boxes were skipped; the first: a, frame 8: frame: expected 0 to 7")


def test_several_actions_of_a_person_make_it_multi_label(tmp_path, videos):
    rows = [*ROWS, TableRow("a", 0, (4.0, 4.0, 24.0, 40.0), "sit", "1")]
    assert write_project(tmp_path / "mine", videos, READ._replace(rows=rows)).multi_label
    assert read_facts(tmp_path / "mine").multi_label is True


def test_nothing_is_written_over(tmp_path, videos):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(DatasetError, match="already exists and is not empty"):
        write_project(tmp_path / "mine", videos, READ)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (READ._replace(rows=[]), "expected at least one box on a frame"),
        (READ._replace(rows=[ROWS[0]._replace(frame=99)]), "expected at least one box on a frame"),
        (READ._replace(rows=[ROWS[0]._replace(label="")]), "a, frame 0: a box has a class without a name"),
    ],
)
def test_a_source_that_makes_no_project_leaves_nothing_behind(tmp_path, videos, read, words):
    with pytest.raises(DatasetError, match=words):
        write_project(tmp_path / "mine", videos, read)
    assert [path.name for path in tmp_path.iterdir()] == ["videos"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path, videos):
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="mine: cannot be written"):
        write_project(tmp_path / "file" / "mine", videos, READ)


def test_the_step_of_sparse_annotation_is_the_usual_distance():
    def rows(*frames):
        return [TableRow("a", frame, (0, 0, 1, 1), "walk", "1") for frame in frames]

    assert frame_step(rows(0, 25, 50, 75, 76)) == 25
    assert frame_step(rows(0, 1, 2, 9)) == 1 and frame_step(rows(3)) == 1


def test_videos_keep_their_endings_whatever_these_are_and_are_found_again(tmp_path):
    files = {"a": "a.MTS", "cam.01": "cam.01", "caf\u00e9": "cafe\u0301.3gp"}
    for name in files.values():
        write_video(tmp_path / "made.mp4", pictures(8, 0))
        (tmp_path / "videos").mkdir(exist_ok=True)
        (tmp_path / "made.mp4").rename(tmp_path / "videos" / name)
    rows = [TableRow(name, frame, (4.0, 4.0, 24.0, 40.0), "walk", "1") for name in files for frame in range(4)]
    write_project(tmp_path / "out", VideoFolder(tmp_path / "videos"), Annotated(rows, ("walk",), []))
    again = VideoFolder(tmp_path / "out" / "videos")
    assert set(again.paths) == set(files) == set(read_extents(tmp_path / "out"))
    assert {row.video for row in open_project(tmp_path / "out").rows} == set(files)
