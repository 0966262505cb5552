import math

import lightning as L
import pytest
import torch
from lightning.pytorch.callbacks import EMAWeightAveraging, ModelCheckpoint

from tests.training.checkpointing.test_checkpoints import Full
from tests.training.resuming import Net, Numbers
from yowo.data.clip_loader import ClipLoader
from yowo.training.checkpointing import checkpoint_files
from yowo.training.checkpointing.best_checkpoint import BestCheckpoint
from yowo.training.checkpointing.checkpoint_files import WholeCheckpointIO


class Scored(Net):
    """A network whose score after each epoch is given."""

    def __init__(self, scores, act):
        super().__init__()
        self.scores, self.act = scores, act

    def on_validation_start(self):
        self.score = self.scores[self.trainer.current_epoch]
        self.act(self)


def best(folder, scores, act=lambda module: None, callbacks=()):
    options = {"dirpath": folder, "filename": "best", "monitor": "score", "mode": "max"}
    kept = BestCheckpoint(**options, enable_version_counter=False)
    module = Scored(scores, act)
    trainer = L.Trainer(
        callbacks=[kept, *callbacks],
        plugins=[WholeCheckpointIO()],
        logger=False,
        **{"accelerator": "cpu", "max_epochs": len(scores), "limit_train_batches": 1, "num_sanity_val_steps": 0},
        **{"enable_progress_bar": False, "enable_model_summary": False},
    )
    trainer.fit(module, ClipLoader(Numbers(4), batch_size=2))
    return kept, folder / "best.ckpt"


def epoch(path):
    return torch.load(path, weights_only=True)["epoch"]


def test_a_score_that_is_not_finite_is_never_the_best(tmp_path, caplog):
    kept, path = best(tmp_path, [math.nan, 0.2, math.inf])
    assert float(kept.best_model_score) == pytest.approx(0.2) and epoch(path) == 1
    said = [message for message in caplog.messages if "not kept" in message]
    assert said == [f"score is {score} after epoch {n}: not kept as best" for score, n in (("nan", 1), ("inf", 3))]


@pytest.mark.parametrize("averaged", [False, True])
def test_weights_that_are_not_finite_are_never_the_best(tmp_path, caplog, averaged):
    def spoil(module):
        if module.trainer.current_epoch == 1:
            module.net[3].bias.data.fill_(math.nan)

    callbacks = [EMAWeightAveraging(decay=0.5)] if averaged else []
    kept, path = best(tmp_path, [0.1, 0.9], spoil, callbacks)
    assert float(kept.best_model_score) == pytest.approx(0.1) and epoch(path) == 0
    assert any("net.3.bias is not finite after epoch 2" in message for message in caplog.messages)


def test_the_score_of_a_file_that_could_not_be_written_is_not_the_one_to_beat(tmp_path, monkeypatch):
    def fill(module):
        full = module.trainer.current_epoch == 1
        monkeypatch.setattr(checkpoint_files, "_Noted", Full if full else noted)

    noted = checkpoint_files._Noted
    kept, path = best(tmp_path, [0.1, 0.9, 0.5], fill)
    assert float(kept.best_model_score) == pytest.approx(0.5) and epoch(path) == 2


def test_its_state_is_that_of_earlier_checkpoints(tmp_path):
    options = {"dirpath": tmp_path, "monitor": "score", "mode": "max"}
    assert BestCheckpoint(**options).state_key == ModelCheckpoint(**options).state_key
