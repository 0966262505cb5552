import numpy as np

from yowo.contracts import Tube
from yowo.data.key_frames import AnnotatedVideo
from yowo.datasets.base import VideoDataset


class Counting(VideoDataset):
    """Counts how often a split is read."""

    reads = 0

    def prepare(self):
        """Nothing to do."""

    def read_videos(self, split):
        """One video with two annotated frames."""
        self.reads += 1
        boxes = np.array([[0, 0, 0.5, 0.5]] * 2, dtype=np.float32)
        return [AnnotatedVideo(split, f"{split}.mp4", 10, (64, 48), (Tube(1, 3, boxes),))]


def test_a_split_is_read_once_and_its_annotated_frames_are_the_key_frames():
    data = Counting("somewhere", ["walk", "run"], decoder="pyav")
    assert [key.frame for key in data.key_frames("val")] == [3, 4]
    assert [video.name for video in data.videos("val")] == ["val"]
    assert data.reads == 1
    assert [video.name for video in data.videos("train")] == ["train"] and data.reads == 2
    assert data.classes == ("walk", "run") and data.decoder == "pyav"
