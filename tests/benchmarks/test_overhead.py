from types import SimpleNamespace

import pytest
import torch

from benchmarks import overhead


def test_the_loops_take_turns_and_each_turn_is_measured(monkeypatch):
    clock = [0.0]

    def spend(seconds):
        clock[0] += seconds

    turns = overhead.Turns(2, {"bare loop": lambda steps: spend(steps * 1.0)}, torch.device("cpu"))
    monkeypatch.setattr(turns, "_now", lambda: (clock[0], 2 * clock[0]))
    for step in range(7):
        turns.on_train_batch_start(SimpleNamespace(), SimpleNamespace(), None, step)
        spend(1.1)
    assert turns.clocks["bare loop"] == [(2.0, 4.0)] * 4
    assert [cpu for cpu, _ in turns.clocks["yowo train"]] == pytest.approx([2.2] * 3)


def test_ratios_are_of_pairs():
    clocks = {"yowo train": [(2.0, 3.0), (4.0, 4.0)], "bare loop": [(1.0, 2.0), (2.0, 4.0)]}
    assert overhead.ratios(clocks, "bare loop", 0) == [2, 2] and overhead.ratios(clocks, "bare loop", 1) == [1.5, 1]
    assert overhead.quartiles([1, 2, 3, 4, 5]) == "3.000 (2.000 to 4.000)" and overhead.quartiles([1.5]) == "1.500"


@pytest.mark.long
def test_both_sides_are_measured_with_a_real_trainer(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small = ["trainer=cpu", "dataset.num_frames=16", "dataset.num_val_frames=16", "dataset.image_size=32"]
    clocks = overhead.measure([*small, "dataset.num_train=4", "dataset.batch_size=2"], 2, 2, None)
    assert {name: len(times) for name, times in clocks.items()} == {"yowo train": 2, "bare loop": 2}
