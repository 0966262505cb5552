import json
import logging
import pstats

import lightning as L
import pytest
import torch
from torch.utils.data import DataLoader

from yowo.training.trying.profiling import SHOWN, FunctionTimes, PartTimes, StepTrace


class Line(L.LightningModule):
    """One weight."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))

    def training_step(self, batch, batch_idx):
        return (self.weight * batch.mean()).sum()

    def test_step(self, batch, batch_idx):
        return None

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


def trainer(folder, profiler):
    return L.Trainer(
        max_epochs=1,
        profiler=profiler,
        logger=False,
        enable_checkpointing=False,
        accelerator="cpu",
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
    )


@pytest.mark.parametrize(
    ("kind", "files", "line"),
    [
        (PartTimes, {"profile_fit.txt"}, "run_training_batch"),
        (FunctionTimes, {"profile_fit.txt", "profile_fit.prof"}, "fit_loop.py"),
        (StepTrace, {"profile_fit.txt", "trace_fit.json"}, "aten::"),
    ],
)
def test_a_run_leaves_its_profile_and_tells_where(kind, files, line, tmp_path, caplog):
    caplog.set_level(logging.INFO, "yowo")
    folder = tmp_path / "a [run]"
    trainer(tmp_path, kind(str(folder))).fit(Line(), DataLoader(torch.ones(6, 1)))
    assert {path.name for path in folder.iterdir()} == files
    text = (folder / "profile_fit.txt").read_text()
    assert line in text and all(len(row) <= 78 for row in text.splitlines()[1:])
    told = "\n".join(record.getMessage() for record in caplog.records)
    assert "\n".join(text.splitlines()[:SHOWN]) in told and all(str(folder / name) in told for name in files)


def test_a_trace_has_the_steps_after_the_first_and_a_profile_the_functions(tmp_path):
    trainer(tmp_path, StepTrace(str(tmp_path), warmup=1, steps=2)).fit(Line(), DataLoader(torch.ones(6, 1)))
    events = json.loads((tmp_path / "trace_fit.json").read_text())["traceEvents"]
    assert len({e["name"] for e in events if str(e.get("name")).startswith("ProfilerStep#")}) == 2
    assert "profile of 2 training steps on" in (tmp_path / "profile_fit.txt").read_text()
    trainer(tmp_path, FunctionTimes(str(tmp_path))).fit(Line(), DataLoader(torch.ones(2, 1)))
    functions = pstats.Stats(str(tmp_path / "profile_fit.prof")).stats
    assert any(name == "training_step" for _, _, name in functions)


def test_training_and_test_have_a_profile_each(tmp_path):
    runner = trainer(tmp_path, PartTimes(str(tmp_path)))
    runner.fit(Line(), DataLoader(torch.ones(2, 1)))
    runner.test(Line(), DataLoader(torch.ones(2, 1)), verbose=False)
    fitted, tested = ((tmp_path / f"profile_{stage}.txt").read_text() for stage in ("fit", "test"))
    assert "run_training_batch" in fitted and "run_training_batch" not in tested and "test_step" in tested


def test_too_few_steps_for_a_trace_are_said(tmp_path, caplog):
    trainer(tmp_path, StepTrace(str(tmp_path), warmup=3)).fit(Line(), DataLoader(torch.ones(2, 1)))
    assert "profiler=pytorch: 2 training steps are too few, give it at least 4" in caplog.text
    assert not list(tmp_path.glob("profile*"))
