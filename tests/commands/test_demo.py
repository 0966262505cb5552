from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from yowo.commands.demo import draw_sheet, liveliest
from yowo.config.build import build_detector
from yowo.config.build_training import build_datamodule
from yowo.config.compose import compose_config
from yowo.contracts import Tube
from yowo.data.key_frames import AnnotatedVideo


def test_the_video_with_most_boxes_is_shown():
    def video(name, *lengths):
        tubes = tuple(Tube(0, 0, np.zeros((n, 4), np.float32)) for n in lengths)
        return AnnotatedVideo(name, f"{name}.mp4", 50, (64, 48), tubes)

    data = SimpleNamespace(data=SimpleNamespace(videos=lambda split: [video("a", 9), video("b", 5, 6), video("c")]))
    assert liveliest(data) == "b.mp4"


@pytest.mark.slow
def test_the_sheet_shows_key_frames_of_the_held_out_split(tmp_path):
    config = compose_config(
        "demo",
        [
            f"dataset.root={tmp_path}/m",
            "dataset.num_train=1",
            "dataset.num_val=2",
            "dataset.num_frames=16",
            "dataset.num_val_frames=16",
        ],
    )
    data = build_datamodule(config)
    data.prepare_data()
    draw_sheet(build_detector(config).eval(), data, config, tmp_path / "sheet.png")
    assert min(Image.open(tmp_path / "sheet.png").size) > 900
