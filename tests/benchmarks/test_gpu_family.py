import torch
from torch import nn

from benchmarks import gpu_family
from benchmarks.gpu_family import FrameStep, family
from benchmarks.gpu_parts import Setting
from yowo.models.conv_lstm import ConvLSTM
from yowo.models.yowof import YOWOF

SETTING = Setting("cpu", True, 0.0, None)


def small_yowof():
    torch.manual_seed(0)
    backbone = nn.Sequential(nn.Conv2d(3, 6, 32, 32))
    backbone.out_channels, backbone.stride = 6, 32
    return YOWOF(backbone, lambda inputs: ConvLSTM(inputs, 8), 4, [[16, 16]], tower_depth=1).eval()


def test_frame_by_frame_with_the_state_kept_is_the_clip():
    net = small_yowof()
    clip = torch.rand(1, 3, 3, 64, 64)
    step = FrameStep(net, 64)
    with torch.inference_mode():
        for place in range(3):
            raw = step(clip[:, :, place])
        whole = net(clip)
    torch.testing.assert_close(raw["cls"], whole["cls"])
    torch.testing.assert_close(raw["boxes"], whole["boxes"])


def test_yowof_takes_frames_and_what_fails_says_why(monkeypatch):
    def network(setting, model, *options):
        if model == "yowof_r18":
            return None, small_yowof()
        net = nn.Module()
        net.forward, net.postprocess = fails, small_yowof().postprocess
        return None, net

    def fails(clips):
        raise RuntimeError(f"no graph for {list(clips.shape)}\nand more")

    monkeypatch.setattr(gpu_family, "network", network)
    figures = list(family(SETTING, ("yowof_r18", "yowo_nano")))
    assert [(one["model"], one["input"], one["precision"]) for one in figures] == [
        ("yowof_r18", "frame", "fp32"),
        ("yowof_r18", "frame", "bf16"),
        ("yowo_nano", "clip", "fp32"),
        ("yowo_nano", "clip", "bf16"),
    ]
    assert all(one["ms a clip"] > 0 for one in figures[:2])
    assert {one["failed"] for one in figures[2:]} == {"no graph for [1, 3, 8, 64, 64]"}
