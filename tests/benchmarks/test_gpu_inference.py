import pytest
import torch

from benchmarks import gpu_inference
from benchmarks.gpu_inference import inference, streaming
from benchmarks.gpu_parts import Setting

SETTING = Setting("cpu", True, 0.0, None)


def test_every_way_has_a_figure_and_one_that_fails_says_why(monkeypatch):
    def ours(setting, model, way, clips):
        if way.precision == "bf16":
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to\nallocate")
        return [0.004 * len(clips)]

    monkeypatch.setattr(gpu_inference, "_ours", ours)
    monkeypatch.setattr(gpu_inference, "_released", lambda *given: [0.012])
    figures = list(inference(SETTING._replace(reference="somewhere"), ("yowo_nano",), compiled=False))
    one = [figure for figure in figures if figure["clips a batch"] == 1]
    assert [(f["code"], f["precision"]) for f in one] == [("released", "fp32"), ("ours", "fp32"), ("ours", "bf16")]
    assert one[0]["times the released fp32"] == 1 and one[1]["times the released fp32"] == 3
    assert one[1]["ms a clip"] == 4 and one[1]["clips/s"] == 250
    assert one[2]["failed"] == "CUDA out of memory. Tried to"


def test_without_the_released_code_there_is_no_ratio(monkeypatch):
    monkeypatch.setattr(gpu_inference, "_ours", lambda *given: [0.004])
    figures = list(inference(SETTING, ("yowo_nano",), compiled=True))
    assert {figure["times the released fp32"] for figure in figures} == {""}
    assert {figure["mode"] for figure in figures} == {"compiled"}


@pytest.mark.long
def test_the_parts_run_with_small_sizes():
    assert all("failed" not in figure for figure in inference(SETTING, ("yowo_tiny",), compiled=False))
    assert [figure["streaming"] for figure in streaming(SETTING, ("yowo_tiny",))] == [
        "clip",
        "clip, CUDA graph",
        "exact",
    ]
