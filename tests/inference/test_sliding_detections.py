from functools import partial

import pytest
import torch

from tests.make_data import pictures
from yowo.data.augment import EvalTransform
from yowo.inference.clip_detector import ClipDetector
from yowo.inference.sliding_detections import SlidingDetections
from yowo.models.backbones2d.yolov2 import YOLOv2
from yowo.models.backbones3d.resnet import tiny_resnet3d
from yowo.models.detector import Detector
from yowo.models.fusion import CFAM
from yowo.models.sliding import SlidingDetector

FRAMES = 15
TRANSFORM = EvalTransform((32, 32), [0.1] * 3, [0.5] * 3)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    parts = YOLOv2(width=0.03, out_channels=8), tiny_resnet3d(4, (0, 1, 1, 1), stem_kernel=(5, 3, 3))
    return Detector(*parts, partial(CFAM, channels=16), num_classes=3, anchors=[(10, 20)]).eval()


def rows(raw):
    """Raw output in place of detections: nothing is hidden by a threshold."""
    return [{"boxes": boxes, "scores": conf} for boxes, conf in zip(raw["boxes"], raw["conf"], strict=True)]


def in_parts(detector, frames, wanted, parts):
    found, start = [], 0
    for part in parts:
        found += detector.add(frames[start : start + part], wanted[start : start + part])
        start += part
    return found


def assert_same(found, expected):
    assert [one is None for one in found] == [other is None for other in expected]
    for one, other in zip(found, expected, strict=True):
        for key in one or ():
            torch.testing.assert_close(one[key], other[key], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("clip_len", [1, 2, 7])
@pytest.mark.parametrize(("dilation", "parts"), [(1, [4, 1, 10]), (2, [1] * FRAMES), (3, [4, 1, 10])])
def test_wanted_frames_get_the_detections_of_their_clips(network, clip_len, dilation, parts):
    frames, wanted = pictures(FRAMES, 0), [frame % 4 != 1 for frame in range(FRAMES)]
    sliding = SlidingDetections(SlidingDetector(network, clip_len), rows, TRANSFORM, dilation)
    clips = ClipDetector(network, rows, TRANSFORM, clip_len, dilation)
    assert_same(in_parts(sliding, frames, wanted, parts), clips.add(frames, wanted))


def test_another_source_begins_anew_and_may_have_another_size(network):
    sliding = SlidingDetections(SlidingDetector(network, 4), rows, TRANSFORM, 2)
    sliding.add(pictures(5, 0), [True] * 5)
    sliding.reset()
    other, wanted = pictures(3, 1)[:, :20, :30], [True, False, True]
    assert_same(sliding.add(other, wanted), ClipDetector(network, rows, TRANSFORM, 4, 2).add(other, wanted))


def test_frames_of_which_none_is_wanted_are_remembered(network):
    frames = pictures(6, 0)
    sliding = SlidingDetections(SlidingDetector(network, 4), rows, TRANSFORM)
    assert sliding.add(frames[:5], [False] * 5) == [None] * 5
    expected = ClipDetector(network, rows, TRANSFORM, 4).add(frames, [False] * 5 + [True])
    assert_same(sliding.add(frames[5:], [True]), expected[5:])
