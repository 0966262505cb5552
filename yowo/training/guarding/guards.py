"""Stops, or leaves out, an optimizer step whose loss or gradient is not finite, on all processes alike."""

import logging
import math
from pathlib import Path
from typing import Any, Literal, cast

import lightning as L
import torch
import torch.distributed as dist
from lightning.pytorch.callbacks import Callback
from torch import Tensor
from torch.optim import Optimizer

from yowo.contracts import ClipBatch
from yowo.errors import YowoError
from yowo.training.guarding.bad_batch import BadBatch, random_states, sample_names, save_bad_batch
from yowo.training.guarding.lower_rate import lower_rates
from yowo.training.guarding.nonfinite import Found, NonFiniteError, all_finite, in_words, nonfinite, several

log = logging.getLogger(__name__)
Action = Literal["stop", "skip", "recover"]
IN_A_ROW = 10
"""Steps that may be left out one after the other; the next one stops the run."""
COLLAPSED = 2.0**-10
"""Scale of the fp16 loss below which the run stops: gradients of a network that trains are finite far above it."""
PARTS = ("box", "conf", "cls")
"""Terms of the loss; the others are sums or parts of them."""


class NonFiniteGuard(Callback):
    """Looks at every loss, at the gradients before every optimizer step, and at the weights before they are used.

    A step that is not finite leaves no trace: weights, the optimizer's state and the running statistics of
    normalisation are as before its first batch. It costs one reduction over the gradients, and with several processes
    one small exchange a step. With fp16, infinite gradients are part of the method: the scaler leaves these steps out
    and lowers its scale; they are counted (`train/overflows`), and stop the run when the scale collapses.

    Attributes:
        skipped: Number of steps left out so far, logged as `train/skipped`.
        overflows: Number of fp16 steps that the scaler left out so far.
        rate: Factor of the learning rate after recoveries, 1 at first.
        recoveries: How often the run went back to a checkpoint.
    """

    def __init__(self, action: Action, folder: Path, rate: float = 1.0, recoveries: int = 0) -> None:
        """Store the arguments.

        Args:
            action: What happens after a loss or gradient that is not finite: "stop", "skip" the step, or "recover" (see
                `yowo.commands.recovery`).
            folder: Folder of the run, for the file with the batch.
            rate: Highest factor of the learning rate; a checkpoint can bring a lower one.
            recoveries: How often the run went back to a checkpoint.
        """
        self.action, self.folder = action, folder
        self.rate, self.recoveries = rate, recoveries
        self.skipped = self.overflows = self.steps = 0
        self._applied = 1.0
        self._row = 0
        self._open = False
        self._batch: Any = None
        self._random: dict[str, Tensor] = {}
        self._running: list[Tensor] = []
        self._buffers: list[Tensor] = []
        self._positions: list[int] = []
        self._loss: Tensor | None = None
        self._terms: dict[str, float] = {}
        self._kept: BadBatch | None = None

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Lower the learning rate, if a recovery wants it lower than the checkpoint has it."""
        if self.rate != self._applied:
            lower_rates(trainer, self.rate / self._applied)
            self._applied = self.rate

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Look for the running statistics anew: a validation may have put other tensors in their place."""
        self._running = []

    def on_train_batch_start(
        self, trainer: L.Trainer, pl_module: L.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Keep what a replay needs; before the first batch of a step also the running statistics."""
        self._batch, self._random = batch, random_states(pl_module.device)
        if not self._open:
            self._open, self._terms, self._kept, self._positions = True, {}, None, []
            self._remember(pl_module)
        self._positions += getattr(batch, "positions", [])

    def on_before_backward(self, trainer: L.Trainer, pl_module: L.LightningModule, loss: Tensor) -> None:
        """Keep the loss; it is looked at after the backward pass, so that a GPU need not wait in between."""
        self._loss = loss.detach()

    def on_after_backward(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Look at the loss of the batch; what follows is decided before the step, with the other processes."""
        if self._loss is None or self._terms or math.isfinite(value := float(self._loss)):
            return
        logged = {name: float(term) for name, term in trainer.callback_metrics.items() if name.startswith("train/")}
        terms = {name.removeprefix("train/"): term for name, term in logged.items() if not math.isfinite(term)}
        parts = {name: term for name, term in terms.items() if name in PARTS}
        self._terms = parts or terms or {"loss": value}
        self._kept = self._as_it_is(trainer, pl_module)

    def on_before_optimizer_step(self, trainer: L.Trainer, pl_module: L.LightningModule, optimizer: Optimizer) -> None:
        """Look at the gradients; leave the step out, or end the run, if they or a loss are not finite.

        Raises:
            NonFiniteError: The run ends or goes back to a checkpoint.
        """
        self._open = False
        gradients = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        overflow = ~all_finite(gradients)
        flags = torch.stack([torch.full_like(overflow, bool(self._terms)), overflow]).float()
        if trainer.world_size > 1:
            flags = cast(Tensor, trainer.strategy.reduce(flags, reduce_op="sum"))
        bad_loss, bad_gradient = (bool(flag) for flag in flags.tolist())
        scaler = getattr(trainer.precision_plugin, "scaler", None)
        if bad_gradient and not bad_loss and scaler is not None:
            self._overflowed(float(scaler.get_scale()), trainer.global_step)
        elif bad_loss or bad_gradient:
            self._leave_out(trainer, pl_module, optimizer, bad_loss)
        else:
            self._row, self.steps = 0, self.steps + 1

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Log how many steps were left out, once there is one."""
        self._batch = None
        for name in ("skipped", "overflows"):
            if count := getattr(self, name):
                pl_module.log(f"train/{name}", float(count))

    def on_validation_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Look at the weights before they are evaluated."""
        if not trainer.sanity_checking and trainer.state.fn == "fit":
            self._check_weights(trainer, pl_module)

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Look at the weights before checkpoints of the epoch are written."""
        self._check_weights(trainer, pl_module)

    def on_save_checkpoint(self, trainer: L.Trainer, pl_module: L.LightningModule, checkpoint: dict[str, Any]) -> None:
        """Look at the weights before they are written."""
        self._check_weights(trainer, pl_module)

    def state_dict(self) -> dict[str, float]:
        """Return the counts and the factor of the learning rate, for the checkpoint."""
        return {
            "skipped": self.skipped,
            "overflows": self.overflows,
            "rate": self._applied,
            "recoveries": self.recoveries,
        }

    def load_state_dict(self, state_dict: dict[str, float]) -> None:
        """Restore them; the lower factor and the larger count of recoveries are taken."""
        self.skipped, self.overflows = int(state_dict["skipped"]), int(state_dict["overflows"])
        self._applied = state_dict["rate"]  # the rates in the checkpoint's optimizer have it already
        self.rate = min(self.rate, self._applied)
        self.recoveries = max(self.recoveries, int(state_dict["recoveries"]))

    def _overflowed(self, scale: float, step: int) -> None:
        """Count an fp16 step that the scaler leaves out.

        Raises:
            NonFiniteError: The scale has collapsed.
        """
        self.overflows += 1
        if scale < COLLAPSED:
            raise self._error(
                f"the gradients of step {step} are not finite with the fp16 loss scaled by {scale:g}; set "
                "trainer.precision=bf16-mixed or 32-true, or lower optimizer.lr"
            )

    def _leave_out(self, trainer: L.Trainer, module: L.LightningModule, optimizer: Optimizer, bad_loss: bool) -> None:
        """Undo the step's traces, then warn or raise.

        Raises:
            NonFiniteError: The run ends or goes back to a checkpoint.
        """
        parts = [] if bad_loss else nonfinite(module.named_parameters(), gradient=True)
        optimizer.zero_grad(set_to_none=True)  # optimizers leave out parameters without a gradient
        self._restore()
        if not bad_loss:
            self._kept = self._as_it_is(trainer, module)
        skips = self.action == "skip" and self._row < IN_A_ROW
        positions = self._kept.positions if bad_loss and self._kept else self._positions
        file = None if skips else self._save(trainer, module)
        own = Found(trainer.global_rank, self._terms, sample_names(trainer, positions), file)
        everyone: list[Any] = [own]
        if trainer.world_size > 1:
            everyone = [None] * trainer.world_size
            dist.all_gather_object(everyone, own)
        said = in_words(everyone, parts, f"epoch {trainer.current_epoch + 1}, step {trainer.global_step}")
        if skips:
            self._row, self.skipped = self._row + 1, self.skipped + 1
            if trainer.is_global_zero:
                log.warning("%s; the step is left out (%d so far)", said, self.skipped)
            return
        row = f"; {self._row} steps before it were left out" if self._row else ""
        raise self._error(f"{said}{row}; the weights are those before it{self._advice()}")

    def _save(self, trainer: L.Trainer, module: L.LightningModule) -> str | None:
        """Write the batch into the run's folder; return the file, None if there is none."""
        if self._kept is None:
            return None
        rank = f"-rank-{trainer.global_rank}" if trainer.world_size > 1 else ""
        path = self.folder / f"nonfinite-step-{trainer.global_step}{rank}.pt"
        recipe = getattr(getattr(module, "detector", None), "recipe", {})
        try:
            save_bad_batch(path, self._kept, module.state_dict(), recipe)
        except YowoError as error:
            log.warning("the batch could not be kept: %s", error)
            return None
        return str(path)

    def _check_weights(self, trainer: L.Trainer, module: L.LightningModule) -> None:
        """Check the weights; with one process the running statistics too, which differ between processes.

        Raises:
            NonFiniteError: A number is not finite.
        """
        named: dict[str, Tensor] = dict(module.named_parameters())
        if trainer.world_size == 1:
            named |= {name: buffer for name, buffer in module.named_buffers() if buffer.is_floating_point()}
        if bool(all_finite(list(named.values()))):
            return
        names = nonfinite(named.items())
        step = f"in epoch {trainer.current_epoch + 1}, after step {trainer.global_step}"
        raise self._error(f"{several(names)}: weights are not finite {step}, and are not saved{self._advice()}")

    def _error(self, words: str) -> NonFiniteError:
        return NonFiniteError(words, self.action == "recover", self.steps, self.rate, self.recoveries)

    def _advice(self) -> str:
        return "" if self.action == "recover" else "; lower optimizer.lr, or set on_nonfinite=recover"

    def _remember(self, module: L.LightningModule) -> None:
        """Copy the running statistics of normalisation."""
        if not self._running:
            self._running = [buffer for buffer in module.buffers() if buffer.is_floating_point()]
            self._buffers = [buffer.clone() for buffer in self._running]
        else:
            torch._foreach_copy_(self._buffers, self._running)

    def _restore(self) -> None:
        """Put the running statistics back."""
        with torch.no_grad():
            for buffer, before in zip(self._running, self._buffers, strict=True):
                buffer.copy_(before)

    def _as_it_is(self, trainer: L.Trainer, module: L.LightningModule) -> BadBatch | None:
        """Return the present batch for a replay; None for batches of another kind than ours."""
        batch = self._batch
        if not isinstance(batch, ClipBatch) or not isinstance(batch.clips, Tensor):
            return None
        return BadBatch(
            clips=batch.clips,
            targets=list(batch.targets),
            positions=list(batch.positions),
            samples=sample_names(trainer, batch.positions),
            random=self._random,
            samples_seen=int(cast(Any, module).loss.samples),
            terms=self._terms,
            epoch=trainer.current_epoch,
            step=trainer.global_step,
            rank=trainer.global_rank,
        )
