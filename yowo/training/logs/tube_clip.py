"""A short clip of a held-out video with true boxes and linked detections, after each validation."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import lightning as L
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.utilities.types import STEP_OUTPUT

from yowo.contracts import ClipBatch, Detections, Target, Tube
from yowo.data.datamodule import ClipDataModule
from yowo.data.dataset import ClipDataset, collate
from yowo.data.key_frames import AnnotatedVideo, KeyFrames
from yowo.errors import ConfigError
from yowo.evaluation.key_frame_rows import detection_rows
from yowo.inference.clear_tubes import clearest
from yowo.inference.drawing import contact_sheet, draw_truth_and_detections, draw_tubes
from yowo.models.postprocess import above, to_cpu
from yowo.training.logs.media import Picture, files_may_fail, show_picture, to_wandb_runs
from yowo.tubes.linking import Linker, VideoDetections
from yowo.video.reader import open_video
from yowo.video.writer import VideoWriter

KEY = "val/tubes"
SHEET = 8
"""Frames of the clip that TensorBoard shows as one picture, because videos there need a package of their own."""
NO_TRUTH = Target(boxes=torch.zeros(0, 4), labels=torch.zeros(0, dtype=torch.int64))


@dataclass
class _Frame:
    """A frame of the clip with what was found on it."""

    picture: Picture
    truth: Target
    detections: Detections


@dataclass
class _Clip:
    """The clip: a video, the frames that are drawn, and which of them are key frames of the held-out split."""

    video: AnnotatedVideo
    frames: list[int]
    positions: dict[int, int]
    """Position in the split: place among the frames."""
    fps: float
    found: dict[int, _Frame] = field(default_factory=dict)


class TubeClip(Callback):
    """Draws a few seconds of a held-out video: true boxes white and dashed, linked detections in colours.

    The clip is the same after each validation: the frames from the one with the most annotated boxes on, of the video
    with the most. What validation detects on them is taken; on frames that it does not look at, and on those that
    another process looks at, the network runs once more, so a clip costs at most `frames` / `stride` clips of the
    network. W&B gets the video, TensorBoard some of its frames.
    """

    def __init__(
        self,
        folder: str,
        linker: Linker,
        video: str | None = None,
        frames: int = 48,
        stride: int = 2,
        every: int = 1,
        score_threshold: float = 0.3,
    ) -> None:
        """Store the arguments.

        Args:
            folder: Folder of the videos, one file for each validation.
            linker: Makes tubes of detections.
            video: Name of the held-out video; None takes the one with the most annotated boxes.
            frames: Length of the clip in frames of the video.
            stride: Every n-th of them is drawn.
            every: A clip is drawn after every n-th validation.
            score_threshold: Detections above it are linked, 0..1.

        Raises:
            ConfigError: A number is below 1.
        """
        if min(frames, stride, every) < 1:
            raise ConfigError("callbacks.tube_clip: expected frames, stride and every of at least 1; null draws none")
        self.folder, self.linker, self.video = Path(folder), linker, video
        self.frames, self.stride, self.every, self.score_threshold = frames, stride, every, score_threshold
        self._clip: _Clip | None = None
        self._seen = 0
        self._on = False

    def on_fit_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Choose the clip.

        Raises:
            ConfigError: There is no such held-out video.
        """
        data = _data(trainer)
        videos = data.videos()
        keys = data.dataset("val").key_frames
        boxes = np.bincount(keys.video, weights=keys.box_counts(), minlength=len(videos))
        names = [video.name for video in videos]
        if self.video is not None and self.video not in names:
            raise ConfigError(
                f"callbacks.tube_clip.video={self.video}: there is no such held-out video; they are "
                f"{', '.join(names[:5])}{', ...' if len(names) > 5 else ''}"
            )
        index = int(boxes.argmax()) if self.video is None else names.index(self.video)
        own = np.flatnonzero(keys.video == index)
        busiest = int(keys.frame[own[keys.box_counts()[own].argmax()]]) if len(own) else 0
        video = videos[index]
        start = max(0, min(busiest, video.num_frames - self.frames))
        frames = list(range(start, min(start + self.frames, video.num_frames), self.stride))
        places = {frame: place for place, frame in enumerate(frames)}
        positions = {int(i): places[int(keys.frame[i])] for i in own if int(keys.frame[i]) in places}
        self._clip = _Clip(video, frames, positions, fps=25.0)
        if trainer.is_global_zero:
            with files_may_fail("clips with tubes"), open_video(video.path, backend=video.backend) as reader:
                self._clip.fps = reader.fps or self._clip.fps

    def on_validation_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Begin a clip, if one is due."""
        self._on = self._clip is not None and trainer.is_global_zero and not trainer.sanity_checking
        if self._on:
            self._on = self._seen % self.every == 0
            self._seen += 1
            cast(_Clip, self._clip).found.clear()

    def on_validation_batch_end(
        self,
        trainer: L.Trainer,
        pl_module: L.LightningModule,
        outputs: STEP_OUTPUT,
        batch: ClipBatch,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Keep what was detected on frames of the clip."""
        if not self._on or self._clip is None or outputs is None:
            return
        for row, position in enumerate(batch.positions):
            place = self._clip.positions.get(position)
            if place is not None:
                found = cast(Any, outputs)["detections"][row]
                self._clip.found[place] = _frame(_data(trainer), batch, row, found)

    def on_validation_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Run the network on the other frames, while it has the weights that were validated."""
        if self._on and self._clip is not None:
            with files_may_fail("clips with tubes"):
                self._run(trainer, pl_module, self._clip)

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Link, draw and log."""
        clip = self._clip
        if not self._on or clip is None or len(clip.found) < len(clip.frames):
            return
        names = _data(trainer).data.classes
        shown = [clip.found[place] for place in range(len(clip.frames))]
        pictures = draw_clip(shown, self._tubes(shown, len(names)), names)
        path = self.folder / f"tubes_epoch_{trainer.current_epoch:03d}.mp4"
        what = f"{clip.video.name}, frames {clip.frames[0]} to {clip.frames[-1]}; white and dashed: truth"
        chosen = np.unique(np.linspace(0, len(pictures) - 1, min(SHEET, len(pictures))).round().astype(int)).tolist()
        sheet = contact_sheet([pictures[i] for i in chosen], [f"frame {clip.frames[i]}" for i in chosen], columns=4)
        show_picture(trainer, KEY, sheet, to_wandb=False)
        with files_may_fail("clips with tubes"):
            write_video(path, pictures, clip.fps / self.stride)
            to_wandb_runs(trainer, KEY, lambda wandb: wandb.Video(str(path), caption=what, format="mp4"))
        clip.found.clear()

    @torch.inference_mode()
    def _run(self, trainer: L.Trainer, module: L.LightningModule, clip: _Clip) -> None:
        data = _data(trainer)
        missing = [place for place in range(len(clip.frames)) if place not in clip.found]
        if not missing:
            return
        dataset = ClipDataset(
            KeyFrames.every_frame([clip.video]), data.clip_len, data.dilation, repeat_key_frame=data.repeat_key_frame
        )
        truth = dict(zip(clip.positions.values(), clip.positions, strict=True))
        detector = cast(Any, module).detector
        for start in range(0, len(missing), data.batch_size):
            places = missing[start : start + data.batch_size]
            samples = [dataset[clip.frames[place]] for place in places]
            batch = collate(samples)
            device = module.device
            clips, _ = data.eval_transform([frames.to(device) for frames in batch.clips], [NO_TRUTH] * len(places))
            with trainer.precision_plugin.val_step_context():
                raw = module(clips)
            for row, (place, found) in enumerate(zip(places, detector.postprocess(raw), strict=True)):
                target = data.dataset("val").key_frames[truth[place]] if place in truth else None
                kept = NO_TRUTH if target is None else _target(target.boxes_norm, target.labels)
                clip.found[place] = _frame(data, batch._replace(clips=clips, targets=[kept] * len(places)), row, found)

    def _tubes(self, shown: Sequence[_Frame], num_classes: int) -> list[Tube]:
        """Link the detections of the frames; boxes of the tubes are fractions of the picture."""
        rows = [detection_rows(above(frame.detections, self.score_threshold), num_classes, "clip") for frame in shown]
        scores = [cast(torch.Tensor, row.scores) for row in rows]
        good = [score > self.score_threshold for score in scores]
        height, width = shown[0].picture.shape[:2]
        pixels = np.array([width, height] * 2, np.float32)
        detections = VideoDetections(
            frames=np.repeat(np.arange(len(rows)), [int(mask.sum()) for mask in good]).astype(np.int64),
            labels=torch.cat([row.labels[mask] for row, mask in zip(rows, good, strict=True)]).numpy(),
            scores=torch.cat([score[mask] for score, mask in zip(scores, good, strict=True)]).numpy(),
            boxes_xyxy=torch.cat([row.boxes_norm[mask] for row, mask in zip(rows, good, strict=True)]).numpy() * pixels,
            num_frames=len(rows),
        )
        tubes = clearest(self.linker(detections, num_classes)) if len(detections.labels) else []
        return [Tube(tube.label, tube.start, tube.boxes / pixels, tube.score) for tube in tubes]


