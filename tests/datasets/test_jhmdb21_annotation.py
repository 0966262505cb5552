import numpy as np
import pytest
import scipy.io

from yowo.datasets.jhmdb21_annotation import mask_boxes, read_mask, read_masks, split_names
from yowo.errors import AnnotationError, DatasetError

CLASSES = ("catch", "clap")


def masks(frames):
    """[6, 8, T]: a person in each frame that has corners (first and last column and row, from 0)."""
    mask = np.zeros((6, 8, len(frames)), dtype=np.uint8)
    for number, corners in enumerate(frames):
        if corners is not None:
            x1, x2, y1, y2 = corners
            mask[y1, x1, number] = mask[y2, x2, number] = 3  # body parts have numbers
    return mask


def test_a_box_goes_from_the_first_to_the_last_pixel_counted_from_one():
    boxes = mask_boxes(masks([(2, 5, 1, 3), (0, 7, 0, 5), None, (4, 4, 2, 2)]))
    assert boxes.tolist() == [[3, 2, 6, 4], [1, 1, 8, 6], [0, 0, 0, 0], [5, 3, 5, 3]]


def test_frames_without_a_person_cut_the_tube(tmp_path):
    scipy.io.savemat(tmp_path / "m.mat", {"part_mask": masks([None, (2, 5, 1, 3), (2, 6, 1, 3), None, (0, 1, 0, 1)])})
    one, two = read_mask(tmp_path / "m.mat", 4)
    assert (one.label, one.start, len(one.boxes), two.start, len(two.boxes)) == (4, 1, 2, 4, 1)
    assert np.allclose(one.boxes[1], [3 / 8, 2 / 6, 7 / 8, 4 / 6]) and one.boxes.dtype == np.float32
    scipy.io.savemat(tmp_path / "m.mat", {"part_mask": masks([None, None])})
    assert read_mask(tmp_path / "m.mat", 0) == ()


def test_a_single_frame_has_lost_its_last_axis(tmp_path):
    scipy.io.savemat(tmp_path / "m.mat", {"part_mask": masks([(2, 5, 1, 3)])[:, :, 0]})
    assert [t.start for t in read_mask(tmp_path / "m.mat", 0)] == [0]


def test_damaged_masks_are_named(tmp_path):
    (tmp_path / "m.mat").write_text("nothing")
    with pytest.raises(AnnotationError, match=r"m\.mat: expected a MATLAB file with the array part_mask"):
        read_mask(tmp_path / "m.mat", 0)
    scipy.io.savemat(tmp_path / "m.mat", {"other": 1})
    with pytest.raises(AnnotationError, match=r"m\.mat: expected a MATLAB file with the array part_mask"):
        read_mask(tmp_path / "m.mat", 0)
    scipy.io.savemat(tmp_path / "m.mat", {"part_mask": np.zeros((2, 2, 2, 2))})
    with pytest.raises(
        AnnotationError, match=r"expected part_mask of shape \[height, width, frames\], got \[2, 2, 2, 2\]"
    ):
        read_mask(tmp_path / "m.mat", 0)


def test_masks_of_many_videos_are_read_by_name(tmp_path):
    for name in ("clap/x", "catch/y"):
        (tmp_path / name).mkdir(parents=True)
        scipy.io.savemat(tmp_path / name / "puppet_mask.mat", {"part_mask": masks([(2, 5, 1, 3)])})
    found = read_masks(tmp_path, ["catch/y", "clap/x", "clap/gone"], CLASSES)
    assert {name: tubes[0].label for name, tubes in found.items()} == {"catch/y": 0, "clap/x": 1}


def write_splits(root, catch="a!.avi 1\nb.avi 2 \n\nc.avi 0\n"):
    (root / "splits").mkdir()
    (root / "splits" / "catch_test_split2.txt").write_text(catch)
    (root / "splits" / "clap_test_split2.txt").write_text("d.avi 2\ne.avi 1\n")


def test_the_owners_splits_say_train_test_or_neither(tmp_path):
    write_splits(tmp_path)
    assert split_names(tmp_path, 2, CLASSES) == {"train": ["catch/a!", "clap/e"], "val": ["catch/b", "clap/d"]}


def test_lists_name_videos_or_the_label_files_of_their_frames(tmp_path):
    (tmp_path / "trainlist.txt").write_text("labels/clap/a/00001.txt\nlabels/clap/a/00002.txt\ncatch/b.avi 3\n")
    (tmp_path / "testlist.txt").write_text("catch/c\n")
    assert split_names(tmp_path, 1, CLASSES) == {"train": ["catch/b", "clap/a"], "val": ["catch/c"]}


def test_wrong_rows_and_missing_lists_are_named(tmp_path):
    with pytest.raises(DatasetError, match=r"expected splits/<Class>_test_split1\.txt, or trainlist\.txt"):
        split_names(tmp_path, 1, CLASSES)
    (tmp_path / "testlist.txt").write_text("clap/a\ndance/b\n")
    with pytest.raises(AnnotationError, match=r"testlist\.txt: row 2: expected <Class>/<video> .* got dance/b"):
        split_names(tmp_path, 1, CLASSES)
    write_splits(tmp_path, "a.avi 1\nb.avi 3\n")
    with pytest.raises(AnnotationError, match=r"catch_test_split2\.txt: row 2: expected <video>\.avi and 0, 1 or 2"):
        split_names(tmp_path, 2, CLASSES)
    (tmp_path / "splits" / "clap_test_split2.txt").unlink()
    (tmp_path / "splits" / "catch_test_split2.txt").write_text("a.avi 1\n")
    with pytest.raises(DatasetError, match=r"clap_test_split2\.txt: expected one such file per class"):
        split_names(tmp_path, 2, CLASSES)
