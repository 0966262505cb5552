import pytest

from tests.exported_cases import facts
from yowo.errors import WeightsError
from yowo.inference.exported import opening
from yowo.inference.exported.facts import EXACT
from yowo.inference.exported.network import ExportedNetwork
from yowo.inference.exported.opening import open_exported
from yowo.inference.exported.sliding import ExportedSliding


def test_the_facts_decide_what_a_file_is_opened_as(monkeypatch):
    asked = []
    monkeypatch.setattr(opening, "open_runtime", lambda path, outputs: asked.append((path.name, outputs)))
    states = {"past": [["sum_0_0", 1]], "kept": ["sum_0_0"], "sizes": {"sum_0_0": [2, 2]}, "settled_after": 3}
    raw = ["cls", "conf", "boxes", "deltas"]
    assert type(open_exported("a.onnx", facts())) is ExportedNetwork
    assert type(open_exported("b.xml", facts(streaming=EXACT, states=states))) is ExportedSliding
    assert asked == [("a.onnx", raw), ("b.xml", [*raw, "kept_sum_0_0"])]


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(WeightsError, match=r"gone\.onnx: there is no such file"):
        open_exported(tmp_path / "gone.onnx")
