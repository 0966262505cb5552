import shutil

import pytest

from tests.make_data import PROJECT, pictures, project, write_video
from yowo.errors import DatasetError
from yowo.projects.checks import check_project

WALK, SIT = "walk", "sit"


def made(root, boxes=None, train=("a", "b"), val=("far/c",)):
    """A project with a split."""
    project(root, PROJECT if boxes is None else boxes)
    write_split(root, train, val)
    return root


def write_split(root, train, val):
    (root / "splits").mkdir(exist_ok=True)
    for name, videos in (("train", train), ("val", val)):
        (root / "splits" / f"{name}.txt").write_text("".join(f"{video}\n" for video in videos))


def found(root):
    return {(finding.level, finding.what): finding for finding in check_project(root).findings}


def append(root, *rows):
    with (root / "annotations.csv").open("a") as file:
        file.writelines(f"{row}\n" for row in rows)


def test_a_valid_project_has_no_findings(tmp_path):
    report = check_project(made(tmp_path))
    assert report.findings == [] and report.sound
    assert report.videos == {"train": ["a", "b"], "val": ["far/c"]}
    assert report.boxes["train"] == {WALK: 8, SIT: 6} and report.tracks == 4 and report.frames == 22


@pytest.mark.parametrize(
    ("row", "what", "where"),
    [
        ("gone,0,1,1,9,9,walk,1", "row of a missing video", "row 28: 'gone'"),
        ("far/d,0,1,1,9,9,walk,1", "row of a missing video", "did you mean far/c?"),
        ("a,1,1,1,9,9,wlak,7", "unknown class", "'wlak'; did you mean walk?"),
        ("a,12,1,1,9,9,walk,1", "frame number outside its video", "frame: expected 0 to 11"),
        ("a,1,9,1,1,9,walk,7", "box inverted, empty or outside the picture", "row 28"),
        ("a,1,1,1,90,9,walk,7", "box inverted, empty or outside the picture", "row 28"),
        ("a,1,1,1,1,9,walk,7", "box inverted, empty or outside the picture", "row 28"),
        ("a,1,2,2,9,9,walk,1", "two boxes of one track on a frame", "same track and frame as row 3"),
        ("a,1,2,2,9,9,walk,", "row without a track", "row 28"),
        ("a,1,2,2,nine,9,walk,1", "malformed row", "row 28"),
        ("a,1,2,2,9", "malformed row", "row 28"),
    ],
)
def test_an_invalid_row_is_an_error_with_its_row_number(tmp_path, row, what, where):
    root = made(tmp_path)
    (root / "dataset.yaml").write_text("classes: [walk, sit]\n")
    append(root, row)
    findings = found(root)
    assert where in findings["error", what].where and findings["error", what].times == 1


def test_a_project_with_an_error_is_not_sound(tmp_path):
    root = made(tmp_path)
    append(root, "a,1,2,2,9")
    assert not check_project(root).sound


def test_problems_with_videos_are_found(tmp_path):
    root = made(tmp_path)
    (root / "videos" / "a.mp4").write_text("no video")
    write_video(root / "videos" / "spare.mp4", pictures(8, 9))
    (root / "near").mkdir()
    write_video(root / "videos" / "near" / "c.mp4", pictures(8, 10))
    (root / "videos.csv").write_text("video,frames,width,height\nb,13,64,48\n")
    findings = found(root)
    assert "a.mp4" in findings["error", "unreadable video"].where
    assert (
        "b: has 12 frames, but videos.csv lists 13" in findings["error", "video length differs from annotation"].where
    )
    assert findings["warning", "video without annotation"].times == 2
    assert findings["warning", "same video name in several folders"].where == "far/c = near/c"


def test_leaks_and_gaps_in_the_split_are_found(tmp_path):
    root = made(tmp_path, train=("a", "far/c", "gone", "a"), val=("far/c", "copy"))
    shutil.copy(root / "videos" / "a.mp4", root / "videos" / "copy.mp4")
    append(root, "copy,0,1,1,9,9,walk,1", "copy,1,1,1,9,9,walk,1")
    findings = found(root)
    assert findings["error", "leak: video in both splits"].where == "far/c"
    assert findings["error", "leak: the same file in both splits"].where == "a (train) = copy (val)"
    assert findings["error", "missing train video"].where == "gone"
    assert findings["warning", "video twice in the train split"].where == "a"
    assert findings["warning", "annotated video in no split"].where == "b"


def test_an_empty_split_is_an_error(tmp_path):
    root = made(tmp_path, train=("a", "b", "far/c"), val=())
    assert found(root)["error", "no val video"].times == 1


def test_a_split_without_annotated_videos_is_an_error(tmp_path):
    root = made(tmp_path, train=("spare",), val=("a", "b", "far/c"))
    write_video(root / "videos" / "spare.mp4", pictures(8, 9))
    assert "1 videos in splits/train.txt" in found(root)["error", "no annotated train video"].where


def test_classes_that_will_not_be_learned_or_measured(tmp_path):
    box = (4, 4, 40, 40)
    boxes = {
        "a": [(frame, box, "turn_left", str(track)) for track in range(4) for frame in range(10)]
        + [(0, box, "Walk", "9"), (1, box, "Walk", "9")],
        "b": [(frame, box, "walk", "1") for frame in range(3)],
    }
    root = made(tmp_path, boxes, train=("a",), val=("b",))
    (root / "dataset.yaml").write_text("classes: [turn_left, walk, Walk, fly]\n")
    findings = found(root)
    assert findings["error", "class in the val split only"].where == "walk"
    assert findings["warning", "class without a box"].where == "fly"
    assert findings["warning", "class in the train split only"].times == 2
    assert findings["warning", "class imbalance"].where == "turn_left: 40 boxes, Walk: 2"
    assert findings["warning", "classes that differ in case or spaces only"].where == "walk = Walk"
    assert findings["warning", "left/right class"].where == "turn_left"


def test_tracks_that_look_wrong(tmp_path):
    boxes = {
        "a": [(frame, (1, 1, 20, 20), "walk", "1") for frame in range(4)]
        + [(frame, (40, 20, 60, 40), "walk", "1") for frame in range(4, 8)]
        + [(3, (30, 30, 50, 40), "walk", "2")],
        "b": [(frame, (1, 1, 1.5, 20), "walk", "1") for frame in range(4)],
    }
    findings = found(made(tmp_path, boxes, train=("a",), val=("b",)))
    assert findings["warning", "no overlap with the track's previous frame"].where == "a, track 1, frame 4"
    assert findings["warning", "track of a single frame"].where == "a, track 2, frame 3"
    assert findings["warning", "tiny box"].times == 4


def test_several_labels_are_an_error_if_multi_label_is_false(tmp_path):
    root = made(tmp_path)
    (root / "dataset.yaml").write_text("multi_label: false\n")
    append(root, "a,1,4,4,24,40,sit,1")
    assert "a, frame 1, track 1" in found(root)["error", "person with several labels at once"].where


def test_a_file_that_cannot_be_read_is_the_only_finding(tmp_path):
    root = made(tmp_path)
    (root / "annotations.csv").write_text("a,b,c\n1,2,3\n")
    (only,) = check_project(root).findings
    assert only.what == "unreadable file" and "annotations.csv" in only.where


def test_a_folder_that_is_no_project_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"annotations\.csv"):
        check_project(tmp_path)
