import numpy as np
import pytest

from yowo.errors import AnnotationError
from yowo.evaluation.detection_table import DetectionTable

VIDEOS = ("Run/a", "Run/b")
ARRAYS = {
    "videos": np.array(VIDEOS),
    "num_frames": np.array([3, 5], dtype=np.int32),
    "video": np.array([0, 0, 1], dtype=np.int32),
    "frame": np.array([1, 3, 5], dtype=np.int32),
    "cls": np.array([0, 2, 1], dtype=np.int32),
    "score": np.array([0.5, 0.25, 0.75], dtype=np.float32),
    "box": np.array([[0, 0, 10, 20], [5, 5, 5, 5], [-3, 1, 400, 2]], dtype=np.float32),
}


def stored(folder, **changes):
    """The file of ARRAYS with some of them changed, or left out if None."""
    path = folder / "det.npz"
    np.savez(path, **{name: array for name, array in {**ARRAYS, **changes}.items() if array is not None})
    return path


def changed(name, row, value):
    array = ARRAYS[name].copy()
    array[row] = value
    return {name: array}


def assert_is_arrays(table):
    assert table.videos == VIDEOS
    for name in ARRAYS.keys() - {"videos"}:
        array = getattr(table, name)
        assert array.dtype == ARRAYS[name].dtype
        assert np.array_equal(array, ARRAYS[name])


def test_a_file_of_others_is_read_as_it_stands(tmp_path):
    assert_is_arrays(DetectionTable.load(stored(tmp_path, extra=np.zeros(2)), num_classes=3))


def test_wider_numbers_become_the_tables_own(tmp_path):
    wide = {name: array.astype(np.int64) for name, array in ARRAYS.items() if array.dtype == np.int32}
    assert_is_arrays(DetectionTable.load(stored(tmp_path, **wide, box=ARRAYS["box"].astype(np.float64))))


def test_a_saved_table_is_read_back_alike(tmp_path):
    path = tmp_path / "runs" / "again.npz"
    DetectionTable.load(stored(tmp_path)).save(path)
    assert_is_arrays(DetectionTable.load(path))
    assert [entry.name for entry in path.parent.iterdir()] == ["again.npz"]


def test_frame_numbers_count_through_all_videos(tmp_path):
    assert DetectionTable.load(stored(tmp_path)).frame_numbers().tolist() == [0, 2, 7]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"score": None}, r"expected arrays videos, num_frames, .*; missing: \['score'\]"),
        ({"score": np.array(["a", "b", "c"])}, r"score: expected floats of shape \[3\], got <U1 \[3\]"),
        ({"frame": ARRAYS["frame"] / 2}, r"frame: expected integers of shape \[3\], got float64 \[3\]"),
        ({"cls": ARRAYS["cls"][:2]}, r"cls: expected integers of shape \[3\], got int32 \[2\]"),
        ({"box": ARRAYS["box"][:, :3]}, r"box: expected floats of shape \[3, 4\], got float32 \[3, 3\]"),
        ({"videos": np.arange(2)}, r"videos: expected text of shape \[2\], got int64 \[2\]"),
        ({"videos": np.array(["a", "a"])}, "videos: a is listed twice"),
        ({"num_frames": np.array([3])}, r"num_frames: expected integers of shape \[2\], got int64 \[1\]"),
        ({"num_frames": np.array([3, 0])}, "video 1: expected num_frames of at least 1, got 0"),
        (changed("video", 1, 2), r"row 1: expected video of 0 to 1 \(2 videos\), got 2"),
        (changed("video", 1, -1), "row 1: expected video of 0 to 1"),
        (changed("frame", 0, 0), r"row 0: expected frame of 1 \(the first\) to the video's num_frames, got 0"),
        (changed("frame", 1, 4), "row 1: expected frame of 1 .*, got 4"),
        (changed("cls", 2, 3), r"row 2: expected cls of 0 to 2, got 3"),
        (changed("cls", 2, -1), r"row 2: expected cls of 0 to 2, got -1"),
        (changed("score", 1, np.nan), r"row 1: expected a finite score, got nan \(1 such rows\)"),
        (changed("box", 2, [0, np.inf, 1, 1]), "row 2: expected a finite box"),
        (
            changed("box", 2, [5, 0, 4, 1]),
            r"row 2: expected box .* with x1 <= x2 and y1 <= y2, got \[5.0, 0.0, 4.0, 1.0\]",
        ),
        (changed("box", slice(1, 3), [0, 5, 1, 4]), r"row 1: expected box .* \(2 such rows\)"),
    ],
)
def test_what_is_impossible_is_refused_by_file_and_row(tmp_path, changes, message):
    with pytest.raises(AnnotationError, match=rf"det\.npz: {message}"):
        DetectionTable.load(stored(tmp_path, **changes), num_classes=3)


def test_a_file_that_is_no_npz_is_refused(tmp_path):
    path = tmp_path / "det.npz"
    with pytest.raises(AnnotationError, match=r"det\.npz: there is no such detections file"):
        DetectionTable.load(path)
    path.write_text("video,frame")
    with pytest.raises(AnnotationError, match=r"det\.npz: not a readable npz file of detections"):
        DetectionTable.load(path)
    np.save(tmp_path / "single.npy", np.zeros(3))
    with pytest.raises(AnnotationError, match=r"single\.npy: not a readable npz file of detections"):
        DetectionTable.load(tmp_path / "single.npy")


def test_a_file_that_was_cut_off_is_refused(tmp_path):
    path = stored(tmp_path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(AnnotationError, match=r"det\.npz: not a readable npz file of detections"):
        DetectionTable.load(path)


def test_pickled_objects_are_not_loaded(tmp_path):
    path = stored(tmp_path, videos=np.array(list(VIDEOS), dtype=object))
    with pytest.raises(AnnotationError, match=r"det\.npz: not a readable npz file of detections .*pickle"):
        DetectionTable.load(path)
