import sys

import numpy as np
import pytest
from PIL import Image

from benchmarks.released_data import released_pipeline, write_pictures
from tests.make_data import ucf24_files
from yowo.config.build_training import build_datamodule
from yowo.config.compose import compose_config
from yowo.errors import ConfigError
from yowo.video.reader import open_video

TRANSFORMS = """
import torchvision.transforms.functional as F
class Augmentation:
    def __init__(self, size):
        self.size, self.functions = size, F
"""
DATA = """
class UCF_JHMDB_Dataset:
    def __init__(self, root, name, size, transform, training, length):
        self.lines = open(root + "/trainlist.txt").read().split()
        self.transform, self.given = transform, (name, size, training, length)
"""


def test_clips_become_the_archive_that_the_released_data_set_reads(tmp_path):
    root = ucf24_files(tmp_path / "ucf")
    dataset = build_datamodule(compose_config("train", ["dataset=ucf24", f"dataset.root={root}"])).dataset("train")
    write_pictures(dataset, [3, 1], tmp_path / "jpegs")
    key = dataset.key_frames[3]
    with open_video(key.path) as reader:
        frame = reader.get_frames([key.frame])[0]
    picture = Image.open(tmp_path / "jpegs" / "rgb-images" / key.video / f"{key.frame + 1:05d}.jpg")
    assert np.abs(np.array(picture).astype(int) - frame).mean() < 8
    checkout = tmp_path / "released"
    (checkout / "dataset").mkdir(parents=True)
    (checkout / "dataset" / "__init__.py").write_text("")
    (checkout / "dataset" / "transforms.py").write_text(TRANSFORMS)
    (checkout / "dataset" / "ucf_jhmdb.py").write_text(DATA)
    with released_pipeline(checkout, tmp_path / "jpegs", 8) as pipeline:
        assert pipeline.lines[0] == f"labels/{key.video}/{key.frame + 1:05d}.txt" and len(pipeline.lines) == 2
        assert pipeline.given == ("ucf24", 224, True, 8)
        tensor = pipeline.transform.functions.to_tensor(picture)
        assert tensor.shape == (3, *frame.shape[:2]) and 0 <= tensor.min() <= tensor.max() <= 1
    assert "dataset" not in sys.modules and str(checkout) not in sys.path


def test_another_folder_is_no_checkout(tmp_path):
    with (
        pytest.raises(ConfigError, match=r"expected a checkout of yjh0410/PyTorch_YOWO with dataset/"),
        released_pipeline(tmp_path, tmp_path, 8),
    ):
        pass
