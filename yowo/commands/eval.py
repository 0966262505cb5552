"""`yowo eval`: the metrics of a checkpoint on its held-out split."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import lightning as L
from lightning.pytorch.callbacks import RichProgressBar
from omegaconf import DictConfig
from rich.console import Console
from torchmetrics import MetricCollection

from yowo.commands.hydra_app import run_hydra
from yowo.commands.records import record_run, run_folder
from yowo.commands.starting_weights import check_network, load_network, remember_network
from yowo.config.build import build_datamodule, build_detector, build_module, build_trainer
from yowo.config.checks import check_root
from yowo.data.datamodule import ClipDataModule
from yowo.evaluation.ava_files import write_ava_csv
from yowo.evaluation.ava_map import AvaMAP
from yowo.evaluation.key_frame_metric import KeyFrameMetric
from yowo.evaluation.video_map import VideoMAP
from yowo.reports.class_chart import plot_class_ap
from yowo.reports.metrics_file import write_metrics
from yowo.reports.published import row_of
from yowo.reports.score_page import write_ava_report, write_video_report
from yowo.reports.score_tables import headline, score_tables
from yowo.training.module import ActionDetection


def run(arguments: Sequence[str]) -> None:
    """Run the command with what was typed after `yowo eval`."""
    run_hydra("eval", evaluate_checkpoint, remember_network("eval", arguments), check)


def check(config: DictConfig) -> None:
    """Check what evaluation needs, before anything is read.

    Raises:
        ConfigError: The checkpoint or the data set's folder is not given or not there.
    """
    check_network(config, "eval")
    check_root(config)


def evaluate_checkpoint(config: DictConfig) -> None:
    """Evaluate the weights of `checkpoint` as configured, print and write the result."""
    record_run(config)
    data = build_datamodule(config)
    detector = build_detector(config)
    load_network(detector, config)
    module = build_module(config, detector, data)
    trainer = build_trainer(config, logger=False, callbacks=[RichProgressBar()], enable_checkpointing=False)
    metrics = evaluate(trainer, module, data, config, None)
    if trainer.is_global_zero:
        saved = save_detections(module, run_folder())
        title = f"checkpoint: {config.checkpoint or config.weights.file}"
        page = None if config.report is None else write_page(module, Path(config.report), title, config.dataset.name)
        lines = [title, *(f"{name}: {path}" for name, path in (("detections", saved), ("report", page)) if path)]
        report(metrics, run_folder(), "\n".join(lines))


def evaluate(
    trainer: L.Trainer, module: ActionDetection, data: ClipDataModule, config: DictConfig, checkpoint: str | None
) -> dict[str, Any]:
    """Run the held-out split once.

    Args:
        trainer: Decides devices; every process takes part.
        module: Holds detector and metric.
        data: The data set.
        config: Names the protocol.
        checkpoint: Weights to load first; None keeps those in the module.

    Returns:
        The metrics as metrics.json holds them, fractions 0..1.
    """
    trainer.test(module, data, ckpt_path=checkpoint, verbose=False, weights_only=True)
    metrics: dict[str, Any] = {"protocol": config.dataset.protocol, "num_key_frames": len(data.dataset("val"))}
    for metric in cast(MetricCollection, module.metrics["test"]).values():
        metrics |= cast(KeyFrameMetric, metric).report()
    lfb = "lfb" if config.get("context") else None
    row = row_of(str(config.model.name), str(config.dataset.name), int(config.dataset.clip_len), lfb)
    return metrics if row is None else {**metrics, "published": row.figures()}


def save_detections(module: ActionDetection, folder: Path) -> Path | None:
    """Write the detections of a test as the exchange file of `yowo score`; None where the metrics keep none."""
    for metric in cast(MetricCollection, module.metrics["test"]).values():
        if isinstance(metric, VideoMAP) and metric.scores is not None:
            metric.scores.table.save(folder / "detections.npz")
            return folder / "detections.npz"
        if isinstance(metric, AvaMAP) and metric.gathered is not None:
            write_ava_csv(folder / "detections.csv", metric.gathered[1])
            return folder / "detections.csv"
    return None


def write_page(module: ActionDetection, path: Path, title: str, dataset: str) -> Path | None:
    """Write the HTML report on a test; None where the metrics have none."""
    for metric in cast(MetricCollection, module.metrics["test"]).values():
        if isinstance(metric, VideoMAP) and metric.scores is not None:
            write_video_report(metric.scores, path, title, dataset)
            return path
        if isinstance(metric, AvaMAP) and metric.scores:
            write_ava_report(metric.scores, metric.evaluated, path, title)
            return path
    return None


def report(metrics: dict[str, Any], folder: Path, title: str) -> None:
    """Print the tables by class; write metrics.json and a bar chart into `folder`."""
    console = Console()
    for table in score_tables(metrics):
        console.print(table)
    console.print(title, highlight=False, soft_wrap=True)
    write_metrics(folder / "metrics.json", metrics)
    by_class = headline(metrics)
    plot_class_ap(by_class, folder / "frame_ap.png")
    console.print(f"metrics: {folder / 'metrics.json'}", highlight=False, soft_wrap=True)
