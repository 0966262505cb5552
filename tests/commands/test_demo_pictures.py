import numpy as np
import pytest
import torch
from PIL import Image

from yowo.commands.demo_pictures import as_video, draw_gif, draw_sheet, liveliest
from yowo.config.build import build_detector
from yowo.config.build_training import build_datamodule
from yowo.config.compose import compose_config
from yowo.contracts import Tube
from yowo.data.key_frames import AnnotatedVideo
from yowo.inference.streaming import FrameResult


def test_the_videos_with_most_boxes_are_shown():
    def video(name, *lengths):
        tubes = tuple(Tube(0, 0, np.zeros((n, 4), np.float32)) for n in lengths)
        return AnnotatedVideo(name, f"{name}.mp4", 50, (64, 48), tubes)

    found = liveliest([video("a", 9), video("b", 5, 6), video("c")], 2)
    assert [v.name for v in found] == ["b", "a"]


def test_detections_become_rows_in_pixels():
    def found(frame, count):
        boxes = torch.tensor([[0.5, 0.5, 1.0, 1.0]]).repeat(count, 1)
        rest = {"scores": torch.full((count,), 0.5), "labels": torch.full((count,), 3)}
        return FrameResult(frame, np.zeros((10, 20, 3), np.uint8), {"boxes": boxes, **rest})

    video = as_video([found(0, 1), found(1, 0), found(2, 2)])
    assert video.frames.tolist() == [0, 2, 2] and video.num_frames == 3
    assert video.boxes_xyxy[0].tolist() == [10, 5, 20, 10] and video.labels.tolist() == [3, 3, 3]


@pytest.mark.slow
def test_the_pictures_show_held_out_videos(tmp_path):
    sizes = ["num_train=1", "num_val=2", "num_frames=16", "num_val_frames=16"]
    config = compose_config("demo", [f"dataset.root={tmp_path}/m", *(f"dataset.{size}" for size in sizes)])
    data = build_datamodule(config)
    data.prepare_data()
    detector = build_detector(config).eval()
    draw_sheet(detector, data, config, tmp_path / "sheet.png")
    assert min(Image.open(tmp_path / "sheet.png").size) > 900
    draw_gif(detector, config, data.videos(), tmp_path / "tubes.gif")
    gif = Image.open(tmp_path / "tubes.gif")
    assert gif.n_frames == 8 and gif.width >= 2 * 256 and gif.height > 192
