import pytest
import torch

from yowo.losses import AnchorIoUAssigner, Criterion, GIoULoss, SoftmaxFocalLoss
from yowo.models.fusion import ChannelAttention
from yowo.models.heads import GroupedHead, PerAnchorHead
from yowo.models.postprocess import ConfidenceOrder, PostProcess
from yowo.precision import full_precision, widened

ANCHORS = torch.tensor([[20.3, 31.7], [43.1, 60.9]])
TARGET = {"boxes": torch.tensor([[0.1, 0.2, 0.7, 0.8]]), "labels": torch.tensor([1])}


def half():
    return torch.autocast("cpu", dtype=torch.bfloat16)


@pytest.mark.parametrize("head", [GroupedHead, PerAnchorHead])
def test_boxes_and_scores_are_decoded_in_float32_from_logits_in_half_precision(head):
    net = head(8, 2, 3)
    with half():
        logits = net(torch.randn(2, 8, 3, 3))
        raw = net.split(logits, ANCHORS)
    exact = net.split(logits.float(), ANCHORS)
    assert logits.dtype == torch.bfloat16
    for name in ("boxes", "conf", "cls", "deltas"):
        assert raw[name].dtype == torch.float32 and torch.equal(raw[name], exact[name])


@pytest.mark.parametrize("rule", [PostProcess(3), PostProcess(1), ConfidenceOrder(3)])
def test_detections_under_autocast_are_those_without(rule):
    raw = GroupedHead(8, 2, 3).split(torch.randn(2, 16, 3, 3), ANCHORS)
    with half():
        inside = rule(raw)
    for one, other in zip(inside, rule(raw), strict=True):
        assert all(value.dtype == other[name].dtype and value.equal(other[name]) for name, value in one.items())


def test_autocast_is_off_in_the_criterion_also_for_terms_of_others():
    seen = []

    class Term(SoftmaxFocalLoss):
        def __call__(self, logits, labels):
            seen.append((logits @ logits.T).dtype)
            return super().__call__(logits, labels)

    criterion = Criterion(AnchorIoUAssigner(), GIoULoss(), Term())
    raw = GroupedHead(8, 2, 3).split(torch.randn(1, 16, 3, 3), ANCHORS)
    with half():
        losses = criterion(raw, [TARGET])
    assert seen == [torch.float32]
    assert losses["total"].equal(criterion(raw, [TARGET])["total"])


def test_channel_attention_does_not_round_the_exponents_of_its_softmax():
    attention = ChannelAttention()
    torch.nn.init.ones_(attention.gamma)
    x = (20 * torch.randn(1, 6, 5, 5)).bfloat16()
    with half():
        found = attention(x)
    assert found.dtype == torch.bfloat16
    assert torch.equal(found, attention(x.float()).bfloat16())
    assert attention(x.double()).dtype == torch.float64


def test_without_autocast_nothing_changes():
    double = torch.ones(2, dtype=torch.float64)
    with full_precision(torch.device("cpu")):
        assert widened(double) is double and not torch.is_autocast_enabled("cpu")
