import pytest
import torch

from yowo.training.guarding.nonfinite import NAMED, Found, all_finite, in_words, nonfinite, several

NAN = float("nan")


@pytest.mark.parametrize("value", [NAN, float("inf"), -float("inf")])
def test_one_number_that_is_not_finite_is_seen_anywhere(value):
    tensors = [torch.ones(3), torch.ones(2, 2), torch.tensor(1.0)]
    assert all_finite(tensors)
    for tensor in tensors:
        kept = tensor.view(-1)[-1].clone()
        tensor.view(-1)[-1] = value
        assert not all_finite(tensors)
        tensor.view(-1)[-1] = kept


def test_large_numbers_whose_squares_overflow_are_finite():
    assert all_finite([torch.full((4,), 3e38), torch.zeros(0)])  # and their sum
    assert all_finite([]) and all_finite([torch.zeros(0)])


def test_names_of_values_and_of_gradients():
    good, bad = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    bad.grad = torch.tensor([1.0, NAN])
    assert nonfinite([("good", good), ("bad", bad)]) == []
    assert nonfinite([("good", good), ("bad", bad)], gradient=True) == ["bad"]


def test_every_process_with_a_bad_loss_is_told():
    found = [Found(0, {"box": NAN}, ["a"]), Found(1, {}, ["b"]), Found(2, {"cls": NAN}, ["c"], "2.pt")]
    words = in_words(found, [], "epoch 1, step 2")
    assert words == (
        "the loss of rank 0 is not finite (box nan) in epoch 1, step 2, for a; "
        "the loss of rank 2 is not finite (cls nan) in epoch 1, step 2, for c; the batch is in 2.pt (yowo.replay)"
    )


def test_many_names_are_cut():
    assert several([str(number) for number in range(NAMED + 2)]).endswith("; 7 and 2 more")
