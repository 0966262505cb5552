from dataclasses import replace

import numpy as np
import pytest
import torch

import yowo
from tests.inference.outputs.made_frames import facts, names, tracked, written
from tests.make_data import write_annotation
from yowo.contracts import Tube
from yowo.data.key_frames import AnnotatedVideo, KeyFrames
from yowo.datasets.class_lists import class_names
from yowo.evaluation.detection_table import COLUMNS, DetectionTable
from yowo.evaluation.split_index import SplitIndex
from yowo.evaluation.video_map import VideoMAP
from yowo.evaluation.video_truth import read_truth
from yowo.inference.outputs.npz_output import NpzOutput
from yowo.tubes.linking import YowoLinker


def found_on(frames, multi_hot, seed=0):
    """Detections of each frame, some frames without any."""
    random = np.random.default_rng(seed)
    for frame in range(frames):
        count = int(random.integers(0, 5)) if frame != 3 else 0
        corner = random.random((count, 2)) / 2
        boxes = torch.tensor(np.concatenate([corner, corner + random.random((count, 2)) / 2], axis=1)).float()
        if multi_hot:
            confidence = torch.tensor(random.random(count)).float()
            yield {"boxes": boxes, "scores": torch.tensor(random.random((count, 3))).float(), "confidence": confidence}
        else:
            labels = torch.tensor(random.integers(0, 3, count))
            yield {"boxes": boxes, "scores": torch.tensor(random.random(count)).float(), "labels": labels}


@pytest.mark.parametrize("multi_hot", [False, True])
def test_it_holds_what_eval_stores_for_the_video(tmp_path, multi_hot):
    found = list(found_on(12, multi_hot))
    size = (317, 239)
    video = AnnotatedVideo("match", "", 12, size, (Tube(0, 0, np.zeros((3, 4), np.float32)),))
    keys = KeyFrames.every_frame([video])
    metric = VideoMAP(("a", "b", "c"), YowoLinker(), one_class_a_video=False)
    metric.attach(SplitIndex((video,), keys.video, keys.frame))
    nothing = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}
    metric.update(list(range(12)), found, [nothing] * 12, [size] * 12)
    metric.compute()
    stored = DetectionTable.load(metric.save_detections(tmp_path), 3)
    made = replace(facts(12), width=size[0], height=size[1])
    frames = [tracked(frame, []) for frame in range(12)]
    frames = [f._replace(result=f.result._replace(detections=d)) for f, d in zip(frames, found, strict=True)]
    written(NpzOutput(tmp_path / "a.npz", made), frames)
    ours = DetectionTable.load(tmp_path / "a.npz", 3)
    assert ours.videos == stored.videos == ("match",) and len(ours.frame) > 12
    for name in ("num_frames", *COLUMNS):
        assert np.array_equal(getattr(ours, name), getattr(stored, name)), name


def test_yowo_score_reads_it(tmp_path):
    write_annotation(tmp_path / "a.mat", {"Biking/v": (9, [(3, 2, 8)])})
    (tube,) = read_truth(tmp_path / "a.mat", tuple(class_names("ucf24", None).values()))["Biking/v"]
    boxes = {tube.start + offset: tuple(box) for offset, box in enumerate(tube.boxes.tolist())}
    frames = [tracked(f, [(boxes[f], 0.9, tube.label, 1, 1)] if f in boxes else []) for f in range(9)]
    written(NpzOutput(tmp_path / "v.npz", facts(9, name="v")), frames)
    metrics = yowo.score(tmp_path / "v.npz", tmp_path / "a.mat")
    assert metrics["frame_map"]["0.5"] == 1
    assert metrics["video_map"]["0.5"] == pytest.approx(1 / 24)  # the mean over all classes


def test_a_video_without_detections_is_a_file_and_one_without_frames_is_none(tmp_path):
    written(NpzOutput(tmp_path / "a.npz", facts(2)), [tracked(0, []), tracked(1, [])])
    assert DetectionTable.load(tmp_path / "a.npz").num_frames.tolist() == [2]
    assert written(NpzOutput(tmp_path / "b.npz", facts()), []).kept() is None
    assert written(NpzOutput(tmp_path / "c.npz", facts()), [tracked(0, [])], finish=False)
    assert names(tmp_path) == ["a.npz"]


def test_many_rows_are_copied_in_parts(tmp_path, monkeypatch):
    monkeypatch.setattr("yowo.inference.outputs.spool.BLOCK", 7)
    frames = [tracked(f, [((f, 1, f + 9, 20), 0.5, f % 3, 0, 0)] * 3) for f in range(30)]
    written(NpzOutput(tmp_path / "a.npz", facts(30)), frames)
    table = DetectionTable.load(tmp_path / "a.npz")
    assert table.frame.tolist() == np.repeat(np.arange(1, 31), 3).tolist() and table.box[-1].tolist() == [29, 1, 38, 20]


def test_an_interrupted_run_leaves_the_earlier_file(tmp_path):
    written(NpzOutput(tmp_path / "a.npz", facts(1)), [tracked(0, [])])
    output = written(NpzOutput(tmp_path / "a.npz", facts(9)), [tracked(0, []), tracked(1, [])])
    assert DetectionTable.load(tmp_path / "a.npz").num_frames.tolist() == [1]
    assert DetectionTable.load(tmp_path / "a.unfinished.npz").num_frames.tolist() == [2]
    assert output.kept().endswith("a.unfinished.npz")
    written(NpzOutput(tmp_path / "a.npz", facts(2)), [tracked(0, []), tracked(1, [])])
    assert DetectionTable.load(tmp_path / "a.npz").num_frames.tolist() == [2]
