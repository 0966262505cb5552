"""`yowo train`: trains a detector, then evaluates its best checkpoint."""

import logging
import time
from collections.abc import Sequence
from typing import Any, cast

import lightning as L
from omegaconf import DictConfig

from yowo.commands.detection_time import CPU_TIME, detection_time
from yowo.commands.endings import one_ending
from yowo.commands.eval import evaluate, report
from yowo.commands.fitting import build, fit, how_to_go_on
from yowo.commands.interruption import if_interrupted
from yowo.commands.records import (
    is_trained,
    planned,
    record_result,
    record_run,
    record_times,
    record_training,
    run_folder,
)
from yowo.commands.resuming import goes_on
from yowo.commands.run_folder import read_record
from yowo.commands.wandb_end import ends_wandb_run
from yowo.training.guarding.processes import EndProcesses
from yowo.whole_file import disk_errors

log = logging.getLogger(__name__)
BEST = "best.ckpt"


@disk_errors()
@ends_wandb_run()
def train(config: DictConfig, before: Sequence[str] = ()) -> float | None:
    """Train as configured, then evaluate the best checkpoint; a run that goes on does what is left to do.

    Args:
        config: Configuration of the command.
        before: What was typed for the run in earlier starts.

    Returns:
        The best value of the monitored metric, for sweepers; None if there was no validation.
    """
    goes_on(config, run_folder())
    record = read_record(run_folder())
    trained = is_trained(record, config)
    if trained and (record.get("evaluated") or not config.evaluate):
        minutes = config.get("cpu_minutes")
        longer = "; to train longer, give trainer.max_epochs=N" if minutes is None else ""
        length = f"{config.trainer.max_epochs} epochs" if minutes is None else f"{minutes} CPU minutes"
        log.info("%s: the run is complete (%s), nothing is left to do%s", run_folder(), length, longer)
        return cast(float | None, record.get("score"))
    record_run(config, before)
    begin = time.perf_counter()
    processes = EndProcesses(run_folder())
    with one_ending(processes, config), if_interrupted(lambda: how_to_go_on(processes.other_failure())):
        trainer, module, data = (build if trained else fit)(config, processes, before)
    score: float | None = record.get("score") if trained else _best_score(trainer)
    if trained:
        log.info("training is complete; what is left is the evaluation")
    else:
        parameters = sum(p.numel() for p in module.detector.parameters())
        record_training(time.perf_counter() - begin, parameters, planned(config))
        record_result(score, False)
    best = run_folder() / BEST
    if config.evaluate and best.is_file():
        complete = f"training is complete; evaluate it with yowo train resume={run_folder()}"
        with one_ending(processes, config, training=False), if_interrupted(lambda: complete):
            metrics = evaluate(trainer, module, data, config, str(best))
        if trainer.is_global_zero:
            report(metrics, run_folder(), f"best checkpoint: {best}")
    if config.get("time_detection") is not None and trainer.is_global_zero:
        times = detection_time(config, module.detector, trainer.strategy.root_device)
        log.info(
            "detection, frame by frame: %.1f ms a frame, %.1f ms of CPU time", times["ms_a_frame"], times[CPU_TIME]
        )
        record_times(times)
    record_result(score, bool(config.evaluate))
    processes.close()
    return score


def _best_score(trainer: L.Trainer) -> float | None:
    score: Any = getattr(trainer.checkpoint_callback, "best_model_score", None)
    return None if score is None else float(score)
