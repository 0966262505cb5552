import torch

from tests.make_data import pictures
from yowo.commands.bench.whole_detection import whole_table
from yowo.config.compose import compose_config
from yowo.contracts import Detections
from yowo.video.writer import VideoWriter


class Constant:
    """Finds a person at the same place on every frame."""

    frames = resets = 0

    def reset(self):
        self.resets += 1

    def add(self, pictures, wanted):
        self.frames += len(pictures)
        box = torch.tensor([[0.2, 0.2, 0.6, 0.8]])
        return [Detections(boxes=box, scores=torch.tensor([0.9]), labels=torch.tensor([1])) for _ in pictures]


def test_network_and_whole_see_the_same_frames(tmp_path, monkeypatch):
    monkeypatch.setattr("yowo.commands.bench.whole_detection.TURNS", 2)
    with VideoWriter(tmp_path / "v.mp4", 25, (64, 48)) as writer:
        for frame in pictures(8, 0):
            writer.write(frame)
    detector = Constant()
    config = compose_config("train", ["model=yowo_tiny", "dataset=motion"])
    table = whole_table(config, "PyTorch", detector, tmp_path / "v.mp4", 6)
    assert detector.frames == 2 * 2 * 6 and detector.resets == 4
    assert table.title == "PyTorch: 6 frames of v.mp4, one by one" and table.row_count == 3
