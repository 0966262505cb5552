import numpy as np
import pytest
from PIL import Image

from tests.inference.outputs.made_frames import facts, names, tracked, written
from yowo.inference.outputs.gif_output import GifOutput, reduced


def small(frame):
    return np.full((6, 8, 3), frame.result.frame % 256, np.uint8)


def at(frame, seconds):
    made = tracked(frame, [])
    return made._replace(result=made.result._replace(seconds=seconds))


def test_ten_pictures_a_second_are_kept_of_the_first_fifteen_seconds(tmp_path):
    painted = []
    output = GifOutput(tmp_path / "a.gif", facts(500), lambda frame: painted.append(frame.result.frame) or small(frame))
    written(output, (tracked(frame, []) for frame in range(500)))  # 25 a second
    assert len(painted) == 150 and painted[:5] == [0, 3, 5, 8, 10] and painted[-1] < 15 * 25
    with Image.open(tmp_path / "a.gif") as film:
        assert film.n_frames == 150 and film.info["duration"] == 100
    assert output.kept() == f"GIF: {tmp_path}/a.gif, the first 15 seconds"


@pytest.mark.parametrize(("fps", "duration"), [(4, 250), (50, 100)])
def test_a_gif_plays_as_fast_as_its_source(tmp_path, fps, duration):
    output = written(GifOutput(tmp_path / "a.gif", facts(), small), (at(f, f / fps) for f in range(40)))
    with Image.open(tmp_path / "a.gif") as film:
        assert film.info["duration"] == duration
    assert output.kept() == f"GIF: {tmp_path}/a.gif"


def test_after_a_pause_of_a_stream_no_pictures_are_caught_up(tmp_path):
    times = [*(f / 25 for f in range(25)), *(5 + f / 25 for f in range(25))]
    written(GifOutput(tmp_path / "a.gif", facts(), small), (at(f, t) for f, t in enumerate(times)))
    with Image.open(tmp_path / "a.gif") as film:
        assert film.n_frames <= 23


def test_one_frame_is_a_gif_and_none_is_no_file(tmp_path):
    written(GifOutput(tmp_path / "a.gif", facts(1), small), [tracked(0, [])])
    assert written(GifOutput(tmp_path / "b.gif", facts(), small), []).kept() is None
    assert names(tmp_path) == ["a.gif"]


def test_pictures_are_reduced_to_480_pixels_and_never_enlarged():
    assert reduced(np.zeros((1080, 1920, 3), np.uint8)).shape == (270, 480, 3)
    assert reduced(np.zeros((7, 5, 3), np.uint8)).shape == (7, 5, 3)
