"""Linkers that know when an action happens are better than the protocol's whatever the noise is like."""

import pytest

from tests.tubes.measure_linkers import CLASSES, SHOWN, lengths, made, measure
from yowo.evaluation.video_truth import read_truth
from yowo.tubes.linkers import make_linker

NAMES = dict(zip(SHOWN, range(len(SHOWN)), strict=True))


@pytest.fixture(scope="module")
def annotated(shared):
    path = shared / "data" / "ucf101-24-mini" / "finalAnnots.mat"
    return read_truth(path, CLASSES), lengths(path)


@pytest.mark.long
@pytest.mark.shared
@pytest.mark.parametrize("kind", ["usual", "swinging"])
@pytest.mark.parametrize(("name", "at_half", "strict"), [("trimmed", 56, 27), ("online", 45, 20)])
def test_it_is_better_than_the_protocols_linker_on_other_noise(annotated, kind, name, at_half, strict):
    sets = [made(*annotated, kind, seed=5, per_class=1)]
    scores, plain = measure(make_linker(name), sets), measure(make_linker("yowo"), sets)
    assert scores[NAMES["0.5"]] > max(at_half, plain[NAMES["0.5"]] + 10)
    assert scores[NAMES["0.5:0.95"]] > max(strict, plain[NAMES["0.5:0.95"]] + 5)
