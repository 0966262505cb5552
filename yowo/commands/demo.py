"""`yowo demo`: generate videos, train, evaluate with and without motion, detect, draw; in one time limit."""

from typing import Any

import lightning as L
import torch
from omegaconf import DictConfig, OmegaConf
from rich.console import Console

from yowo.commands.demo_pictures import draw_gif, draw_sheet, draw_video, liveliest
from yowo.commands.demo_time import LEAST_VIDEOS, TimeLimit, timed, videos_in_time
from yowo.commands.eval import evaluate, report
from yowo.commands.fitting import fit
from yowo.commands.records import record_run, record_training, run_folder
from yowo.commands.train import BEST
from yowo.config.build_training import build_datamodule
from yowo.data.datamodule import ClipDataModule
from yowo.data.dataset import collate
from yowo.evaluation.score_details import ScoreDetails, merge_details
from yowo.models.detector import Detector
from yowo.reports.html_report import write_page
from yowo.reports.metrics_file import write_metrics
from yowo.training.callbacks import time_budgets
from yowo.training.module import ActionDetection
from yowo.whole_file import disk_errors

STILL_SHARE = 4
"""The control without motion looks at one in this many of the videos."""
TEST_COST = 1.6
"""A test takes so many times the seconds of its forward passes: reading, losses, matching, linking."""
PANELS = 2
"""Videos in the GIF."""


@disk_errors()
def demo(config: DictConfig) -> None:
    """Train, evaluate and detect on generated videos, and print the paths of the results."""
    limit = TimeLimit(config.seconds)
    console = Console()
    folder = run_folder()
    record_run(config)
    build_datamodule(config).prepare_data()
    left = limit.for_training()
    if left is None or config.callbacks.get("budget") is None:
        config.callbacks.budget = None
    else:
        config.callbacks.budget.seconds = left
    begin = limit.spent()
    trainer, module, data = fit(config)
    trained, steps, planned = limit.spent() - begin, trainer.global_step, _planned(trainer)
    record_training(trained, sum(p.numel() for p in module.detector.parameters()))
    trainer.save_checkpoint(folder / BEST, weights_only=False)
    metrics, details = evaluate_in_time(trainer, module, data, config, limit)
    metrics |= {"steps": steps, "planned_steps": planned, "training_seconds": round(trained, 1)}
    report(metrics, folder, f"checkpoint: {folder / BEST}")
    write_page(folder / "report.html", f"yowo demo: {folder / BEST}", metrics, details)
    detector = module.detector.eval()
    shown = liveliest(data.videos(), PANELS)
    output = folder / f"{shown[0].name}_detected.mp4"
    draw_video(detector, config, shown[0], output)
    draw_gif(detector, config, shown, folder / "tubes.gif")
    draw_sheet(detector, data, config, folder / "contact_sheet.png")
    metrics["seconds"] = round(limit.spent(), 1)
    write_metrics(folder / "metrics.json", metrics)
    ended_by_time = any(budget.ended for budget in time_budgets(trainer))
    console.print(summary(metrics, config.seconds, ended_by_time), highlight=False, soft_wrap=True)
    for what, path in (
        ("tubes, moving:", folder / "tubes.gif"),
        ("annotated video:", output),
        ("contact sheet:", folder / "contact_sheet.png"),
        ("report:", folder / "report.html"),
    ):
        console.print(f"{what:<17}{path}", highlight=False, soft_wrap=True, markup=False)


def evaluate_in_time(
    trainer: L.Trainer, module: ActionDetection, data: ClipDataModule, config: DictConfig, limit: TimeLimit
) -> tuple[dict[str, Any], ScoreDetails]:
    """Evaluate on as many held-out videos as the time allows, then on some of them with every clip's motion taken away.

    Args:
        trainer: Has trained the module.
        module: Detector and metrics.
        data: The data set.
        config: The configuration of the run.
        limit: The time limit of the command.

    Returns:
        The metrics, also of the control without motion, and the details for the report.
    """
    names = [video.name for video in data.videos()]
    a_video = config.dataset.num_val_frames * frame_seconds(module.detector, data) * TEST_COST
    chosen = videos_in_time(names, limit.for_tests(), a_video * (1 + 1 / STILL_SHARE))
    if len(chosen) < len(names):
        config = _merged(config, {"dataset": {"val_videos": chosen}})
        data = build_datamodule(config)
    metrics = evaluate(trainer, module, data, config, None)
    details = merge_details(metric.details() for metric in module.metrics["test"].values())  # type: ignore[operator]
    part = chosen[: max(LEAST_VIDEOS, len(chosen) // STILL_SHARE)]
    still_config = _merged(config, {"dataset": {"repeat_key_frame": True, "val_videos": part}})
    still = evaluate(trainer, module, build_datamodule(still_config), still_config, None)
    metrics["frame_map_key_frame_only"] = still["frame_map"]
    metrics |= {"num_videos": len(chosen), "num_held_out_videos": len(names), "num_videos_key_frame_only": len(part)}
    return metrics, details


@torch.inference_mode()
def frame_seconds(detector: Detector, data: ClipDataModule) -> float:
    """Measure the seconds that detection on one held-out frame takes on this machine, now."""
    dataset = data.dataset("val")
    batch = collate([dataset[place] for place in range(min(data.batch_size, len(dataset)))])
    clips, _ = data.eval_transform(list(batch.clips), batch.targets)
    detector.eval()
    return timed(lambda: detector.postprocess(detector(clips))) / len(clips)


def summary(metrics: dict[str, Any], seconds: float | None, ended_by_time: bool) -> str:
    """Say what was reached, in how many steps, and what ended training.

    Args:
        metrics: Content of metrics.json.
        seconds: The time limit; None for none.
        ended_by_time: Whether the limit ended training before its last step.
    """
    every = metrics["num_videos"] == metrics["num_held_out_videos"]
    videos = f"{metrics['num_videos']} held-out videos" + ("" if every else f" of {metrics['num_held_out_videos']}")
    end = f"the time limit of {seconds:.0f} s ended it" if ended_by_time else "all that were planned"
    steps = f"{metrics['steps']} of {metrics['planned_steps']} steps in {metrics['training_seconds']:.0f} s"
    return (
        f"frame-mAP@0.5 {metrics['frame_map']['0.5']:.3f} on {videos}; with every clip replaced by its key frame "
        f"{metrics['frame_map_key_frame_only']['0.5']:.3f}, on {metrics['num_videos_key_frame_only']} of them\n"
        f"training: {steps}, {end}; {metrics['seconds']:.0f} s for everything"
    )


def _merged(config: DictConfig, changes: dict[str, Any]) -> DictConfig:
    merged = OmegaConf.merge(config, changes)
    if not isinstance(merged, DictConfig):
        raise TypeError("expected a configuration")
    return merged


def _planned(trainer: L.Trainer) -> int:
    scheduler: Any = trainer.lr_scheduler_configs[0].scheduler
    return int(scheduler.total_steps)
