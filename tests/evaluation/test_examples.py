"""The examples in docstrings of these rooms are right."""

import doctest
from importlib import import_module
from pkgutil import iter_modules

import pytest

import yowo.evaluation
import yowo.reports

MODULES = [
    f"{room.__name__}.{module.name}"
    for room in (yowo.evaluation, yowo.reports)
    for module in iter_modules(room.__path__)
]
WITH_EXAMPLE = {
    "yowo.evaluation.ava_ap",
    "yowo.evaluation.average_precision",
    "yowo.evaluation.detection_table",
    "yowo.evaluation.frame_ap",
    "yowo.evaluation.frame_map",
    "yowo.evaluation.pixel_iou",
    "yowo.evaluation.video_ap",
    "yowo.reports.metrics_file",
}


@pytest.mark.parametrize("name", MODULES)
def test_examples_give_what_they_say(name):
    result = doctest.testmod(import_module(name))
    assert result.failed == 0 and (result.attempted > 0 or name not in WITH_EXAMPLE)
