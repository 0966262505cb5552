import numpy as np
import pytest

from tests.make_data import PROJECT, pictures, project, write_video
from yowo.datasets.custom import Custom
from yowo.errors import AnnotationError, DatasetError
from yowo.projects.opened import open_project

CLASSES = ("sit", "walk")


def splits(root, train, val):
    (root / "splits").mkdir(exist_ok=True)
    (root / "splits" / "train.txt").write_text("\n".join(train))
    (root / "splits" / "val.txt").write_text("\n".join(val))


def test_boxes_of_the_table_become_key_frames(tmp_path):
    splits(project(tmp_path), ["far/c"], ["a", "b"])
    data = Custom(str(tmp_path), CLASSES)
    data.prepare()
    (video,) = data.videos("train")
    assert (video.name, video.num_frames, video.size) == ("far/c", 12, (64, 48))
    key_frames = data.key_frames("train")
    assert [key.frame for key in key_frames] == list(range(8))
    third = key_frames[3]
    assert third.labels.tolist() == [1, 0]
    assert np.allclose(third.boxes_norm * [64, 48, 64, 48], [[4, 4, 28, 40], [30, 6, 60, 40]], atol=1e-5)
    assert len(data.key_frames("val")) == 14


def test_without_split_files_a_part_is_held_out_and_both_see_all_videos_once(tmp_path):
    data = Custom(str(project(tmp_path)), CLASSES)
    names = [video.name for split in ("train", "val") for video in data.videos(split)]
    assert sorted(names) == sorted(PROJECT) and data.videos("val")


def test_several_actions_of_a_person_are_one_box_with_several_labels(tmp_path):
    boxes = {
        "a": [(0, (4, 4, 24, 40), "walk", "1"), (0, (30, 4, 60, 40), "sit", "2"), (0, (4, 4, 24, 40), "sit", "1")],
        "b": [(1, (4, 4, 24, 40), "walk", "1")],
    }
    splits(project(tmp_path, boxes), ["a", "b"], ["b"])
    (first, second) = Custom(str(tmp_path), CLASSES, multi_label=True).key_frames("train")
    assert first.labels.tolist() == [[1, 1], [1, 0]]
    assert np.allclose(first.boxes_norm * [64, 48, 64, 48], [[4, 4, 24, 40], [30, 4, 60, 40]], atol=1e-5)
    assert second.labels.tolist() == [[0, 1]]
    with pytest.raises(
        AnnotationError, match=r"a, frame 0, track 1: expected one label per box, got several; set dataset\.multi_label"
    ):
        Custom(str(tmp_path), CLASSES).videos("train")


def test_boxes_count_in_the_size_that_they_were_annotated_in(tmp_path):
    """A re-encoded, smaller video keeps its annotation."""
    splits(project(tmp_path), ["a"], ["b"])
    before = Custom(str(tmp_path), CLASSES).key_frames("train")[0].boxes_norm
    (tmp_path / "videos.csv").write_text("video,frames,width,height\na,12,64,48\n")
    write_video(tmp_path / "videos" / "a.mp4", pictures(12, 0, 32, 24))
    assert np.array_equal(Custom(str(tmp_path), CLASSES).key_frames("train")[0].boxes_norm, before)


def test_folders_of_pictures_are_videos(tmp_path):
    from PIL import Image

    project(tmp_path, {"a": PROJECT["a"]})
    folder = tmp_path / "videos" / "pictures"
    folder.mkdir()
    for number, picture in enumerate(pictures(6, 5)):
        Image.fromarray(picture).save(folder / f"{number:05d}.jpg")
    table = tmp_path / "annotations.csv"
    table.write_text(table.read_text() + "pictures,5,1,1,20,20,sit,1\n")
    splits(tmp_path, ["pictures"], ["a"])
    (video,) = Custom(str(tmp_path), CLASSES).videos("train")
    assert (video.num_frames, video.backend, video.tubes[0].start) == (6, "frames", 5)


@pytest.mark.parametrize(
    ("line", "error", "words"),
    [
        ("a,50,1,1,9,9,walk,1", AnnotationError, r"annotations\.csv, row 28: frame: expected 0 to 11"),
        ("a,11,9,1,1,9,walk,1", AnnotationError, "row 28: expected x1 < x2 within 0 to 64"),
        ("a,11,1,1,9,9,wlak,1", AnnotationError, "row 28: label: expected one of sit, walk, got 'wlak'"),
        ("z,11,1,1,9,9,walk,1", AnnotationError, "row 28: video: expected the name of a video, such as 'a', got 'z'"),
    ],
)
def test_invalid_rows_are_named(tmp_path, line, error, words):
    splits(project(tmp_path), ["a"], ["b"])
    table = tmp_path / "annotations.csv"
    table.write_text(table.read_text() + line + "\n")
    with pytest.raises(error, match=words):
        Custom(str(tmp_path), CLASSES).videos("train")


def test_videos_of_the_split_that_are_gone_or_damaged_are_named(tmp_path):
    splits(project(tmp_path), ["a", "b"], ["gone"])
    with pytest.raises(DatasetError, match="1 of 1 val videos are missing, such as gone"):
        Custom(str(tmp_path), CLASSES).videos("val")
    (tmp_path / "videos" / "a.mp4").write_text("no video")
    with pytest.raises(DatasetError, match=r"1 of 2 videos cannot be read; the first: .*a\.mp4"):
        Custom(str(tmp_path), CLASSES).videos("train")
    kept = Custom(str(tmp_path), CLASSES, on_unreadable="skip").videos("train")
    assert [video.name for video in kept] == ["b"]


def test_one_video_alone_cannot_be_split(tmp_path):
    data = Custom(str(project(tmp_path, {"a": PROJECT["a"]})), CLASSES)
    with pytest.raises(DatasetError, match="the val split has no video; annotate at least two"):
        data.videos("val")


def test_facts_come_from_the_table_unless_they_are_written_down(tmp_path):
    facts = open_project(project(tmp_path)).facts
    assert facts.classes == CLASSES and facts.multi_label is False
    assert facts.anchors is not None and 1 <= len(facts.anchors) <= 5
    assert {tuple(size) for size in open_project(tmp_path).box_sizes.round(4)} >= {
        tuple(anchor) for anchor in facts.anchors
    }
    (tmp_path / "dataset.yaml").write_text("classes: [walk, sit, swim]\nanchors: [[0.5, 0.25]]\n")
    facts = open_project(tmp_path).facts
    assert facts.classes == ("walk", "sit", "swim") and facts.anchors == [[0.5, 0.25]] and facts.multi_label is False
