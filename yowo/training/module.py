"""The LightningModule, which connects detector, loss, post-processing, metric and optimizer."""

from collections.abc import Callable
from typing import Any, cast

import lightning as L
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torchmetrics import MetricCollection

from yowo.contracts import ClipBatch, Detections, RawOutput
from yowo.errors import ConfigError
from yowo.models.detector import Detector
from yowo.training.parameter_groups import make_schedule
from yowo.training.split_metrics import start_metrics


class ActionDetection(L.LightningModule):
    """Trains and evaluates a detector; all parts are arguments of the constructor.

    It logs `train/box`, `train/conf`, `train/cls` and `train/total` at each step; at the end of a validation the losses
    (`val/total`) and the metrics (`val/frame_map/0.5`); in a test the same under `test/`.

    Attributes:
        samples_seen: Number of training clips so far, on all devices.
    """

    samples_seen: int = 0

    def __init__(
        self,
        detector: Detector,
        metric: MetricCollection,
        test_metric: MetricCollection,
        optimizer: Callable[[nn.Module], Optimizer] | None = None,
        scheduler: Callable[..., LRScheduler] | None = None,
        scheduler_interval: str = "epoch",
        context: Callable[[Detector, list[int]], Tensor] | None = None,
    ) -> None:
        """Store the parts.

        Args:
            detector: The network, with its loss (`criterion`) and post-processing (`postprocess`).
            metric: Metrics of validation: `KeyFrameMetric`s by name; `compute` returns scalars by name.
            test_metric: Metrics of a test, in the same form.
            optimizer: Makes the optimizer of the network, see `GroupedOptimizer`; None if the module is not trained.
            scheduler: Makes the scheduler from the optimizer; None for a constant learning rate.
            scheduler_interval: When the scheduler steps: "epoch" or "step".
            context: Returns 3D features float [B, C, h, w] of a test batch from detector and B clip positions; None
                computes them from the clips.

        Raises:
            ConfigError: The detector has no loss, because it was not built from a configuration.
        """
        super().__init__()
        if detector.criterion is None:
            raise ConfigError("expected a detector with a loss, got none; set its attribute `criterion`")
        self.detector, self.criterion, self.context = detector, detector.criterion, context
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

    def training_step(self, batch: ClipBatch, batch_idx: int) -> Tensor:
        """Return the total loss of a batch, a scalar, and log its terms."""
        self.samples_seen += len(batch.targets) * self.trainer.world_size
        losses = self._losses("train", self(batch.clips), batch, on_step=True)
        return losses["total"]

    def validation_step(self, batch: ClipBatch, batch_idx: int) -> dict[str, list[Detections]]:
        """Update the metrics; return the B detections of the batch, which callbacks draw."""
        return self._evaluate("val", batch)

    def test_step(self, batch: ClipBatch, batch_idx: int) -> dict[str, list[Detections]]:
        """Update the test metrics; return the B detections of the batch."""
        return self._evaluate("test", batch)

    def on_validation_epoch_end(self) -> None:
        """Log the metrics of validation."""
        self._log_metric("val")

    def on_test_epoch_end(self) -> None:
        """Log the metrics of the test."""
        self._log_metric("test")

    def on_validation_epoch_start(self) -> None:
        """Reset the metrics of validation."""
        start_metrics(self._metrics("val"), getattr(self.trainer, "datamodule", None), "val")

    def on_test_epoch_start(self) -> None:
        """Reset the metrics of the test."""
        start_metrics(self._metrics("test"), getattr(self.trainer, "datamodule", None), "test")

    def _metrics(self, stage: str) -> MetricCollection:
        return cast(MetricCollection, self.metrics[stage])

    def _evaluate(self, stage: str, batch: ClipBatch) -> dict[str, list[Detections]]:
        surroundings = self.context(self.detector, batch.positions) if self.context and stage == "test" else None
        raw = self.detector(batch.clips, surroundings)
        self._losses(stage, raw, batch, on_step=False)
        detections = self.detector.postprocess(raw)
        self._metrics(stage).update(batch.positions, detections, batch.targets, batch.sizes)
        return {"detections": detections}

    def _losses(self, stage: str, raw: RawOutput, batch: ClipBatch, on_step: bool) -> dict[str, Tensor]:
        losses = self.criterion(raw, batch.targets, self.samples_seen if stage == "train" else None)
        values = {f"{stage}/{name}": value.detach() for name, value in losses.items()}
        at_end, size = not on_step, len(batch.targets)
        self.log_dict(values, on_step=on_step, on_epoch=at_end, prog_bar=on_step, batch_size=size, sync_dist=at_end)
        return losses

    def _log_metric(self, stage: str) -> None:
        self.log_dict(
            {f"{stage}/{name}": value for name, value in self._metrics(stage).compute().items()}, prog_bar=True
        )

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Store the configuration of model and data set, as plain containers, and the number of samples."""
        checkpoint["yowo"] = {"config": self.detector.recipe, "samples_seen": self.samples_seen}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Restore the number of samples."""
        self.samples_seen = checkpoint["yowo"].get("samples_seen", 0)

    def configure_optimizers(self) -> Any:
        """Make optimizer and scheduler; a one-cycle scheduler gets the total number of steps."""
        if self.make_optimizer is None:
            return None
        optimizer = self.make_optimizer(self.detector)
        if self.make_scheduler is None:
            return optimizer
        made = make_schedule(self.make_scheduler, optimizer, lambda: int(self.trainer.estimated_stepping_batches))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": made, "interval": self.scheduler_interval}}
