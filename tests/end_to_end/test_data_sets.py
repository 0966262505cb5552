"""AVA and JHMDB-21 as a user trains on them, from tiny files in their layouts."""

import json
from fractions import Fraction

import pytest

from tests.datasets.test_ava import annotate, write_film
from tests.datasets.test_jhmdb21 import owners
from tests.end_to_end.running import forked
from yowo.datasets.class_lists import class_list
from yowo.evaluation.ava_ap import RULES
from yowo.evaluation.ava_protocol import score_ava
from yowo.evaluation.video_ap import STRICT_NAME, VIDEO_THRESHOLDS
from yowo.weights.reading import read_checkpoint

SMALL = [
    "model=yowo_tiny", "dataset.image_size=64", "dataset.clip_len=8", "dataset.batch_size=2", "dataset.num_workers=0",
    "trainer=cpu", "trainer.max_epochs=1", "trainer.limit_train_batches=2", "logger=none", "hydra.run.dir=run",
]  # fmt: skip
TRAIN = """\
a,0902,0.1,0.2,0.5,0.6,4,0
a,0902,0.6,0.2,0.9,0.6,1,1
a,0903,0.1,0.2,0.5,0.6,11,0
a,0905,0.1,0.2,0.5,0.6,80,0
"""
VAL = "c,0902,0.1,0.2,0.5,0.6,4,0\nc,0904,0.1,0.2,0.5,0.6,11,0\nc,0905,0.2,0.2,0.8,0.8,12,0\n"


def left_behind(folder):
    """The metrics of a run, and the configuration of its best checkpoint; the usual files are there."""
    run = folder / "run"
    assert {path.name for path in run.iterdir()} >= {
        "best.ckpt",
        "last.ckpt",
        "config.yaml",
        "run.json",
        "metrics.json",
    }
    best, last = (read_checkpoint(run / f"{name}.ckpt") for name in ("best", "last"))
    assert best["global_step"] == last["global_step"] >= 1
    return json.loads((run / "metrics.json").read_text()), best["yowo"]["config"]


@pytest.fixture(scope="module")
def ava(tmp_path_factory):
    """A user's folder with a little AVA and a training on it."""
    folder = tmp_path_factory.mktemp("ava")
    for name, rate in (("a", Fraction(25)), ("c", Fraction(30))):
        write_film(folder / "data" / "videos" / f"{name}.mp4", rate, 160)
    annotate(folder / "data", TRAIN, VAL)
    forked("train", "dataset=ava", "dataset.root=data", "dataset.score_threshold=0.0", *SMALL, folder=folder)
    return folder


def test_ava_leaves_checkpoints_and_its_map_by_all_four_rules(ava):
    metrics, config = left_behind(ava)
    assert metrics["protocol"] == "ava" and metrics["num_key_frames"] == 3
    assert set(metrics["ava_map"]) == set(RULES) and all(0 <= value <= 1 for value in metrics["ava_map"].values())
    by_class = metrics["ava_ap"]["official"]
    assert len(by_class) == 60 and sum(value is not None for value in by_class.values()) == 3
    assert metrics["ava_map"]["official"] == pytest.approx(sum(v for v in by_class.values() if v is not None) / 3)
    assert config["dataset"]["name"] == "ava" and config["dataset"]["exclusive_classes"] == 14


def test_the_detections_that_an_evaluation_on_ava_writes_score_the_same(ava):
    forked("eval", "checkpoint=run/best.ckpt", "hydra.run.dir=again", "trainer=cpu", folder=ava)
    metrics = json.loads((ava / "again" / "metrics.json").read_text())
    assert metrics["ava_map"] == left_behind(ava)[0]["ava_map"]
    truth = ava / "data" / "annotations" / "ava_val_v2.2.csv"
    scores, *_ = score_ava(ava / "again" / "detections.csv", truth)
    assert (ava / "again" / "detections.csv").stat().st_size > 1000
    assert {rule: score.map for rule, score in scores.items()} == pytest.approx(metrics["ava_map"], abs=1e-4)


def test_jhmdb_21_leaves_checkpoints_and_both_kinds_of_figures(tmp_path):
    owners(tmp_path / "data")
    for label in class_list("jhmdb21"):
        (tmp_path / "data" / "splits" / f"{label}_test_split1.txt").touch()
    forked("train", "dataset=jhmdb21", "dataset.root=data", *SMALL, folder=tmp_path)
    metrics, config = left_behind(tmp_path)
    assert metrics["protocol"] == "jhmdb21" and metrics["linker"] == "yowo" and metrics["num_key_frames"] == 10
    assert 0 <= metrics["frame_map"]["0.5"] <= 1 and len(metrics["frame_ap"]["0.5"]) == 21
    known = {name for name, value in metrics["frame_ap"]["0.5"].items() if value is not None}
    assert known == {"catch", "clap"}
    assert set(metrics["video_map"]) == {f"{t:g}" for t in VIDEO_THRESHOLDS} | {STRICT_NAME}
    assert all(0 <= value <= 1 for value in metrics["video_map"].values()) and len(metrics["video_ap"]["0.5"]) == 21
    assert config["dataset"]["name"] == "jhmdb21" and config["dataset"]["exclusive_classes"] == 21
