"""What every detector on frames promises: `add` and `reset`, whichever computes."""

import inspect

import pytest

from yowo.inference.clip_detector import ClipDetector
from yowo.inference.exported.sliding import ExportedSlidingDetections
from yowo.inference.frame_detector import FrameDetector
from yowo.inference.sliding_detections import SlidingDetections


@pytest.mark.parametrize("kind", [ClipDetector, SlidingDetections, ExportedSlidingDetections])
@pytest.mark.parametrize("method", ["add", "reset"])
def test_each_kind_takes_the_arguments_of_the_protocol(kind, method):
    promised = inspect.signature(getattr(FrameDetector, method)).parameters
    assert list(inspect.signature(getattr(kind, method)).parameters) == list(promised)
