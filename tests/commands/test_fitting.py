from yowo.commands.fitting import network_facts
from yowo.config.build import build_detector
from yowo.config.compose import compose_config


def test_the_log_says_what_is_trained():
    config = compose_config("train", ["model=yowo_tiny", "dataset=motion", "dataset.image_size=[96,128]"])
    facts = network_facts(config, build_detector(config))
    assert facts == "yowo_tiny on motion: 8 classes, clips of 8 frames of 128 x 96 pixels, 8 a batch, 2.0 M parameters"
