import pytest
import torch

from tests.yowof_cases import small_yowof
from yowo.errors import ConfigError
from yowo.models.yowof import LARGEST_GROWTH, folded_logits, shifted_boxes


def clips(frames=5, height=64, width=96):
    return torch.randn(2, 3, frames, height, width, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("frames", "height", "width"), [(8, 64, 96), (3, 32, 32)])
def test_any_size_and_length_gives_a_prediction_for_each_cell_and_anchor(frames, height, width):
    raw = small_yowof()(clips(frames, height, width))
    count = height // 32 * (width // 32) * 3
    assert raw["cls"].shape == (2, count, 3) and raw["boxes"].shape == (2, count, 4) and "conf" not in raw
    assert raw["points"][0].tolist() == [16, 16] and raw["anchors"][:3, 2].tolist() == [16, 32, 64]


def test_predictions_are_ordered_by_row_column_and_anchor():
    net = small_yowof()
    act, cls, reg = torch.zeros(1, 3, 2, 3), torch.zeros(1, 9, 2, 3), torch.zeros(1, 12, 2, 3)
    act[0, 1, 1, 2] = 5.0
    cls[0, 3 + 2, 1, 2] = 4.0
    reg[0, 4 + 0, 1, 2] = 0.25
    net.head.forward = lambda hidden: (act, cls, reg)
    raw = net.predict(torch.zeros(1), (64, 96))
    place = (1 * 3 + 2) * 3 + 1
    assert raw["cls"].flatten().argmax() == place * 3 + 2
    assert raw["boxes"][0, place].tolist() == [80 + 8 - 16, 48 - 16, 80 + 8 + 16, 48 + 16]


def test_outputs_of_a_clip_depend_on_all_frames_and_their_order():
    net, given = small_yowof(), clips()
    whole = net(given)["cls"]
    first = given.clone()
    first[:, :, 0] = 0
    for other in (given.flip(2), first):
        assert (net(other)["cls"] - whole).abs().max() > 1e-4


def test_a_carried_state_gives_the_output_of_the_longer_clip():
    net, given = small_yowof(), clips(6)
    state = net.watch(given[:, :, :4])
    for place in (4, 5):
        state = net.advance(given[:, :, place], state)
    torch.testing.assert_close(net.predict(state.hidden, (64, 96))["cls"], net(given)["cls"])


def test_channels_last_changes_no_number():
    given = clips()
    usual, last = small_yowof(), small_yowof(channels_last=True)
    last.load_state_dict(usual.state_dict())
    assert last.fusion.conv.weight.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(last(given)["cls"], usual(given)["cls"], rtol=1e-4, atol=1e-5)
    frames, state = given[:, :, 0], usual.watch(given)
    torch.testing.assert_close(last.advance(frames, state), usual.advance(frames, state), rtol=1e-4, atol=1e-5)


def test_the_box_tower_predicts_action():
    net, feature = small_yowof(), torch.randn(1, 4, 2, 3)
    act, cls, _ = net.head(feature)
    torch.nn.init.zeros_(net.head.reg_feats[0].convs[0].weight)
    other, same, _ = net.head(feature)
    assert torch.equal(cls, same) and not torch.allclose(act, other)


def test_a_folded_logit_is_the_product_of_two_probabilities_and_stays_finite():
    cls, act = torch.tensor([[-2.0, 0.5, 9.0]]), torch.tensor([[1.5]])
    torch.testing.assert_close(folded_logits(cls, act).sigmoid(), cls.sigmoid() * act.sigmoid())
    far = folded_logits(torch.tensor([[200.0, -200.0]]), torch.tensor([[200.0]]))
    assert torch.isfinite(far).all() and far[0, 0] > 300


def test_boxes_move_by_a_cell_at_most_and_grow_by_a_limit():
    boxes = shifted_boxes(
        torch.tensor([[10.0, -10.0, 0.0, 9.0]]), torch.tensor([[64.0, 16.0]]), torch.tensor([[50.0, 60.0]])
    )
    x1, y1, x2, y2 = boxes[0].tolist()
    assert ((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1) == pytest.approx((82, 28, 64))
    assert y2 - y1 == pytest.approx(16 * torch.tensor(LARGEST_GROWTH).exp().item())


def test_gradients_reach_the_first_frame():
    net, given = small_yowof(), clips().requires_grad_()
    net(given)["cls"].sum().backward()
    assert given.grad[:, :, 0].abs().max() > 0


def test_a_feature_of_other_clips_is_refused():
    with pytest.raises(ConfigError, match="context=lfb needs a network with a 3D backbone, and YOWOF has none"):
        small_yowof()(clips(), torch.zeros(2, 4, 2, 3))


def test_sides_that_are_no_multiples_are_refused():
    with pytest.raises(ConfigError, match="divisible by 32"):
        small_yowof()(clips(3, 50, 64))
