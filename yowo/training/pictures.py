"""A callback that draws the detections on some key frames after each validation."""

from pathlib import Path
from typing import Any, cast

import lightning as L
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import WandbLogger
from numpy.typing import NDArray

from yowo.contracts import ClipBatch, Detections, Target
from yowo.data.datamodule import ClipDataModule
from yowo.inference.drawing import contact_sheet, draw_truth_and_detections, save_picture
from yowo.models.postprocess import to_cpu, to_show


class KeyFramePictures(Callback):
    """Draws key frames with true and predicted boxes after each validation, into a picture file and in W&B.

    A person who does one thing at a time is drawn with one box, the best one.

    The key frames are spread over the held-out split and are the same in every epoch.
    """

    def __init__(self, folder: str, count: int = 8, score_threshold: float = 0.3) -> None:
        """Store the arguments.

        Args:
            folder: Folder of the pictures.
            count: Number of key frames.
            score_threshold: Only detections above this score are drawn, 0..1.
        """
        self.folder, self.count, self.score_threshold = Path(folder), count, score_threshold
        self._found: dict[int, tuple[NDArray[np.uint8], Target, Detections]] = {}

    def on_validation_batch_end(
        self,
        trainer: L.Trainer,
        pl_module: L.LightningModule,
        outputs: Any,
        batch: ClipBatch,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Store the key frames of a batch that will be drawn."""
        if not trainer.is_global_zero or outputs is None:
            return
        data = cast(ClipDataModule, cast(Any, trainer).datamodule)
        total = len(data.dataset("val"))
        wanted = set(np.linspace(0, total - 1, min(self.count, total)).round().astype(int).tolist())
        for place, index in enumerate(batch.positions):
            if index not in wanted:
                continue
            frame = data.eval_transform.to_picture(cast(torch.Tensor, batch.clips)[place, :, -1])
            target = batch.targets[place]
            truth = Target(boxes=target["boxes"].cpu(), labels=target["labels"].cpu())
            self._found[index] = (frame, truth, to_cpu(outputs["detections"][place]))

    def on_validation_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Draw the stored key frames into one picture, and log them to W&B."""
        if not self._found or not trainer.is_global_zero or trainer.sanity_checking:
            return
        data = cast(ClipDataModule, cast(Any, trainer).datamodule)
        names = data.data.classes
        pictures = [
            draw_truth_and_detections(frame, truth, to_show(found, self.score_threshold), names)
            for _, (frame, truth, found) in sorted(self._found.items())
        ]
        captions = [f"key frame {index}" for index in sorted(self._found)]
        sheet = contact_sheet(pictures, captions, columns=4)
        save_picture(self.folder / f"epoch_{trainer.current_epoch:03d}.png", sheet)
        for logger in trainer.loggers:
            if isinstance(logger, WandbLogger):
                _log_boxes(logger, sorted(self._found.items()), names, self.score_threshold)
        self._found.clear()


def _log_boxes(logger: WandbLogger, found: list[Any], names: tuple[str, ...], threshold: float) -> None:
    """Log key frames with boxes that can be shown and hidden in W&B."""
    labels = dict(enumerate(names))
    boxes = []
    for _, (_, truth, detections) in found:
        shown = to_show(detections, threshold)
        boxes.append(
            {
                "truth": {"box_data": _box_data(truth["boxes"], truth["labels"], None), "class_labels": labels},
                "detections": {
                    "box_data": _box_data(shown["boxes"], shown.get("labels", shown["scores"]), shown["scores"]),
                    "class_labels": labels,
                },
            }
        )
    logger.log_image("val/key_frames", [frame for _, (frame, _, _) in found], boxes=boxes)


def _box_data(boxes: torch.Tensor, labels: torch.Tensor, scores: torch.Tensor | None) -> list[dict[str, Any]]:
    """Convert boxes to W&B's format; a person with several actions gets the one with the highest score.

    Args:
        boxes: float [N, 4], x1 y1 x2 y2 as fractions of the picture.
        labels: int64 [N], or float [N, C] with a score or label per class.
        scores: float [N] or [N, C], 0..1; None for ground truth.

    Returns:
        One dict per box.
    """
    classes = labels if labels.ndim == 1 else labels.argmax(dim=1)
    best = None if scores is None else scores if scores.ndim == 1 else scores.amax(dim=1)
    return [
        {
            "position": dict(zip(("minX", "minY", "maxX", "maxY"), map(float, box), strict=True)),
            "class_id": int(classes[i]),
            **({} if best is None else {"scores": {"score": float(best[i])}}),
        }
        for i, box in enumerate(boxes)
    ]
