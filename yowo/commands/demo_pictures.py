"""What `yowo demo` leaves to look at: a sheet of key frames, and a GIF of tubes with their identities and trails."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from omegaconf import DictConfig

from yowo.commands.output_paths import table_path
from yowo.commands.watch_source import watch_source
from yowo.config.build import build_eval_transform, make
from yowo.config.frame_detector import build_frame_detector
from yowo.contracts import Target
from yowo.data.datamodule import ClipDataModule
from yowo.data.dataset import collate
from yowo.data.key_frames import AnnotatedVideo
from yowo.inference.clear_tubes import clearest
from yowo.inference.drawing import (
    contact_sheet,
    draw_truth_and_detections,
    draw_tubes,
    save_picture,
    tube_legend,
)
from yowo.inference.frame_painter import FramePainter
from yowo.inference.gif import write_gif
from yowo.inference.outputs.box_table_output import BoxTableOutput
from yowo.inference.outputs.frame_output import StreamFacts
from yowo.inference.outputs.video_output import VideoOutput
from yowo.inference.streaming import FrameResult, detect_frames
from yowo.inference.watching.watch import Watching
from yowo.models.detector import Detector
from yowo.tubes.linking import Linker, VideoDetections
from yowo.video.frame_source import open_file

SHEET = 12
"""Number of held-out key frames on the contact sheet."""
EVERY = 2
"""The GIF shows every second frame: half the size, at the same speed."""
LEGEND_TEXT = 13
"""Size of the legend's text in pixels."""


def liveliest(videos: Sequence[AnnotatedVideo], count: int) -> list[AnnotatedVideo]:
    """Return the videos with the most annotated boxes, those with the most first."""
    return sorted(videos, key=lambda v: -sum(len(tube.boxes) for tube in v.tubes))[:count]


@torch.inference_mode()
def draw_sheet(detector: Detector, data: ClipDataModule, config: DictConfig, path: Path) -> None:
    """Draw held-out key frames, spread over the split, with true and detected boxes.

    Args:
        detector: The detector, in evaluation mode, on the CPU.
        data: The data module whose held-out split is drawn.
        config: The configuration with classes and thresholds.
        path: The picture to write.
    """
    dataset = data.dataset("val")
    places = np.linspace(0, len(dataset) - 1, min(SHEET, len(dataset))).round().astype(int)
    batch = collate([dataset[int(place)] for place in places])
    clips, targets = build_eval_transform(config)(list(batch.clips), batch.targets)
    found = detector.postprocess.with_options(score_threshold=config.dataset.show_threshold)(detector(clips))
    names = list(config.dataset.classes)
    pictures = [
        draw_truth_and_detections(frames[-1].permute(1, 2, 0).numpy(), Target(**target), detections, names)
        for frames, target, detections in zip(batch.clips, targets, found, strict=True)
    ]
    captions = [f"{dataset.key_frames[int(p)].video}, frame {dataset.key_frames[int(p)].frame}" for p in places]
    save_picture(path, contact_sheet(pictures, captions, columns=4))


def draw_gif(detector: Detector, config: DictConfig, videos: Sequence[AnnotatedVideo], path: Path) -> None:
    """Draw the tubes of videos, side by side over a legend, as a GIF.

    Args:
        detector: The detector, in evaluation mode, on the CPU.
        config: Names classes, clip length, linker and decoder.
        videos: Of one size; the shortest one ends the GIF.
        path: The file to write.

    Raises:
        VideoError: A video cannot be read.
    """
    linker: Linker = make(config.linker)
    names = list(config.dataset.classes)
    shown, rates = [], []
    for video in videos:
        with open_file(video.path, config.decoder.name) as frames:
            rates.append(frames.fps)
            results = list(
                detect_frames(
                    detector,
                    detector.postprocess,
                    build_eval_transform(config),
                    frames,
                    config.dataset.clip_len,
                    config.dataset.dilation,
                )
            )
        tubes = clearest(linker(as_video(results), len(names)))
        shown.append([draw_tubes(r.picture, tubes, r.frame, names, scale=2) for r in results[::EVERY]])
    write_gif(path, [_panel(pictures) for pictures in zip(*shown, strict=False)], rates[0] / EVERY)


def draw_video(detector: Detector, config: DictConfig, video: AnnotatedVideo, path: Path) -> None:
    """Write a video with the tubes that are found on it, and the table of boxes beside it.

    Args:
        detector: The detector, on the CPU.
        config: Names classes, clip length, threshold, linker and decoder.
        video: The video.
        path: The video to write.

    Raises:
        VideoError: The video cannot be read.
        YowoError: A file cannot be written.
    """
    names, open_it = list(config.dataset.classes), partial(open_file, video.path, config.decoder.name)
    with open_it() as frames:
        size = (frames.width, frames.height)
        facts = StreamFacts(video.name, video.path, frames.fps, *size, frames.length, False, names, False)
        watch_source(
            frames,
            open_it,
            build_frame_detector(config, detector, "cpu"),
            make(config.linker),
            lambda meter: [
                VideoOutput(path, facts, FramePainter(names, size)),
                BoxTableOutput(table_path(path), facts),
            ],
            facts,
            Watching(video.name, config.dataset.show_threshold),
        )


def as_video(results: Sequence[FrameResult]) -> VideoDetections:
    """Gather the detections of a video's frames for a linker, boxes in pixels."""
    found = [r.detections for r in results]
    height, width = results[0].picture.shape[:2]
    boxes = torch.cat([f["boxes"] for f in found]).numpy() * np.array([width, height] * 2, np.float32)
    return VideoDetections(
        frames=np.repeat([r.frame for r in results], [len(f["boxes"]) for f in found]).astype(np.int64),
        labels=torch.cat([f["labels"] for f in found]).numpy(),
        scores=torch.cat([f["scores"] for f in found]).numpy(),
        boxes_xyxy=boxes.astype(np.float32),
        num_frames=len(results),
    )


def _panel(pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Lay pictures of one height side by side, over the legend."""
    row = np.concatenate(pictures, axis=1)
    return np.concatenate([row, tube_legend(row.shape[1], LEGEND_TEXT)])
