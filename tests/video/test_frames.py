import pytest

from yowo.errors import VideoError
from yowo.video.frames import check_indices


def test_positions_become_an_array_and_wrong_ones_are_named():
    assert check_indices(range(3), 5, "v").tolist() == [0, 1, 2]
    assert check_indices([], 5, "v").shape == (0,)
    with pytest.raises(VideoError, match=r"v: frame 5 was asked for, but the video has frames 0 to 4"):
        check_indices([1, 5], 5, "v")
