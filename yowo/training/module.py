"""The LightningModule, which connects detector, loss, post-processing, metric and optimizer."""

from collections.abc import Callable
from typing import Any, Literal, cast

import lightning as L
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torchmetrics import MetricCollection

from yowo.contracts import ClipBatch, Detections, RawOutput
from yowo.errors import ConfigError
from yowo.models.detector import Detector
from yowo.training.joint_loss import JointLoss, SplitLosses
from yowo.training.parameter_groups import make_schedule
from yowo.training.split_metrics import repeated, start_metrics


class ActionDetection(L.LightningModule):
    """Trains and evaluates a detector; all parts are arguments of the constructor.

    It logs `train/box`, `train/conf`, `train/cls` and `train/total` at each step; at the end of a validation the losses
    (`val/total`) and the metrics (`val/frame_map/0.5`); in a test the same under `test/`. Losses are those of the clips
    of all devices together, see `yowo.training.joint_loss`.
    """

    def __init__(
        self,
        detector: Detector,
        metric: MetricCollection,
        test_metric: MetricCollection,
        optimizer: Callable[[nn.Module], Optimizer] | None = None,
        scheduler: Callable[..., LRScheduler] | None = None,
        scheduler_interval: str = "epoch",
        test_output: Callable[[Detector, list[int], Tensor], RawOutput] | None = None,
    ) -> None:
        """Store the parts.

        Args:
            detector: The network, with its loss (`criterion`) and post-processing (`postprocess`).
            metric: Metrics of validation: `KeyFrameMetric`s by name; `compute` returns scalars by name.
            test_metric: Metrics of a test, in the same form.
            optimizer: Makes the optimizer of the network, see `GroupedOptimizer`; None if the module is not trained.
            scheduler: Makes the scheduler from the optimizer; None for a constant learning rate.
            scheduler_interval: When the scheduler steps: "epoch" or "step".
            test_output: Returns the raw output of a test batch from detector, B positions in the split and clips; None
                judges each clip by itself.

        Raises:
            ConfigError: The detector has no loss, because it was not built from a configuration.
        """
        super().__init__()
        if detector.criterion is None:
            raise ConfigError("expected a detector with a loss, got none; set its attribute `criterion`")
        self.detector, self.test_output, self.loss = detector, test_output, JointLoss(detector.criterion)
        self.metrics = nn.ModuleDict({"val": metric, "test": test_metric})
        self.make_optimizer = optimizer
        self.make_scheduler = scheduler
        self.scheduler_interval = scheduler_interval

    def forward(self, clips: Tensor) -> RawOutput:
        """Run the detector.

        Args:
            clips: float [B, 3, K, H, W], normalised.

        Returns:
            Predictions before any threshold, see `RawOutput`.
        """
        raw: RawOutput = self.detector(clips)
        return raw

    def training_step(self, batch: ClipBatch, batch_idx: int) -> dict[str, Tensor]:
        """Log the terms of the loss; return what is differentiated as `loss`, and as `total` the value of the loss."""
        loss, values = self.loss(self(batch.clips), batch.targets)
        named = {f"train/{name}": value for name, value in values.items()}
        self.log_dict(named, prog_bar=True, batch_size=len(batch.targets))
        accumulated = self.trainer.accumulate_grad_batches
        weight = self.loss.weight(accumulated, batch_idx % accumulated == 0, self.parameters())
        return {"loss": loss * weight, "total": values["total"]}

    def optimizer_step(self, *args: Any, **kwargs: Any) -> None:
        """Tell the loss that the batch which the closure is about to see is the last one of this step."""
        self.loss.step_ends = True
        super().optimizer_step(*args, **kwargs)

    def optimizer_zero_grad(self, *args: Any, **kwargs: Any) -> None:
        """Clear the gradients, unless a callback adds them up by a rule of its own and clears them itself."""
        if not self.loss.as_it_comes:
            super().optimizer_zero_grad(*args, **kwargs)

    def validation_step(self, batch: ClipBatch, batch_idx: int) -> dict[str, list[Detections]]:
        """Update the metrics; return the B detections of the batch, which callbacks draw."""
        return self._evaluate("val", batch)

    def test_step(self, batch: ClipBatch, batch_idx: int) -> dict[str, list[Detections]]:
        """Update the test metrics; return the B detections of the batch."""
        return self._evaluate("test", batch)

    def on_validation_epoch_start(self) -> None:
        """Reset losses and metrics."""
        self._start("val")

    def on_test_epoch_start(self) -> None:
        """Reset losses and metrics."""
        self._start("test")

    def on_validation_epoch_end(self) -> None:
        """Log losses and metrics."""
        self._log_split("val")

    def on_test_epoch_end(self) -> None:
        """Log losses and metrics."""
        self._log_split("test")

    def _start(self, stage: Literal["val", "test"]) -> None:
        self._split_losses = SplitLosses(self.loss.criterion)
        start_metrics(cast(MetricCollection, self.metrics[stage]), getattr(self.trainer, "datamodule", None), stage)

    def _evaluate(self, stage: Literal["val", "test"], batch: ClipBatch) -> dict[str, list[Detections]]:
        of_test = self.test_output if stage == "test" else None
        raw = of_test(self.detector, batch.positions, cast(Tensor, batch.clips)) if of_test else self(batch.clips)
        self._split_losses.add(raw, batch.targets, repeated(self.trainer, batch.positions, stage))
        detections = self.detector.postprocess(raw)
        cast(MetricCollection, self.metrics[stage]).update(batch.positions, detections, batch.targets, batch.sizes)
        return {"detections": detections}

    def _log_split(self, stage: str) -> None:
        losses, metrics = self._split_losses.compute(self.device), cast(MetricCollection, self.metrics[stage]).compute()
        self.log_dict({f"{stage}/{name}": value for name, value in losses.items()})
        self.log_dict({f"{stage}/{name}": value for name, value in metrics.items()}, prog_bar=True)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Store the configuration of model and data set, as plain containers, and the number of samples."""
        checkpoint.setdefault("yowo", {}).update(config=self.detector.recipe, samples_seen=int(self.loss.samples))

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Restore the number of samples."""
        self.loss.samples = checkpoint["yowo"].get("samples_seen", 0)

    def configure_optimizers(self) -> Any:
        """Make optimizer and scheduler; a one-cycle scheduler gets the total number of steps."""
        if self.make_optimizer is None:
            return None
        optimizer = self.make_optimizer(self.detector)
        if self.make_scheduler is None:
            return optimizer
        made = make_schedule(self.make_scheduler, optimizer, lambda: int(self.trainer.estimated_stepping_batches))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": made, "interval": self.scheduler_interval}}