def draw_clip(shown: Sequence[Any], tubes: Sequence[Tube], names: Sequence[str]) -> list[Picture]:
    """Draw true boxes and tubes on the frames of a clip.

    Args:
        shown: Frames with `picture` uint8 [H, W, 3] and `truth`.
        tubes: Boxes as fractions of the picture; frames count from 0.
        names: Names of the C classes.

    Returns:
        uint8 [H', W', 3] each, small frames enlarged.
    """
    nothing = Detections(boxes=torch.zeros(0, 4), scores=torch.zeros(0), labels=torch.zeros(0, dtype=torch.int64))
    pictures = []
    for position, frame in enumerate(shown):
        picture = draw_truth_and_detections(frame.picture, frame.truth, nothing, names)
        pixels = np.array([picture.shape[1], picture.shape[0]] * 2, np.float32)
        scaled = [Tube(tube.label, tube.start, tube.boxes * pixels, tube.score) for tube in tubes]
        pictures.append(draw_tubes(picture, scaled, position, names, scale=1))
    return pictures


def write_video(path: Path, pictures: Sequence[Picture], fps: float) -> None:
    """Write pictures, uint8 [H, W, 3] of one size, as a video of `fps` frames per second.

    Raises:
        VideoError: It cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = pictures[0].shape[:2]
    with VideoWriter(path, fps=fps, size=(width, height)) as writer:
        for picture in pictures:
            writer.write(picture)


def _frame(data: ClipDataModule, batch: ClipBatch, row: int, found: Detections) -> _Frame:
    picture = data.eval_transform.to_picture(cast(torch.Tensor, batch.clips)[row, :, -1])
    target = batch.targets[row]
    return _Frame(picture, Target(boxes=target["boxes"].cpu(), labels=target["labels"].cpu()), to_cpu(found))


def _target(boxes: Any, labels: Any) -> Target:
    return Target(boxes=torch.from_numpy(np.array(boxes)), labels=torch.from_numpy(np.array(labels)))


def _data(trainer: L.Trainer) -> ClipDataModule:
    return cast(ClipDataModule, cast(Any, trainer).datamodule)
