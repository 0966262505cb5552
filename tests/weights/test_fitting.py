import torch
from torch import nn

from tests.foreign_weights import small_yowo_plus
from yowo.weights.fitting import fit_entries, fresh_head


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(2)
        self.last = nn.Linear(2, 3)


def test_entries_are_sorted_by_what_the_network_can_take():
    state = Net().state_dict()
    del state["norm.num_batches_tracked"], state["norm.weight"]
    state |= {"last.bias": torch.ones(9), "last.extra": torch.ones(1), "fc.weight": torch.ones(1)}
    state["norm.bias"] = torch.full((2,), float("nan"))
    fit = fit_entries(Net(), state)
    assert list(fit.taken) == ["norm.running_mean", "norm.running_var", "last.weight"]
    assert fit.missing == ["norm.weight"]
    assert fit.other_shape == {"last.bias": "file [9], network [3]"}
    assert (fit.no_part, fit.too_many) == (["fc.weight"], ["last.extra"])
    assert fit.unusable == [
        "norm.bias has NaN or infinite values: the training that wrote it diverged; use an earlier checkpoint"
    ]


def test_a_fresh_head_has_the_networks_own_shape_and_prior():
    head = fresh_head(small_yowo_plus(num_classes=3))
    assert head["head.weight"].shape == (5 * 8, 16, 1, 1)
    assert (head["head.bias"][:20] < -4).all()
    assert fresh_head(Net()) == {}
