"""A small training that can be killed at any moment and that goes on from its folder, with what it takes to compare two.

The network has dropout, the data are augmented, and the numbers of the log are kept with all their bits.
"""

import hashlib
import json
import os
import random
import signal
import time
from pathlib import Path

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers.logger import Logger
from torch.nn.functional import dropout

from yowo.config.build import build_detector
from yowo.config.build_training import build_callbacks, build_datamodule, build_module, build_trainer
from yowo.config.compose import compose_config
from yowo.training.checkpointing import checkpoint_files
from yowo.training.checkpointing.checkpoint_files import LAST, usable_checkpoint

OPTIONS = [
    *("dataset=motion", "model=yowo_tiny", "augment=full", "dataset.image_size=64", "dataset.clip_len=8"),
    *("dataset.num_train=12", "dataset.num_val=6", "dataset.num_frames=16", "dataset.num_val_frames=16"),
    *("dataset.batch_size=2", "dataset.train_dilation=[1,2]", "seed=5", "logger=none", "trainer=cpu"),
    *("trainer.max_epochs=3", "trainer.limit_train_batches=6", "trainer.limit_val_batches=3"),
    *("trainer.log_every_n_steps=1", "callbacks.pictures=null", "checkpoint_minutes=0", "callbacks.progress=null"),
    *("callbacks.tube_clip=null", "callbacks.class_ap=null", "callbacks.errors=null"),
    "callbacks.figures=null",  # times of this machine
]


class Rows(Logger):
    """A log whose lines are on the disk at once; a training that goes on drops those after its checkpoint."""

    name, version = "rows", "0"

    def __init__(self, folder: Path, kept: int) -> None:
        super().__init__()
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "rows.jsonl"
        self.rows = self.path.read_text().splitlines()[:kept] if self.path.is_file() else []
        self.path.write_text("".join(f"{row}\n" for row in self.rows))

    def log_metrics(self, metrics, step=None):
        self.rows.append(json.dumps([step, {name: float(value).hex() for name, value in sorted(metrics.items())}]))
        with self.path.open("a") as file:
            file.write(f"{self.rows[-1]}\n")

    def log_hyperparams(self, *_, **__):
        """Keep nothing."""


class Bookmark(Callback):
    """Stores how long the log was."""

    def on_save_checkpoint(self, trainer, module, checkpoint):
        checkpoint.setdefault("yowo", {})["rows"] = len(trainer.logger.rows)


class KillIn(Callback):
    """Kills the process in the n-th batch of validation, or in the n-th writing of a checkpoint."""

    def __init__(self, moment: str, number: int) -> None:
        self.moment, self.left = moment, number
        if moment == "writing":
            checkpoint_files._save = self._cut

    def _cut(self, checkpoint, file):
        self.left -= 1
        if not self.left:
            file.write(b"half of a checkpoint")
            file.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        torch.save(checkpoint, file)

    def on_validation_batch_end(self, *_, **__):
        if self.moment == "validation":
            self.left -= 1
            if not self.left:
                os.kill(os.getpid(), signal.SIGKILL)


def train(folder: Path, root: Path, options: tuple[str, ...] = (), kill: tuple[str, int] | None = None) -> None:
    """Train to the end, from the checkpoint in the folder if there is one."""
    L.seed_everything(5, verbose=False)
    config = compose_config("train", [*OPTIONS, f"dataset.root={root}", *options])
    checkpoint = usable_checkpoint(folder) if (folder / LAST).is_file() else None
    kept = 0 if checkpoint is None else torch.load(checkpoint, weights_only=True)["yowo"]["rows"]
    config.callbacks.last.folder = config.callbacks.checkpoint.dirpath = str(folder)
    detector = build_detector(config)
    detector.fusion.register_forward_hook(lambda module, _, out: dropout(out, 0.3, module.training))
    data = build_datamodule(config)
    module = build_module(config, detector, data)
    callbacks = [*build_callbacks(config), Bookmark(), *([KillIn(*kill)] if kill else [])]
    options = {"logger": Rows(folder, kept), "default_root_dir": str(folder)}
    trainer = build_trainer(config, callbacks=callbacks, **options)
    trainer.fit(module, data, ckpt_path=checkpoint, weights_only=True)
    weights, optimizer, log = hashlib.sha256(), hashlib.sha256(), hashlib.sha256()
    saved = torch.load(folder / LAST, weights_only=True)
    for part in ("state_dict", "current_model_state"):
        for value in saved.get(part, {}).values():
            weights.update(value.numpy().tobytes())
    for state in saved["optimizer_states"][0]["state"].values():
        for value in state.values():
            optimizer.update(torch.as_tensor(value).numpy().tobytes())
    log.update("\n".join(trainer.logger.rows).encode())
    digests = [part.hexdigest()[:12] for part in (weights, optimizer, log)]
    (folder / "end.json").write_text(json.dumps([*digests, int(module.loss.samples), trainer.global_step]))


def forked_train(*arguments, killed_after: float | None = None) -> int:
    """Train in a fork, which is killed after some seconds; return how it ended, as `os.waitstatus_to_exitcode`."""
    child = os.fork()
    if not child:
        try:
            train(*arguments)
            os._exit(0)
        finally:
            os._exit(1)
    if killed_after is not None:
        end = time.monotonic() + killed_after
        while time.monotonic() < end:
            found, status = os.waitpid(child, os.WNOHANG)
            if found:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.01)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_again_and_again(folder: Path, root: Path, seed: int, length: float, options: tuple[str, ...] = ()) -> list:
    """Kill a training twice at random moments, once in validation or in writing; return the moments and its end."""
    draw = random.Random(seed)
    moments: list = []
    for kind in draw.sample(["time", "time", "validation" if seed % 2 else "writing"], 3):
        if kind == "time":
            seconds = draw.uniform(0.15, 0.8) * length
            code = forked_train(folder, root, options, killed_after=seconds)
            moments.append(f"{seconds:.2f} s")
        else:
            number = draw.randint(1, 4)
            code = forked_train(folder, root, options, (kind, number))
            moments.append(f"{kind} {number}")
        if code == 0:
            break
        assert code == -signal.SIGKILL, code
    if not (folder / "end.json").is_file():
        assert forked_train(folder, root, options) == 0
    return [moments, json.loads((folder / "end.json").read_text())]
