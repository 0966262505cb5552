"""`yowo eval`: evaluate a checkpoint on its held-out split."""

import logging
from pathlib import Path
from typing import Any, cast

import lightning as L
from omegaconf import DictConfig
from rich.console import Console
from torchmetrics import MetricCollection

from yowo.commands.interruption import if_interrupted
from yowo.commands.log_lines import note
from yowo.commands.records import record_run, run_folder
from yowo.commands.starting_weights import load_network
from yowo.config.build import build_detector
from yowo.config.build_training import build_datamodule, build_module, build_trainer
from yowo.data.datamodule import ClipDataModule
from yowo.evaluation.key_frame_metric import KeyFrameMetric
from yowo.evaluation.metric_groups import merge_reports
from yowo.evaluation.score_details import merge_details
from yowo.reports.chart_output import save_picture
from yowo.reports.charts import class_bars
from yowo.reports.html_report import write_page
from yowo.reports.metrics_file import write_metrics
from yowo.reports.narrow_tables import print_table
from yowo.reports.number_text import percent
from yowo.reports.published import row_of
from yowo.reports.score_figures import score_figures, usual_columns
from yowo.reports.terminal_tables import score_tables
from yowo.training.guarding.processes import EndProcesses
from yowo.training.module import ActionDetection
from yowo.training.progress import ProgressLines, TerminalBar
from yowo.whole_file import disk_errors

log = logging.getLogger(__name__)


@disk_errors()
def evaluate_checkpoint(config: DictConfig) -> None:
    """Evaluate the weights of `checkpoint` as configured, print and write the result."""
    record_run(config)
    data = build_datamodule(config)
    detector = build_detector(config)
    load_network(detector, config)
    module = build_module(config, detector, data)
    callbacks = [TerminalBar(), ProgressLines(), EndProcesses()]
    trainer = build_trainer(config, logger=False, callbacks=callbacks, enable_checkpointing=False)
    with if_interrupted(lambda: f"{seen(module, data)}; nothing is kept of a part, run the command again"):
        metrics = evaluate(trainer, module, data, config, None)
    if trainer.is_global_zero:
        tested = _test_metrics(module)
        title = f"checkpoint: {config.exported or config.checkpoint or config.weights.file}"
        lines = [title]
        lines += [f"detections: {path}" for metric in tested if (path := metric.save_detections(run_folder()))]
        if config.report is not None:
            write_page(config.report, title, metrics, merge_details(metric.details() for metric in tested))
            lines.append(f"report: {config.report}")
        report(metrics, run_folder(), "\n".join(lines))


def evaluate(
    trainer: L.Trainer, module: ActionDetection, data: ClipDataModule, config: DictConfig, checkpoint: str | None
) -> dict[str, Any]:
    """Run the held-out split once.

    Args:
        trainer: Chooses the devices; with several processes, all must call this.
        module: Detector and metrics.
        data: The data set.
        config: Gives the protocol, and what the published row is found by.
        checkpoint: Weights to load first; None keeps those in the module.

    Returns:
        The metrics as metrics.json holds them, fractions 0..1.
    """
    trainer.test(module, data, ckpt_path=checkpoint, verbose=False, weights_only=True)
    metrics: dict[str, Any] = {"protocol": config.dataset.protocol, "num_key_frames": len(data.dataset("val"))}
    metrics |= merge_reports(metric.report() for metric in _test_metrics(module))
    lfb = "lfb" if config.get("context") else None
    row = row_of(str(config.model.name), str(config.dataset.name), int(config.dataset.clip_len), lfb)
    return metrics if row is None else {**metrics, "published": row.figures()}


def seen(module: ActionDetection, data: ClipDataModule) -> str:
    """Say how many key frames of a test were evaluated."""
    frames = sum(len(frames) for frames in _test_metrics(module)[0].frames)
    return f"{frames} of {len(data.dataset('test'))} key frames were evaluated"


def report(metrics: dict[str, Any], folder: Path, title: str) -> None:
    """Print the tables; write metrics.json and, where there is AP by class, the picture frame_ap.png into `folder`."""
    console = Console()
    for table in score_tables(metrics):
        print_table(console, table)
    for figure in score_figures(metrics):
        note(f"{figure.name}: {percent(figure.value)} % ({figure.rule})")
    log.info("%s", title)
    write_metrics(folder / "metrics.json", metrics)
    for column in usual_columns(metrics)[:1]:
        save_picture(class_bars({column.name: column.by_class}), folder / "frame_ap.png")
    log.info("metrics: %s", folder / "metrics.json")


def _test_metrics(module: ActionDetection) -> list[KeyFrameMetric[Any]]:
    return cast(list[KeyFrameMetric[Any]], list(cast(MetricCollection, module.metrics["test"]).values()))
