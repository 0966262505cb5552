import os

import pytest
import torch

from yowo.commands.bench.clip_rates import job_rates, one_core


def test_rates_are_items_per_cpu_second_of_the_best_round(monkeypatch):
    times = iter([0, 4, 4, 5, 5, 7, 7, 10])  # one job of four rounds: 4, 1, 2 and 3 seconds
    monkeypatch.setattr("yowo.commands.bench.clip_rates.time.process_time", lambda: next(times))
    ran = []
    assert job_rates([lambda: ran.append(1)], 8) == [8.0] and len(ran) == 4


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system does not bind processes to cores")
def test_the_cores_come_back_after_measuring():
    cores, threads = os.sched_getaffinity(0), torch.get_num_threads()
    with one_core():
        assert len(os.sched_getaffinity(0)) == 1 and torch.get_num_threads() == 1
    assert os.sched_getaffinity(0) == cores and torch.get_num_threads() == threads
