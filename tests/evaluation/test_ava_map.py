import numpy as np
import pytest
import torch

from yowo.data.key_frames import AnnotatedVideo
from yowo.errors import ConfigError, YowoError
from yowo.evaluation.ava_files import write_ava_csv
from yowo.evaluation.ava_map import AvaMAP
from yowo.evaluation.ava_protocol import score_ava
from yowo.evaluation.split_index import SplitIndex

CLASSES = ("bend", "crawl", "crouch", "dance")
SIZE = (640, 480)


def split_and_detections(seed=0, videos=3, seconds=8):
    random = np.random.default_rng(seed)
    split = SplitIndex(
        tuple(AnnotatedVideo(f"v{number}", "", 900, SIZE, ()) for number in range(videos)),
        np.repeat(np.arange(videos), seconds),
        np.tile(np.arange(seconds), videos),
        np.tile(np.arange(900.0, 900.0 + seconds), videos),
    )
    found, targets = [], []
    for _ in range(videos * seconds):
        corner = random.uniform(0, 0.4, (2, 2))
        people = np.concatenate([corner, corner + random.uniform(0.3, 0.5, (2, 2))], axis=1)
        near = np.repeat(people, 2, axis=0) + random.normal(0, 0.04, (4, 4))
        targets.append(
            {
                "boxes": torch.tensor(people, dtype=torch.float32),
                "labels": torch.tensor(random.integers(0, 2, (2, 4))).float(),
            }
        )
        found.append({"boxes": torch.tensor(near, dtype=torch.float32), "scores": torch.tensor(random.random((4, 4)))})
    return split, found, targets


def metric_on(split, found, targets, order=None):
    metric = AvaMAP(CLASSES, evaluated=(1, 3, 4))
    metric.attach(split)
    order = list(range(len(found))) if order is None else order
    for start in range(0, len(order), 5):
        part = order[start : start + 5]
        metric.update(part, [found[i] for i in part], [targets[i] for i in part], [SIZE] * len(part))
    return metric


def test_it_gives_what_the_files_give(tmp_path):
    metric = metric_on(*split_and_detections())
    result = metric.compute()
    truth, _ = metric._rows()
    saved = metric.save_detections(tmp_path)
    write_ava_csv(tmp_path / "gt.csv", truth)
    (tmp_path / "labels.txt").write_text("bend\ncrawl\ncrouch\ndance\n")
    (tmp_path / "some.pbtxt").write_text("".join(f'item {{ name: "{CLASSES[i - 1]}" id: {i} }}\n' for i in (1, 3, 4)))
    scores, *_ = score_ava(saved, tmp_path / "gt.csv", labels=tmp_path / "some.pbtxt")
    for rule, score in scores.items():
        assert float(result[f"ava_map/{rule}"]) == pytest.approx(score.map, abs=1e-3)
    report = metric.report()
    assert list(report["ava_ap"]["official"]) == ["bend", "crouch", "dance"]
    assert metric.per_class()["released"] == report["ava_ap"]["released"]
    assert 0.1 < report["ava_map"]["official"] < 1


def test_order_and_repeats_do_not_matter():
    case = split_and_detections(1)
    order = [*np.random.default_rng(0).permutation(len(case[1])).tolist(), 0, 3, 3]
    assert metric_on(*case, order).compute() == metric_on(*case).compute()


def test_wrong_scores_are_named():
    metric = AvaMAP(CLASSES)
    target = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, 4)}
    with pytest.raises(YowoError, match=r"key frame 3: expected scores of shape \[1, 4\], got \[1, 3\]"):
        metric.update([3], [{"boxes": torch.zeros(1, 4), "scores": torch.zeros(1, 3)}], [target], [SIZE])
    with pytest.raises(YowoError, match=r"key frame 3: a detection has a NaN"):
        metric.update([3], [{"boxes": torch.zeros(1, 4), "scores": torch.full((1, 4), torch.nan)}], [target], [SIZE])
    with pytest.raises(ConfigError, match=r"attach a split with timestamps"):
        metric.compute()
    with pytest.raises(ConfigError, match=r"evaluated: expected action ids of 1 to 4, got \[5\]"):
        AvaMAP(CLASSES, evaluated=[5])
