import pytest

from yowo.config.compose import compose_config
from yowo.config.foreign_words import BY_COMMAND, EVERYWHERE, our_word


@pytest.mark.parametrize(
    ("command", "word", "value", "ours"),
    [
        ("train", "lr", "0.1", "optimizer.lr=0.1"),
        ("train", "epochs", "30", "trainer.max_epochs=30"),
        ("train", "batch_size", "4", "dataset.batch_size=4"),
        ("train", "imgsz", "640", "dataset.image_size=640"),
        ("train", "device", "cpu", "trainer.accelerator=cpu"),
        ("train", "device", "cuda:1", "trainer.accelerator=gpu trainer.devices=[1]"),
        ("train", "device", "0,1", "trainer.devices=[0,1]"),
        ("train", "gpus", "2", "trainer.devices=2"),
        ("eval", "conf", "0.1", "dataset.score_threshold=0.1"),
        ("detect", "conf", "0.1", "score_threshold=0.1"),
        ("train", "iou", "0.5", "postprocess.nms_threshold=0.5"),
        ("train", "project", "runs/x", "hydra.run.dir=runs/x"),
        ("train", "pretrained", "a.pt", "weights=a.pt"),
        ("train", "amp", "true", "trainer.precision=16-mixed"),
        ("train", "seed", "1", None),
    ],
)
def test_words_of_other_tools_lead_to_ours(command, word, value, ours):
    assert our_word(command, word, value) == ours


def test_every_key_that_is_pointed_to_exists():
    """Those of training; `checkpoint` and the keys of detection are in other root files."""
    known = {"train": compose_config("train")}
    words = {**EVERYWHERE, **BY_COMMAND["train"]}
    for word, ours in words.items():
        key = ours.key.lstrip("+")
        if ours.words is None and key not in ("checkpoint", "hydra.run.dir", "trainer.max_steps"):
            node = known["train"]
            for part in key.split("."):
                assert part in node, word
                node = node._get_node(part)
