import numpy as np
import pytest
import torch

from yowo.contracts import Tube
from yowo.data.key_frames import AnnotatedVideo, KeyFrames
from yowo.errors import ConfigError
from yowo.evaluation.detection_table import DetectionTable
from yowo.evaluation.split_index import SplitIndex
from yowo.evaluation.video_map import VideoMAP
from yowo.evaluation.video_protocol import score_table
from yowo.tubes.linking import YowoLinker

CLASSES = ("run", "jump", "never")
SIZE = (64, 48)


def split_and_detections(seed=0):
    """A split of five videos of different lengths, and detections of each of its frames."""
    random = np.random.default_rng(seed)
    videos = []
    for number in range(5):
        frames = int(random.integers(6, 15))
        tubes = []
        for _ in range(int(random.integers(0, 3))):
            start, length = int(random.integers(0, 3)), int(random.integers(2, frames - 2))
            corner = random.integers(0, 20, 2)
            box = np.array([*corner, *(corner + 20)]) / (SIZE * 2)
            tubes.append(Tube(int(random.integers(0, 2)), start, np.tile(box, (length, 1)).astype(np.float32)))
        videos.append(AnnotatedVideo(f"v{4 - number}", "", frames, SIZE, tuple(tubes)))
    keys = KeyFrames.every_frame(videos)
    split = SplitIndex(tuple(videos), keys.video, keys.frame)
    found = []
    for index in range(len(keys)):
        boxes = np.concatenate([keys[index].boxes_norm, [[0.1, 0.2, 0.5, 0.6]]])
        boxes = torch.tensor(boxes + random.normal(0, 0.01, boxes.shape), dtype=torch.float32)
        labels = torch.tensor([*keys[index].labels.tolist(), int(random.integers(0, 3))])
        found.append({"boxes": boxes, "scores": torch.tensor(random.random(len(boxes))), "labels": labels})
    targets = [
        {"boxes": torch.tensor(np.array(key.boxes_norm)), "labels": torch.tensor(np.array(key.labels))} for key in keys
    ]
    return split, found, targets


def metric_on(split, found, targets, order=None, **options):
    metric = VideoMAP(CLASSES, YowoLinker(), one_class_a_video=False, **options)
    metric.attach(split)
    order = list(range(len(found))) if order is None else order
    for start in range(0, len(order), 4):
        part = order[start : start + 4]
        metric.update(part, [found[i] for i in part], [targets[i] for i in part], [SIZE] * len(part))
    return metric


def test_it_gives_what_scoring_its_table_gives():
    split, found, targets = split_and_detections()
    metric = metric_on(split, found, targets)
    result = metric.compute()
    table = metric.scores.table
    assert table.videos == ("v0", "v1", "v2", "v3", "v4") and len(table.video) == sum(len(f["labels"]) for f in found)
    expected = score_table(table, split.truth(), CLASSES, YowoLinker(), one_class_a_video=False).metrics()
    assert {name.removeprefix("video_map/"): float(value) for name, value in result.items()} == expected["video_map"]
    report = metric.report()
    assert report["video_ap"] == expected["video_ap"] and report["linker"] == "yowo"
    assert 0 < report["video_map"]["0.2"] < 1
    assert report["frame_map_by_frames"] == expected["frame_map_by_frames"] and "frame_map" not in report


def test_detections_are_saved_and_the_worst_videos_offered(tmp_path):
    metric = metric_on(*split_and_detections())
    saved = DetectionTable.load(metric.save_detections(tmp_path), len(CLASSES))
    assert saved.videos == metric.scores.table.videos and saved.score.tolist() == metric.scores.table.score.tolist()
    details = metric.details()
    assert details.worst_videos and details.errors is None and details.about.startswith("5 videos, ")


def test_order_and_repeats_do_not_matter():
    split, found, targets = split_and_detections(1)
    straight = metric_on(split, found, targets).compute()
    order = [*np.random.default_rng(0).permutation(len(found)).tolist(), 0, 3, 3]
    assert metric_on(split, found, targets, order).compute() == straight


def test_it_needs_its_split():
    with pytest.raises(ConfigError, match=r"VideoMAP: attach the split"):
        VideoMAP(CLASSES, YowoLinker()).compute()
