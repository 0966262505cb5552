"""The LightningModule: glue between detector, loss, post-processing, metric and optimizer."""

from collections.abc import Callable, Iterable
from typing import Any, cast

import lightning as L
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR
from torchmetrics import MetricCollection

from yowo.contracts import ClipBatch, Detections, RawOutput
from yowo.errors import ConfigError
from yowo.models.detector import Detector
from yowo.training.split_metrics import start_metrics


class ActionDetection(L.LightningModule):
    """Trains and evaluates a detector; everything that can vary is given to the constructor.

    Logged: `train/box`, `train/conf`, `train/cls`, `train/total` at each step; `val/total` and what the metric computes
    (`val/frame_map/0.5`) at the end of a validation, the same under `test/` in a test.

    Attributes:
        samples_seen: Training clips so far, on all devices.
    """

    samples_seen: int = 0

    def __init__(
        self,
        detector: Detector,
        metric: MetricCollection,
        test_metric: MetricCollection,
        optimizer: Callable[[Iterable[nn.Parameter]], Optimizer] | None = None,
        scheduler: Callable[..., LRScheduler] | None = None,
        scheduler_interval: str = "epoch",
        context: Callable[[Detector, list[int]], Tensor] | None = None,
    ) -> None:
        """Take the parts.

        Args:
            detector: The network, with its loss and its rule for detections.
            metric: Of validation: `KeyFrameMetric`s by name; `compute` gives scalars by name.
            test_metric: Of a test, likewise.
            optimizer: Makes the optimizer from parameters; None where there is no training.
            scheduler: Makes the scheduler from the optimizer; None for a constant rate.
            scheduler_interval: "epoch" or "step", when the scheduler moves on.
            context: In a test, gives 3D features in place of the clips' own from detector and positions; None takes
                the clips'.

        Raises:
            ConfigError: The detector has no loss: it was put together by hand.
        """
        super().__init__()
        if detector.criterion is None:
            raise ConfigError("this detector has no loss; give it one as its attribute `criterion`")
        self.detector, self.criterion, self.context = detector, detector.criterion, context
        self.metrics = nn.ModuleDict({"val": metric, "test": test_metric})
        self.make_optimizer = optimizer
        self.make_scheduler = scheduler
        self.scheduler_interval = scheduler_interval

    def forward(self, clips: Tensor) -> RawOutput:
        """Run the detector on clips [B, 3, K, H, W]."""
        raw: RawOutput = self.detector(clips)
        return raw

    def training_step(self, batch: ClipBatch, batch_idx: int) -> Tensor:
        """Return the loss of a batch and log its parts."""
        self.samples_seen += len(batch.targets) * self.trainer.world_size
        losses = self._losses("train", self(batch.clips), batch, on_step=True)
        return losses["total"]

    def validation_step(self, batch: ClipBatch, batch_idx: int) -> dict[str, list[Detections]]:
        """Update the metric; return the `detections` for callbacks to draw."""
        return self._evaluate("val", batch)

    def test_step(self, batch: ClipBatch, batch_idx: int) -> dict[str, list[Detections]]:
        """Do as in validation."""
        return self._evaluate("test", batch)

    def on_validation_epoch_end(self) -> None:
        """Log the metric."""
        self._log_metric("val")

    def on_test_epoch_end(self) -> None:
        """Log the metric."""
        self._log_metric("test")

    def on_validation_epoch_start(self) -> None:
        """Start the metrics anew."""
        start_metrics(self._metrics("val"), getattr(self.trainer, "datamodule", None), "val")

    def on_test_epoch_start(self) -> None:
        """Start the metrics anew."""
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
        """Let the checkpoint know its own model and data set, in plain containers."""
        checkpoint["yowo"] = {"config": self.detector.recipe, "samples_seen": self.samples_seen}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on counting samples."""
        self.samples_seen = checkpoint["yowo"].get("samples_seen", 0)

    def configure_optimizers(self) -> Any:
        """Make optimizer and scheduler; a one-cycle scheduler is told how many steps there will be."""
        if self.make_optimizer is None:
            return None
        optimizer = self.make_optimizer([p for p in self.parameters() if p.requires_grad])
        if self.make_scheduler is None:
            return optimizer
        known = {"total_steps": int(self.trainer.estimated_stepping_batches)} if self._one_cycle() else {}
        scheduler = {"scheduler": self.make_scheduler(optimizer, **known), "interval": self.scheduler_interval}
        return {"optimizer": optimizer, "lr_scheduler": scheduler}

    def _one_cycle(self) -> bool:
        return getattr(self.make_scheduler, "func", None) is OneCycleLR
