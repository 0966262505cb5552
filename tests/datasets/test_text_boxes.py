import zipfile

import pytest

from yowo.datasets.text_boxes import read_label_files, read_text_tubes
from yowo.errors import AnnotationError

CLASSES = ["brush_hair", "catch", "clap"]


def text_files(folder, files):
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


FILES = {
    "brush_hair_A_b_00001.txt": "1 10 20 30 40\n",
    "brush_hair_A_b_00002.txt": "1 11 20 31 40\n",
    "clap_X_00003.txt": "3 1 2 3.5 4\n",
    "clap_X_00005.txt": "3 1 2 3 4\n",
}


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_text_files_become_a_tube_a_run_of_frames(tmp_path, kind):
    path = text_files(tmp_path / "gt", FILES)
    if kind == "zip":
        with zipfile.ZipFile(tmp_path / "gt.zip", "w") as archive:
            for name, text in FILES.items():
                archive.writestr(f"groundtruths/{name}", text)
        path = tmp_path / "gt.zip"
    truth = read_text_tubes(path, CLASSES)
    assert list(truth) == ["brush_hair/A_b", "clap/X"]
    tube = truth["brush_hair/A_b"][0]
    assert (tube.label, tube.start, tube.boxes.tolist()) == (0, 0, [[10, 20, 30, 40], [11, 20, 31, 40]])
    assert [(tube.start, len(tube.boxes)) for tube in truth["clap/X"]] == [(2, 1), (4, 1)]
    assert truth["clap/X"][0].boxes[0, 2] == 3.5


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("clap_X_00001.txt", "3 1 2 3\n", r"clap_X_00001\.txt, line 1: expected five numbers, class x1 y1 x2 y2"),
        ("clap_X_00001.txt", "3 1 2 3 4\n3 a 2 3 4\n", r"line 2: expected five numbers"),
        ("clap_X_00001.txt", "3 1 2 nan 4\n", r"line 1: expected five numbers"),
        ("clap_X_00001.txt", "4 1 2 3 4\n", r"expected a class number from 1 to 3, got 4"),
        ("clap_X_00001.txt", "3 5 2 3 4\n", r"expected x1 <= x2 and y1 <= y2"),
        ("clap_X.txt", "3 1 2 3 4\n", r"clap_X\.txt: expected a file name such as <Class>_<video>_00001\.txt"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, name, text, message):
    with pytest.raises(AnnotationError, match=message):
        read_text_tubes(text_files(tmp_path / "gt", {name: text}), CLASSES)


def test_label_files_of_a_video_become_tubes(tmp_path):
    folder = text_files(tmp_path / "A", {"00002.txt": "3 1 2 3 4\n", "00003.txt": "3 1 2 3 5\n", "00005.txt": ""})
    (tube,) = read_label_files(folder, CLASSES)
    assert (tube.label, tube.start, tube.boxes.tolist()) == (2, 1, [[1, 2, 3, 4], [1, 2, 3, 5]])
    assert read_label_files(tmp_path / "gone", CLASSES) == []
    (folder / "00006.txt").write_text("1 2 3\n")
    with pytest.raises(AnnotationError, match=r"A/00006\.txt, line 1: expected five numbers"):
        read_label_files(folder, CLASSES)
    (folder / "00006.txt").rename(folder / "six.txt")
    with pytest.raises(
        AnnotationError, match=r"six\.txt: expected a file named by its frame number, such as 00001\.txt"
    ):
        read_label_files(folder, CLASSES)
