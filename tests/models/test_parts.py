import copy

import pytest
import torch
from torch import nn

from yowo.errors import ConfigError
from yowo.models.parts import find_parts, freeze


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.back = nn.ModuleDict(
            {name: nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3)) for name in ("a1", "a2", "b")}
        )
        self.relu = nn.ReLU()
        self.head = nn.Linear(3, 2)

    def forward(self, x):
        for part in self.back.values():
            x = part(x)
        return self.head(self.relu(x))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("back", ["back"]), ("back.a?", ["back.a1", "back.a2"]), ("*.b.1", ["back.b.1"]), ("he*", ["head"])],
)
def test_a_name_or_pattern_stands_for_parts_with_weights(name, expected):
    assert find_parts(Net(), name, "freeze") == expected


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("backbone", "freeze: the network has no part 'backbone'; expected one of back, head"),
        ("back.c", "no part 'back.c'; expected one of back.a1, back.a2, back.b"),
        ("head.weight", "no part 'head.weight'; nothing with weights is inside head"),
        ("relu", "no part 'relu'"),
    ],
)
def test_an_unknown_name_is_told_with_the_known_ones(name, known):
    with pytest.raises(ConfigError, match=known.replace("?", r"\?")):
        freeze(Net(), [name])


def test_a_network_without_anything_to_train_is_an_error():
    with pytest.raises(ConfigError, match="freeze: back, head is the whole network"):
        freeze(Net(), ["back", "head"])


@pytest.mark.parametrize("copied", [False, True])
def test_frozen_parts_keep_weights_and_statistics_whatever_calls_train(copied):
    net = Net()
    freeze(net, ["back.a1", "back.b.1"])
    net = copy.deepcopy(net) if copied else net
    before = copy.deepcopy(net.state_dict())
    net.eval()
    net.train()
    assert net.training and net.back["b"].training and not net.back["b"][1].training and not net.back["a1"].training
    optimizer = torch.optim.AdamW([p for p in net.parameters() if p.requires_grad], weight_decay=0.5)
    net(torch.randn(8, 3)).sum().backward()
    optimizer.step()
    changed = {name for name, value in net.state_dict().items() if not value.equal(before[name])}
    assert not {name for name in changed if name.startswith(("back.a1.", "back.b.1."))}
    assert {"back.a2.0.weight", "back.a2.1.running_mean", "back.b.0.weight", "head.bias"} <= changed


def test_a_copy_has_its_own_frozen_parts():
    net = Net()
    freeze(net, ["back"])
    other = copy.deepcopy(net)
    other.back.training = net.back.training = True
    other.train()
    assert net.back.training and not other.back.training
