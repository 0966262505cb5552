"""VideoMAP and AvaMAP over two processes: uneven shares, repeated samples, and a process that has seen nothing."""

import json
from pathlib import Path

import pytest
import torch
import torch.distributed
import torch.multiprocessing

from tests.evaluation import test_ava_map as ava
from tests.evaluation import test_video_map as video

CASES = {"video": (video.metric_on, video.split_and_detections(3)), "ava": (ava.metric_on, ava.split_and_detections(3))}

pytestmark = pytest.mark.slow


def shares(count):
    every = list(range(count))
    return {
        "uneven": (every[: count // 3], every[count // 3 :]),
        "interleaved_with_padding": (every[::2], [*every[1::2], every[0]]),
        "idle": (every, []),
    }


def score_shares(rank, folder):
    torch.set_num_threads(1)
    store = (Path(folder) / "store").as_uri()
    torch.distributed.init_process_group("gloo", init_method=store, rank=rank, world_size=2)
    results = {}
    for kind, (metric_on, case) in CASES.items():
        for name, parts in shares(len(case[1])).items():
            metric = metric_on(*case, parts[rank])
            results[f"{kind} {name}"] = {key: float(value) for key, value in metric.compute().items()}
            if rank == 0:
                metric.report()  # asks no other process
    (Path(folder) / f"rank{rank}.json").write_text(json.dumps(results))
    torch.distributed.destroy_process_group()


@pytest.mark.timeout(120)
def test_two_processes_find_what_one_finds(tmp_path):
    torch.multiprocessing.spawn(score_shares, args=(str(tmp_path),), nprocs=2)
    for kind, (metric_on, case) in CASES.items():
        alone = {key: float(value) for key, value in metric_on(*case).compute().items()}
        for rank in (0, 1):
            found = json.loads((tmp_path / f"rank{rank}.json").read_text())
            for name in shares(len(case[1])):
                assert found[f"{kind} {name}"] == alone
