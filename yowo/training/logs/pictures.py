"""A callback that draws the detections on some key frames after each validation."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import lightning as L
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback
from numpy.typing import NDArray

from yowo.contracts import ClipBatch, Detections, Target
from yowo.data.datamodule import ClipDataModule
from yowo.inference.drawing import TOP_ACTIONS, contact_sheet, draw_truth_and_detections, save_picture
from yowo.models.postprocess import to_cpu, to_show
from yowo.training.logs.media import files_may_fail, show_picture, to_wandb_runs

KEY = "val/key_frames"


class KeyFramePictures(Callback):
    """Draws key frames with true and predicted boxes after each validation, into a picture file and the loggers.

    TensorBoard shows the picture; in W&B the boxes lie over the frames and are switched on and off by class and score.
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

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Draw the stored key frames into one picture, and log them."""
        found, self._found = sorted(self._found.items()), {}
        if not found or not trainer.is_global_zero or trainer.sanity_checking:
            return
        data = cast(ClipDataModule, cast(Any, trainer).datamodule)
        names = data.data.classes
        pictures = [
            draw_truth_and_detections(frame, truth, to_show(detections, self.score_threshold), names)
            for _, (frame, truth, detections) in found
        ]
        captions = [_caption(data, index) for index, _ in found]
        sheet = contact_sheet(pictures, captions, columns=4)
        with files_may_fail("pictures of key frames"):
            save_picture(self.folder / f"epoch_{trainer.current_epoch:03d}.png", sheet)
        show_picture(trainer, KEY, sheet, to_wandb=False)
        frames = [(frame, truth, to_show(detections, self.score_threshold)) for _, (frame, truth, detections) in found]
        to_wandb_runs(
            trainer,
            KEY,
            lambda wandb: [
                wandb.Image(frame, caption=caption, boxes=overlays(truth, detections, names))
                for (frame, truth, detections), caption in zip(frames, captions, strict=True)
            ],
        )


def overlays(truth: Target, detections: Detections, names: Sequence[str]) -> dict[str, Any]:
    """Return true and detected boxes of a frame as W&B lays them over it.

    Args:
        truth: `boxes` float [N, 4], 0..1, and `labels` int [N] or float [N, C].
        detections: Detections of the frame that are shown, see `Detections`.
        names: Names of the C classes.

    Returns:
        Groups `truth` and `detections` of boxes, with the names of the classes.
    """
    labels = dict(enumerate(names))
    scores = detections["scores"]
    return {
        "truth": {"box_data": box_data(truth["boxes"], truth["labels"], None, names), "class_labels": labels},
        "detections": {
            "box_data": box_data(detections["boxes"], detections.get("labels", scores), scores, names),
            "class_labels": labels,
        },
    }


def box_data(
    boxes: torch.Tensor, labels: torch.Tensor, scores: torch.Tensor | None, names: Sequence[str]
) -> list[dict[str, Any]]:
    """Convert boxes to W&B's format; a person with several actions has the colour of the one with the highest score.

    Args:
        boxes: float [N, 4], x1 y1 x2 y2 as fractions of the picture.
        labels: int64 [N], or float [N, C] with a score or label per class.
        scores: float [N] or [N, C], 0..1; None for ground truth.
        names: Names of the C classes.

    Returns:
        One dict per box; its caption names the class with its score, or the best `TOP_ACTIONS` of several.
    """
    several = labels.ndim == 2
    entries = []
    for row, box in enumerate(boxes.tolist()):
        chosen = _best_actions(labels[row]) if several else [int(labels[row])]
        values = [] if scores is None else [float(scores[row][i]) if several else float(scores[row]) for i in chosen]
        words = [names[i] if scores is None else f"{names[i]} {values[n]:.2f}" for n, i in enumerate(chosen)]
        entries.append(
            {
                "position": dict(zip(("minX", "minY", "maxX", "maxY"), box, strict=True)),
                "class_id": chosen[0],
                "box_caption": ", ".join(words),
                **({"scores": {"score": values[0]}} if values else {}),
            }
        )
    return entries


def _best_actions(values: torch.Tensor) -> list[int]:
    """Return the classes that a person does, best first, at most `TOP_ACTIONS`; values float [C]."""
    best = values.argsort(descending=True)[:TOP_ACTIONS].tolist()
    return [i for i in best if values[i] > 0] or best[:1]


def _caption(data: ClipDataModule, index: int) -> str:
    key = data.dataset("val").key_frames[index]
    return f"{key.video}, frame {key.frame}"
