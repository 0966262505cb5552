"""Mistakes that people make in command lines: a change takes the words of a line and returns them with a mistake."""

import random
import string
from collections.abc import Callable

Words = list[str]
Change = Callable[[random.Random, Words], Words]
VALUES = (
    "", "null", "NULL", "true", "0", "-1", "1e99", "99999999999999999999", "nan", "inf", "-0.5", "1.5", "abc", "é", "视频",
    "[1,2]", "[]", "[[1,2],[3]]", "{a:1}", "{}", "${seed}", "${nothing}", "${oc.env:NOT_SET_ANYWHERE}", "${", "'", '"', "a b",
    "a,b", "1,2", "(1)", "choice(1,2)", "range(3)", "interval(0,1)", "glob(*)", "none.mp4", "/", ".", "project", "best.ckpt",
    "boxes.csv", "no/such/file", "~/nothing", "~", "\\", "a=b", "#", "&", "???", "yes", "cpu", "yowo", "0x10", "1_000", "*",
    "a" * 300, "\u0301", "[null]", "{a:[1]}", "file://x", "http://x/y?z=1", "%s", "{0}", "-", "--", "=", "\t",
)  # fmt: skip
"""Values of the wrong kind, of the wrong size, or in signs that mean something to Hydra or a shell."""
FOREIGN = (
    "lr=0.1", "epochs=3", "imgsz=640", "device=0", "device=mps", "conf=0.3", "iou=0.5", "data=coco.yaml", "batch=8", "gpus=2",
    "--lr", "--batch-size=4", "--epochs", "--device", "-b", "--weights", "--source", "--help-me", "-m", "--multirun", "--cfg",
    "--info", "model=best.pt", "dataset=/data", "logger=null", "callbacks=null", "experiment=null", "trainer=null",
    "optimizer=null", "hydra/launcher=joblib", "hydra/sweeper=optuna", "hydra.mode=MULTIRUN", "hydra.run.dir=null", "~seed",
    "~trainer", "+seed=1", "++seed=x", "+new.key=1", "@x=1", "model@y=yowo", "hydra.searchpath=[file://none]", "--config-dir",
    "--config-name=none", "--config-path=none", "--resolve", "trainer.devices=0", "trainer.limit_train_batches=0", "seed=-1",
    "dataset.classes=[]", "dataset.classes=3", "dataset.anchors=null", "dataset.source=null", "model=null", "metric=null",
    "dataset.root=null", "dataset=null", "hydra.job.name=null", "hydra=null", "weights=null", "weights=[a,b]", "dataset.mean=0",
)  # fmt: skip
"""Words of other tools, flags, and groups set to nothing."""


def _place(rng: random.Random, words: Words) -> int:
    """A word after the verb, if there is one."""
    return rng.randrange(1, len(words)) if len(words) > 1 else 0


def drop_character(rng: random.Random, words: Words) -> Words:
    place = _place(rng, words)
    word = words[place]
    at = rng.randrange(len(word)) if word else 0
    return [*words[:place], word[:at] + word[at + 1 :], *words[place + 1 :]]


def double_character(rng: random.Random, words: Words) -> Words:
    place = _place(rng, words)
    word = words[place]
    at = rng.randrange(len(word)) if word else 0
    return [*words[:place], word[:at] + word[at : at + 1] + word[at:], *words[place + 1 :]]


def swap_characters(rng: random.Random, words: Words) -> Words:
    place = _place(rng, words)
    word = words[place]
    at = rng.randrange(max(1, len(word) - 1))
    return [*words[:place], word[:at] + word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :], *words[place + 1 :]]


def wrong_character(rng: random.Random, words: Words) -> Words:
    place = _place(rng, words)
    word = words[place]
    at = rng.randrange(len(word)) if word else 0
    sign = rng.choice(string.printable + "éи视\u0301")
    return [*words[:place], word[:at] + sign + word[at + 1 :], *words[place + 1 :]]


def drop_word(rng: random.Random, words: Words) -> Words:
    place = _place(rng, words)
    return words[:place] + words[place + 1 :]


def double_word(rng: random.Random, words: Words) -> Words:
    place = _place(rng, words)
    return [*words[: place + 1], *words[place:]]


def swap_words(rng: random.Random, words: Words) -> Words:
    one, other = _place(rng, words), _place(rng, words)
    swapped = list(words)
    swapped[one], swapped[other] = words[other], words[one]
    return swapped


def wrong_value(rng: random.Random, words: Words) -> Words:
    place, value = _place(rng, words), rng.choice(VALUES)
    key, sign, _ = words[place].partition("=")
    return [*words[:place], f"{key}={value}" if sign else value, *words[place + 1 :]]


def value_of_another(rng: random.Random, words: Words) -> Words:
    one, other = _place(rng, words), _place(rng, words)
    key, sign, _ = words[one].partition("=")
    return [*words[:one], f"{key}{sign}{words[other].partition('=')[2]}", *words[one + 1 :]]


def foreign_word(rng: random.Random, words: Words) -> Words:
    place = rng.randrange(1, len(words) + 1)
    return [*words[:place], rng.choice(FOREIGN), *words[place:]]


def as_a_flag(rng: random.Random, words: Words) -> Words:
    place = _place(rng, words)
    return [
        *words[:place],
        *f"--{words[place].lstrip('-')}".split("=" if rng.random() < 0.5 else "\0"),
        *words[place + 1 :],
    ]


def any_key(rng: random.Random, words: Words, keys: Words) -> Words:
    return [*words, f"{rng.choice(keys)}={rng.choice(VALUES)}"]


CHANGES: tuple[Change, ...] = (
    drop_character, double_character, swap_characters, wrong_character, drop_word, double_word, swap_words, wrong_value,
    wrong_value, value_of_another, foreign_word, foreign_word, as_a_flag,
)  # fmt: skip
"""Those that are more common stand twice."""


def mistakes(lines: tuple[str, ...], keys: Words, count: int, seed: int) -> list[Words]:
    """Lines with one or two mistakes each.

    Args:
        lines: Lines that work.
        keys: All keys of the configuration of `yowo train`; a line with overrides may get one of them with a wrong value.
        count: Number of lines to return.
        seed: The same seed gives the same lines.
    """
    rng, made = random.Random(seed), []
    while len(made) < count:
        words = rng.choice(lines).split()
        for _ in range(rng.choice((1, 1, 1, 2))):
            if words and words[0] in ("train", "eval", "detect", "demo", "info") and rng.random() < 0.3:
                words = any_key(rng, words, keys)
            elif words:
                words = rng.choice(CHANGES)(rng, words)
        made.append([word.replace("\0", "") for word in words])
    return made
