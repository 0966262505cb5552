"""FrameMAP over two processes: what each has seen is of different length, partly the same, or nothing."""

import json
from pathlib import Path

import pytest
import torch
import torch.distributed
import torch.multiprocessing

from tests.evaluation_cases import as_key_frames, random_case
from yowo.evaluation.frame_map import FrameMAP

CLASSES = ("a", "b", "c", "d", "e")
SHARES = {
    "uneven": (slice(0, 13), slice(13, None)),
    "repeated": (slice(0, 12), slice(9, None)),
    "idle": (slice(None), None),
}

pytestmark = pytest.mark.slow


def score_shares(rank, folder):
    """Score the share of `rank` of every case, and write what this process finds."""
    torch.set_num_threads(1)
    store = (Path(folder) / "store").as_uri()
    torch.distributed.init_process_group("gloo", init_method=store, rank=rank, world_size=2)
    key_frames = as_key_frames(*random_case(6))
    results = {}
    for name, shares in SHARES.items():
        metric = FrameMAP(CLASSES)
        share = shares[rank]
        if share is not None:
            mine = [part[share] for part in key_frames]
            metric.update(*(part[:5] for part in mine))
            metric.update(*(part[5:] for part in mine))
        first = metric.compute()["frame_map/0.5"].item()
        by_class = metric.per_class() if rank == 0 else None  # asks no other process
        metric.update(*(part[:2] for part in key_frames))
        results[name] = [first, by_class, metric.compute()["frame_map/0.5"].item()]
    (Path(folder) / f"rank{rank}.json").write_text(json.dumps(results))
    torch.distributed.destroy_process_group()


@pytest.mark.long
@pytest.mark.timeout(120)
def test_two_processes_find_what_one_finds(tmp_path):
    torch.multiprocessing.spawn(score_shares, args=(str(tmp_path),), nprocs=2)
    alone = FrameMAP(CLASSES)
    alone.update(*as_key_frames(*random_case(6)))
    mean, by_class = alone.compute()["frame_map/0.5"].item(), alone.per_class()
    for rank in (0, 1):
        found = json.loads((tmp_path / f"rank{rank}.json").read_text())
        assert found.keys() == SHARES.keys()
        for first, classes, second in found.values():
            assert first == second == mean
            assert rank == 1 or classes["0.5"] == pytest.approx(by_class["0.5"], abs=0, nan_ok=True)
