import json
from types import SimpleNamespace

import pytest
import torch
from lightning.pytorch.loggers import CSVLogger
from omegaconf import OmegaConf

from yowo.commands import records, run_logs


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The folder of a run, with a csv file of three rows and a checkpoint after the second."""
    hydra = SimpleNamespace(runtime=SimpleNamespace(output_dir=str(tmp_path / "run")))
    monkeypatch.setattr(records.HydraConfig, "get", lambda: hydra)
    (tmp_path / "run" / "csv").mkdir(parents=True)
    (tmp_path / "run" / "csv" / "metrics.csv").write_text("a,step\n1,1\n2,2\n3,3\n")
    (tmp_path / "run" / "run.json").write_text(json.dumps({"wandb_id": "abc"}))
    torch.save({"yowo": {"logs": {"step": 2, "csv_rows": 2, "wandb_id": "old"}}}, tmp_path / "run" / "last.ckpt")
    return tmp_path / "run"


def config(folder, resume, name="csv"):
    csv = {"_target_": "lightning.pytorch.loggers.CSVLogger", "save_dir": str(folder), "name": "csv", "version": ""}
    return OmegaConf.create({"logger": {"csv": csv} if name == "csv" else {}, "resume": resume})


def test_logs_go_on_in_the_runs_own_folder(folder):
    (logger,), places = run_logs.run_loggers(config(folder, str(folder / "last.ckpt")))
    assert isinstance(logger, CSVLogger) and places.before["csv_rows"] == 2
    assert (folder / "csv" / "metrics.csv").read_text() == "a,step\n1,1\n2,2\n"


def test_logs_of_a_run_that_begins_elsewhere_are_its_own(folder, tmp_path):
    (tmp_path / "copy.ckpt").write_bytes((folder / "last.ckpt").read_bytes())
    _, places = run_logs.run_loggers(config(tmp_path / "new", str(tmp_path / "copy.ckpt")))
    assert places.before == {} and (folder / "csv" / "metrics.csv").read_text().count("\n") == 4


def test_places_of_logs_that_are_not_written_now_stay(folder):
    loggers, places = run_logs.run_loggers(config(folder, str(folder / "last.ckpt"), "none"))
    checkpoint = {}
    places.on_save_checkpoint(
        SimpleNamespace(
            loggers=loggers,
            is_global_zero=True,
            global_step=5,
            training=False,
            fit_loop=SimpleNamespace(epoch_loop=SimpleNamespace(batch_progress=SimpleNamespace(current=None))),
            _logger_connector=None,
        ),
        None,
        checkpoint,
    )
    assert checkpoint["yowo"]["logs"] == {"step": 5, "csv_rows": 2, "wandb_id": "old"}
