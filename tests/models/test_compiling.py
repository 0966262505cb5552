import copy
from functools import partial

import pytest
import torch
from torch import nn

from yowo.errors import ConfigError
from yowo.models.backbones2d.yolov2 import YOLOv2
from yowo.models.backbones3d.resnet import tiny_resnet3d
from yowo.models.compiling import compile_network
from yowo.models.detector import Detector
from yowo.models.fusion import CFAM
from yowo.models.parts import freeze


def test_a_machine_without_a_compiler_is_told_in_one_line(monkeypatch):
    def broken(function):
        def run(x):
            try:
                raise FileNotFoundError("no g++ here\nsecond line")
            except FileNotFoundError as error:
                raise RuntimeError("backend failed") from error

        return run

    monkeypatch.setattr(torch, "compile", broken)
    with pytest.raises(
        ConfigError, match=r"^compile: this machine cannot .*\(FileNotFoundError: no g\+\+ here\); install"
    ):
        compile_network(nn.Linear(2, 2))


def test_names_and_copies_are_those_of_the_plain_network(monkeypatch):
    """The compiler is replaced by one that counts; a long test runs the real one."""
    compiled = []

    def counting(function, **_):
        def run(*args):
            compiled.append(args)
            return function(*args)

        return run

    monkeypatch.setattr(torch, "compile", counting)
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    names = list(net.state_dict())
    compile_network(net, torch.device("cpu"))
    compiled.clear()
    other = copy.deepcopy(net)
    assert list(net.state_dict()) == names == list(other.state_dict()) and type(net) is nn.Sequential
    net(torch.ones(3, 2))
    assert len(compiled) == 1
    other(torch.ones(3, 2))
    assert len(compiled) == 1  # a copy, as of the moving average, runs as it is


@pytest.mark.long
@pytest.mark.parametrize("option", ["plain", "frozen", "bf16"])
def test_a_compiled_network_computes_what_the_plain_one_does(option, monkeypatch):
    """Traced, split into forward and backward graphs, and run without generated code, which takes many minutes."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))
    torch._dynamo.reset()
    torch.manual_seed(0)
    fusion = partial(CFAM, channels=8, dropout=0.0)
    plain = Detector(YOLOv2(0.02, 8), tiny_resnet3d(4), fusion, 3, [[10.0, 20.0]])
    if option == "frozen":
        freeze(plain, ["backbone2d"])
    compiled = copy.deepcopy(plain)
    compile_network(compiled, torch.device("cpu"))
    clips = torch.randn(2, 3, 8, 32, 64)
    for net in (plain, compiled):
        net.train()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=option == "bf16"):
            raw = net(clips)
        sum(raw[name].square().mean() for name in ("boxes", "conf", "cls")).backward()
    for (name, one), other in zip(plain.named_parameters(), compiled.named_parameters(), strict=True):
        assert other[0] == name and (one.grad is None) == (other[1].grad is None)
        if one.grad is not None and option != "bf16":
            assert torch.allclose(one.grad, other[1].grad, rtol=1e-3, atol=1e-4 * float(one.grad.abs().max())), name
    for (name, one), other in zip(plain.named_buffers(), compiled.buffers(), strict=True):
        assert torch.allclose(one.float(), other.float(), rtol=1e-3, atol=1e-2 if option == "bf16" else 1e-5), name
