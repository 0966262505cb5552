import pytest
import torch

from tests.foreign_weights import names_of, small_resnext, small_yowo, small_yowo_plus
from yowo.weights.loading import open_weights
from yowo.weights.recognise import likely_setup, num_classes


@pytest.mark.parametrize(
    ("case", "expected"),
    [("yowo_plus_ucf24", ("yowo_plus", "ucf24")), ("yowo_nano_ucf24", ("yowo_nano", "ucf24")), ("yowo_ucf24", ("yowo", "ucf24")), ("yowo_plus_ava", ("yowo_plus", "ava"))],
)  # fmt: skip
def test_released_files_tell_their_network_and_data_set(case, expected):
    state = {name: torch.empty(32) for name in names_of(case).values()}
    head = "conv_final.weight" if case == "yowo_ucf24" else "pred.weight"
    state[head] = torch.empty(5 * (5 + (80 if "ava" in case else 24)), 4, 1, 1)
    assert likely_setup(open_weights({"model": state})) == expected


def test_our_texts_in_a_safetensors_file_are_believed():
    content = {"state_dict": small_yowo_plus().state_dict(), "metadata": {"model": "m", "dataset": "d"}}
    assert likely_setup(open_weights(content)) == ("m", "d")


def test_what_cannot_be_told_is_none():
    assert likely_setup(open_weights(small_yowo_plus(num_classes=3).state_dict())) == ("yowo_tiny", None)
    assert likely_setup(open_weights(small_resnext().state_dict())) == (None, None)
    assert likely_setup(open_weights({"a": torch.ones(1)})) == (None, None)


def test_classes_are_counted_in_both_orders_of_channels():
    assert num_classes(open_weights(small_yowo_plus(num_classes=21).state_dict())) == 21
    assert num_classes(open_weights(small_yowo().state_dict())) == 24
