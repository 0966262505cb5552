import math
from types import SimpleNamespace
from typing import ClassVar

import lightning as L
import numpy as np
import pytest
from lightning.pytorch.loggers import CSVLogger

from yowo.evaluation.score_details import ScoreDetails
from yowo.training.logs.class_review import ClassAP, ErrorReview


class FakeMetric:
    def per_class(self):
        return {"0.5": {"run": 0.25, "never_seen": math.nan}, "0.75": {"run": 0.1}}

    def details(self):
        return ScoreDetails(classes=("run",))


class FakeModule:
    metrics: ClassVar = {"val": {"frame": FakeMetric()}}


def test_ap_by_class_reaches_the_logger_without_unknown_classes(tmp_path):
    logger = CSVLogger(tmp_path, name="", version="")
    trainer = L.Trainer(logger=logger, accelerator="cpu", enable_checkpointing=False, enable_progress_bar=False)
    ClassAP().on_validation_end(trainer, FakeModule())
    logger.save()
    assert (tmp_path / "metrics.csv").read_text().split() == ["step,val/ap/run", "0,0.25"]


class Recorder:
    """A logger that keeps what it is given."""

    def __init__(self):
        self.seen = []

    def log_metrics(self, values, step):
        self.seen.append((step, values))


@pytest.mark.parametrize(
    ("first", "checking", "logged"), [(True, False, [(3, {"val/ap/run": 0.25})]), (False, False, []), (True, True, [])]
)
def test_ap_by_class_is_logged_by_the_first_process_alone_and_not_in_the_check_before_training(first, checking, logged):
    logger = Recorder()
    trainer = SimpleNamespace(is_global_zero=first, sanity_checking=checking, loggers=[logger], global_step=3)
    ClassAP().on_validation_end(trainer, FakeModule())
    assert logger.seen == logged


def test_a_metric_without_kinds_of_errors_gives_no_picture(tmp_path):
    trainer = SimpleNamespace(is_global_zero=True, sanity_checking=False, loggers=[], global_step=3)
    ErrorReview(str(tmp_path / "pictures")).on_validation_end(trainer, FakeModule())
    assert not np.any([path.exists() for path in (tmp_path / "pictures",)])
