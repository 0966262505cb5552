import copy

import pytest
import torch
from torch import nn

from yowo.errors import ConfigError
from yowo.models.compiling import compile_network


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
@pytest.mark.parametrize("options", [[], ["freeze=[backbone2d]"], ["gradient_checkpointing=true"]])
def test_a_compiled_network_computes_what_the_plain_one_does(options):
    from yowo.config.build import build_detector
    from yowo.config.build_training import build_module
    from yowo.config.compose import compose_config

    overrides = ["dataset=motion", "dataset.image_size=32", "trainer=cpu", "backbone3d=resnet_tiny"]
    config = compose_config("train", [*overrides, "fusion.dropout=0", *options])
    compiled_config = compose_config("train", [*overrides, "fusion.dropout=0", "compile=true", *options])
    torch.manual_seed(0)
    plain = build_detector(config)
    compiled = copy.deepcopy(plain)
    build_module(config, plain)
    build_module(compiled_config, compiled)
    clips = torch.randn(2, 3, 8, 32, 32)
    target = {"boxes": torch.tensor([[0.1, 0.2, 0.7, 0.8]]), "labels": torch.tensor([1])}
    for net in (plain, compiled):
        net.criterion(net(clips), [target] * 2, None)["total"].backward()
    for (name, one), other in zip(plain.named_parameters(), compiled.parameters(), strict=True):
        assert (one.grad is None) == (other.grad is None), name
        if one.grad is not None:
            assert torch.allclose(one.grad, other.grad, rtol=1e-3, atol=1e-4 * float(one.grad.abs().max())), name
    for (name, one), other in zip(plain.named_buffers(), compiled.buffers(), strict=True):
        assert torch.allclose(one.float(), other.float(), rtol=1e-4, atol=1e-5), name
