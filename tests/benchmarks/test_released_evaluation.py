"""The programs of others are not part of this repository: small stand-ins check what they are given."""

import sys

import pytest

from benchmarks.released_evaluation import reference_ava, reference_frames, reference_videos
from yowo.commands.bench.score import made_up
from yowo.errors import ConfigError

VIDEO = """
def evaluate_videoAP(wanted, found, num_classes, threshold, temporal):
    assert temporal and sorted(wanted) == ["00000", "00001"]
    name, boxes = next(iter(found.items()))
    assert name.startswith("00000/") and set(boxes) == set(range(1, num_classes + 1)) and boxes[1].shape[1] == 5
    assert wanted["00000"]["gt_classes"] == 1 and len(wanted["00000"]["tubes"][0][0]) == 5
    return [100 * threshold] * num_classes
"""
FRAME = """
import cv2, os
def evaluate_frameAP(truth, found, threshold, plots):
    names = sorted(os.listdir(truth))
    assert names == sorted(os.listdir(found)) and names
    line = open(os.path.join(truth, names[0])).read().split()
    assert len(line) % 5 == 0
    return ["AP: 12.5% (0001)", "mAP: 37.5%"]
"""
AVA = """
def run_evaluation(*files):
    return {"PascalBoxes_Precision/mAP@0.5IOU": 0.25}
def evaluate_ava_from_files(*files):
    run_evaluation(*files)
"""


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    folder = tmp_path / "released" / "evaluator"
    folder.mkdir(parents=True)
    for name, text in (("__init__", ""), ("cal_video_mAP", VIDEO), ("cal_frame_mAP", FRAME), ("ava_eval_helper", AVA)):
        (folder / f"{name}.py").write_text(text)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path / "released"
    for name in [name for name in sys.modules if name.split(".")[0] == "evaluator"]:
        del sys.modules[name]


def test_the_released_programs_get_what_they_read(checkout, tmp_path):
    table, truth = made_up(2, 24)
    assert reference_videos(checkout, table, truth, 24, "")[1] == pytest.approx([0.05, 0.1, 0.2, 0.3, 0.5, 0.75])
    (tmp_path / "text").mkdir()
    assert reference_frames(checkout, table, truth, 24, str(tmp_path / "text"))[1] == 0.375
    assert reference_ava(checkout, *(tmp_path / name for name in "abcd"))[1] == 0.25


def test_another_folder_is_no_checkout(tmp_path):
    with pytest.raises(ConfigError, match=r"expected a checkout of yjh0410/PyTorch_YOWO with evaluator/"):
        reference_ava(tmp_path, *(tmp_path / name for name in "abcd"))
