from pathlib import Path

import numpy as np
import pytest

from tests.inference.test_frame_painter import NAMES, person, tracked
from tests.video.sound_files import film_with_sound, tracks
from yowo.errors import VideoError
from yowo.inference.colours import identity_colour
from yowo.inference.frame_painter import FramePainter
from yowo.inference.outputs.frame_output import StreamFacts
from yowo.inference.outputs.video_output import VideoOutput
from yowo.video.reader import open_video

SIZE = (320, 240)


def facts(file=None, fps=25.0, length=None):
    return StreamFacts("film", str(file), fps, *SIZE, length, False, NAMES, False, file)


def output(path, file=None, fps=25.0, length=None):
    return VideoOutput(path, facts(file, fps, length), FramePainter(NAMES, SIZE), "ultrafast")


def test_a_video_with_boxes_and_the_sound_of_its_source(tmp_path):
    ours = output(tmp_path / "new" / "a b [1]=ü.mp4", film_with_sound(tmp_path / "film.mp4"))
    for frame in range(10):
        ours.write(tracked(frame, [person(1)]))
    ours.finish()
    ours.close()
    path = tmp_path / "new" / "a b [1]=ü.mp4"
    assert ours.kept() == f"video: {path}"
    with open_video(path) as reader:
        shown = reader.get_frames(range(10))
    assert shown.shape == (10, 240, 320, 3)
    colour = shown[5, 120:190, 100:102].reshape(-1, 3).mean(axis=0)
    assert np.abs(colour - identity_colour(1)).max() < 60  # chroma is stored in half the size
    assert len(tracks(path)["audio"][1]) > 10


@pytest.mark.parametrize("end", ["complete", "interrupted", "failed"])
def test_an_earlier_file_stays_until_the_new_one_is_complete(tmp_path, end):
    path = tmp_path / "v.mp4"
    path.write_text("old")
    ours = output(path, length=1 if end == "complete" else 2)
    ours.write(tracked(0, [person(1)]))
    assert path.read_text() == "old"
    if end != "failed":
        ours.finish()
    ours.close()
    written = path if end == "complete" else tmp_path / "v.unfinished.mp4"
    assert ours.kept() == f"video: {written}"
    with open_video(written) as reader:
        assert len(reader) == 1
    assert (path.read_bytes() == b"old") == (end != "complete")
    assert {file.name for file in tmp_path.iterdir()} == {path.name, written.name}


def test_a_source_without_frames_leaves_nothing(tmp_path):
    ours = output(tmp_path / "v.mp4")
    ours.finish()
    ours.close()
    assert ours.kept() is None and not list(tmp_path.iterdir())


def test_frames_keep_the_times_of_the_source(tmp_path):
    ours = output(tmp_path / "v.mkv", fps=30.0)
    for frame in (0, 1, 5, 50):  # a live source dropped the others
        ours.write(tracked(frame, []))
    ours.finish()
    assert tracks(tmp_path / "v.mkv")["video"][2] == pytest.approx([0, 0.04, 0.2, 2.0], abs=0.002)


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    ours = output(tmp_path / "v.mp4", fps=0.0)
    with pytest.raises(VideoError, match=r"v\.mp4: expected a rate above 0"):
        ours.write(tracked(0, []))
    ours.close()
    assert ours.kept() is None and not list(Path(tmp_path).iterdir())
