import logging
import signal

import pytest
import torch
from lightning.pytorch.callbacks import EMAWeightAveraging

from tests.training.resuming import Rows, end, run
from yowo.errors import YowoError
from yowo.training.checkpointing import checkpoint_files
from yowo.training.checkpointing.checkpoints import TrainingStopped

OPTIONS = {
    "one batch a step": {},
    "accumulated, validated within epochs": {"accumulate_grad_batches": 2, "val_check_interval": 4},
}


def average():
    return [EMAWeightAveraging(decay=0.5)]


LAST_OF_OPTIONS = list(OPTIONS)[-1]


@pytest.mark.parametrize(
    ("name", "every"),
    [(LAST_OF_OPTIONS, 13), *(pytest.param(name, 1, marks=pytest.mark.long) for name in OPTIONS)],
)
def test_a_training_stopped_in_any_hook_ends_bit_by_bit_as_one_that_was_not(tmp_path, name, every):
    trainer, log, hooks = run(tmp_path / "whole", callbacks=average(), **OPTIONS[name])
    expected = end(trainer, log)
    went_on = set()
    for at in range(9, hooks + 1, every):
        folder = tmp_path / str(at)
        _, log, _ = run(folder, at, callbacks=average(), **OPTIONS[name])
        if not (folder / "last.ckpt").is_file():
            continue
        place = torch.load(folder / "last.ckpt", weights_only=True)["yowo"]["place"]
        went_on.add((place["batches"] > 0, place["validated"]))
        trainer, log, _ = run(folder, go_on=True, log=log, callbacks=average(), **OPTIONS[name])
        assert end(trainer, log) == expected, (at, place)
    assert {inside for inside, _ in went_on} == {True, False}


@pytest.mark.parametrize("at", [5, 21])
def test_a_training_that_is_asked_saves_at_its_next_step_or_batch_of_validation(tmp_path, at):
    trainer, log, _ = run(tmp_path / "whole", callbacks=average(), minutes=None)
    expected = end(trainer, log)
    asked, log = [], Rows()
    with pytest.raises(TrainingStopped, match="15") as stopped:
        run(
            tmp_path,
            at,
            log=log,
            act=lambda last: asked.append((last, last.ask(15))),
            callbacks=average(),
            minutes=None,
        )
    ((last, heard),) = asked
    assert heard and stopped.value.signal == signal.SIGTERM and not last.ask(15), "nothing more can be asked"
    trainer, log, _ = run(tmp_path, go_on=True, log=log, callbacks=average(), minutes=None)
    assert end(trainer, log) == expected


def test_it_is_written_without_any_best_one_and_not_more_often_than_it_is_due(tmp_path):
    run(tmp_path, minutes=None, limit_val_batches=0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["last.1.ckpt", "last.ckpt"]
    places = [torch.load(tmp_path / n, weights_only=True)["yowo"]["place"] for n in ("last.1.ckpt", "last.ckpt")]
    assert [(place["epoch"], place["batches"], place["samples"]) for place in places] == [(1, 0, 0), (2, 0, 0)]


def test_batches_of_another_size_go_on_after_the_same_samples(tmp_path, caplog):
    run(tmp_path, 9)
    place = torch.load(tmp_path / "last.ckpt", weights_only=True)["yowo"]["place"]
    assert place == {"epoch": 0, "batches": 3, "validated": False, "samples": 6, "batch": 2, "of": 12}
    with caplog.at_level(logging.INFO, "yowo"):
        trainer, _, _ = run(tmp_path, go_on=True, size=3)
    assert "3 clips a step of all devices, 2 before: epoch 1 goes on at clip 7 of 12" in caplog.messages
    assert trainer.global_step == 3 + 2 + 4


def test_other_data_begin_the_epoch_anew(tmp_path, caplog):
    run(tmp_path, 9)
    trainer, _, _ = run(tmp_path, go_on=True, count=16)
    assert "16 clips an epoch, 12 before: epoch 1 begins anew" in caplog.messages
    assert trainer.global_step == 3 + 8 + 8


def test_a_trial_of_one_batch_leaves_nothing_and_cannot_be_asked(tmp_path):
    asked = []
    run(tmp_path, 2, act=lambda last: asked.append(last.ask(15)), fast_dev_run=True)
    assert asked == [False] and not list(tmp_path.iterdir())


class Full(checkpoint_files._Noted):
    """A file on a full disk."""

    def write(self, data):
        self.error = OSError(28, "No space left on device")
        raise self.error


def test_training_goes_on_while_the_disk_is_full_and_fails_if_its_end_is_not_kept(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(checkpoint_files, "_Noted", Full)
    with pytest.raises(YowoError, match=r"last\.ckpt: cannot be written \(No space left on device\).* end of training"):
        run(tmp_path, minutes=None)
    said = [record.getMessage().partition(" (")[0] for record in caplog.records if record.name.startswith("yowo")]
    assert said == [f"{tmp_path}/last.ckpt: cannot be written"] * 2
    assert not list(tmp_path.iterdir())
