import logging
import sys
from types import SimpleNamespace

import numpy as np
from lightning.pytorch.loggers import CSVLogger
from PIL import Image

from yowo.errors import VideoError
from yowo.training.logs.media import files_may_fail, read_picture, show_picture, show_table


def test_without_wandb_and_tensorboard_nothing_is_shown_and_wandb_is_not_imported(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "wandb", None)  # importing it raises
    run = SimpleNamespace(loggers=[CSVLogger(tmp_path)], global_step=3)
    show_picture(run, "val/x", np.zeros((4, 4, 3), np.uint8))
    show_table(run, "val/t", ["a"], [[1]])
    assert not list(tmp_path.iterdir())


def test_a_picture_that_cannot_be_written_is_a_warning(caplog):
    with caplog.at_level(logging.WARNING):
        with files_may_fail("pictures"):
            raise OSError(28, "No space left on device")
        with files_may_fail("clips"):
            raise VideoError("c.mp4: cannot be read")
    assert [r.getMessage() for r in caplog.records] == [
        "pictures are missing: [Errno 28] No space left on device",
        "clips are missing: c.mp4: cannot be read",
    ]


def test_a_drawn_file_is_read_as_rgb(tmp_path):
    Image.new("RGBA", (3, 2), (9, 8, 7, 255)).save(tmp_path / "a.png")
    picture = read_picture(tmp_path / "a.png")
    assert picture.shape == (2, 3, 3) and picture[0, 0].tolist() == [9, 8, 7]
