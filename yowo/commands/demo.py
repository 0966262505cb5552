"""`yowo demo`: generate videos, train, evaluate with and without motion, detect, draw."""

import time
from pathlib import Path

import numpy as np
import torch
from omegaconf import DictConfig, OmegaConf
from rich.console import Console

from yowo.commands.annotated_video import annotate
from yowo.commands.eval import evaluate, report
from yowo.commands.records import record_run, run_folder
from yowo.commands.train import BEST, fit
from yowo.config.build import build_eval_transform
from yowo.config.build_training import build_datamodule
from yowo.contracts import Target
from yowo.data.datamodule import ClipDataModule
from yowo.data.dataset import collate
from yowo.inference.drawing import contact_sheet, draw_truth_and_detections, save_picture
from yowo.models.detector import Detector
from yowo.reports.metrics_file import write_metrics
from yowo.video.frame_source import open_file
from yowo.whole_file import disk_errors

SHEET = 12
"""Number of held-out key frames on the contact sheet."""


@disk_errors()
def demo(config: DictConfig) -> None:
    """Train, evaluate and detect on generated videos, and print the paths of the results."""
    begin = time.perf_counter()
    console = Console()
    folder = run_folder()
    record_run(config)
    trainer, module, data = fit(config)
    best = str(folder / BEST)
    metrics = evaluate(trainer, module, data, config, best)
    still_config = OmegaConf.merge(config, {"dataset": {"repeat_key_frame": True}})
    still = evaluate(trainer, module, build_datamodule(still_config), still_config, best)  # type: ignore[arg-type]
    metrics["frame_map_key_frame_only"] = still["frame_map"]
    report(metrics, folder, f"best checkpoint: {best}")
    video = liveliest(data)
    output = folder / f"{Path(video).stem}_detected.mp4"
    detector = module.detector.eval()
    with open_file(video, config.decoder.name) as frames:
        annotate(detector, config, frames, Path(video).stem, output)
    sheet = folder / "contact_sheet.png"
    draw_sheet(detector, data, config, sheet)
    metrics["seconds"] = round(time.perf_counter() - begin, 1)
    write_metrics(folder / "metrics.json", metrics)
    console.print(
        f"held-out frame-mAP@0.5: {metrics['frame_map']['0.5']:.3f}, with every clip replaced by its key frame: "
        f"{still['frame_map']['0.5']:.3f} ({metrics['seconds']:.0f} s in total)\n"
        f"annotated video: {output}\ncontact sheet:   {sheet}",
        highlight=False,
        soft_wrap=True,
    )


def liveliest(data: ClipDataModule) -> str:
    """Return the path of the held-out video with the most annotated boxes."""
    videos = data.data.videos("val")
    return max(videos, key=lambda v: sum(len(tube.boxes) for tube in v.tubes)).path


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
