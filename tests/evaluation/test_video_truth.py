import numpy as np
import pytest

from tests.make_data import tube_boxes, write_annotation
from yowo.contracts import Tube
from yowo.errors import AnnotationError
from yowo.evaluation.video_truth import frame_boxes, match_names, read_names, read_truth

CLASSES = ["brush_hair", "catch", "clap"]


def text_files(folder, files):
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def test_the_mat_file_gives_whole_pixels(tmp_path):
    write_annotation(tmp_path / "a.mat", {"Biking/v": (255, [(3, 250, 255)])})
    tube = read_truth(tmp_path / "a.mat", ["a", "b", "c"])["Biking/v"][0]
    x, y, w, h = tube_boxes(250, 255)[0].astype(float)
    assert tube.start == 249 and tube.label == 2 and tube.boxes[0].tolist() == [x, y, x + w, y + h]
    with pytest.raises(AnnotationError, match=r"class 3 is annotated; expected 1 to 2"):
        read_truth(tmp_path / "a.mat", ["a", "b"])


def test_missing_and_empty_annotations_are_named(tmp_path):
    with pytest.raises(AnnotationError, match=r"gt: there is no such annotation"):
        read_truth(tmp_path / "gt", CLASSES)
    with pytest.raises(AnnotationError, match=r"gt: expected text files with boxes, found none"):
        read_truth(text_files(tmp_path / "gt", {}), CLASSES)


def test_tubes_are_laid_out_as_frames():
    box = np.array([[0, 0, 5, 5]] * 2, np.float32)
    truth = {"a": [Tube(1, 3, box), Tube(0, 4, box + 1)], "b": [Tube(2, 0, box)], "c": [Tube(0, 0, box)]}
    boxes = frame_boxes(truth, {"b": 0, "a": 10})
    assert boxes.frames.tolist() == [13, 14, 14, 15, 0, 1] and boxes.labels.tolist() == [1, 1, 0, 0, 2, 2]
    assert len(frame_boxes(truth, {}).frames) == 0


def test_videos_are_matched_by_name_in_three_forms():
    known = {"clap/X_1": [], "clap/Y": [], "catch/Y": []}
    assert match_names(["clap/X_1", "clap_X_1", "X_1"], known, "det", "gt") == {
        "clap/X_1": "clap/X_1",
        "clap_X_1": "clap/X_1",
        "X_1": "clap/X_1",
    }
    with pytest.raises(AnnotationError, match=r"det: video Y is not in gt \(1 such videos\)"):
        match_names(["Y"], known, "det", "gt")


def test_lists_of_videos_may_have_endings_and_further_columns(tmp_path):
    (tmp_path / "list.txt").write_text("Biking/a.avi 1\n\nBiking/b\nBiking/a\n")
    assert read_names(tmp_path / "list.txt") == ["Biking/a", "Biking/b"]
    with pytest.raises(AnnotationError, match=r"no\.txt: there is no such list"):
        read_names(tmp_path / "no.txt")
    (tmp_path / "list.txt").write_text("\n")
    with pytest.raises(AnnotationError, match=r"list\.txt: no video is in it"):
        read_names(tmp_path / "list.txt")
