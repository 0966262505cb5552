from torch import nn

from yowo.commands.fitting import network_facts, random_for_good
from yowo.config.build import build_detector
from yowo.config.compose import compose_config


def test_the_log_says_what_is_trained():
    config = compose_config("train", ["model=yowo_tiny", "dataset=motion", "dataset.image_size=[96,128]"])
    facts = network_facts(config, build_detector(config))
    assert facts == "yowo_tiny on motion: 8 classes, clips of 8 frames of 128 x 96 pixels, 8 a batch, 2.0 M parameters"


def test_random_weights_that_would_not_be_trained_are_told_of():
    network = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1))
    assert random_for_good(network, []) == ""
    network[0].requires_grad_(False)
    assert random_for_good(network, ["backbone3d"]).startswith(
        "0.weight to 0.bias: random weights that are not trained"
    )
    assert random_for_good(network, ["backbone2d"]) == random_for_good(network, ["detector"]) == ""
