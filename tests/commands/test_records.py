import json
from types import SimpleNamespace

import pytest
from omegaconf import OmegaConf

from yowo.commands import records


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The folder of a run that Hydra has begun."""
    overrides = SimpleNamespace(task=["seed=1", "resume=last.ckpt", "model=from_checkpoint"])
    hydra = SimpleNamespace(runtime=SimpleNamespace(output_dir=str(tmp_path)), overrides=overrides)
    monkeypatch.setattr(records.HydraConfig, "get", lambda: hydra)
    return tmp_path


def test_a_run_keeps_its_resolved_configuration_and_versions(folder):
    records.record_run(OmegaConf.create({"a": 1, "b": "${a}"}))
    assert (folder / "config.yaml").read_text() == "a: 1\nb: 1\n"
    record = json.loads((folder / "run.json").read_text())
    assert record["versions"]["torch"] and isinstance(record["git_dirty"], (bool, type(None)))
    assert record["git_commit"] is None or len(record["git_commit"]) == 40
    assert {"host", "process", "process_began", "command", "python", "starts"} <= set(record)


def test_each_start_of_a_run_is_in_its_record(folder):
    records.record_run(OmegaConf.create({"seed": 1}))
    records.record_training(10.0, 56, {"max_epochs": 2})
    records.record_run(OmegaConf.create({"seed": 1, "trainer": {"max_epochs": 3}}), ["seed=0", "trainer=cpu"])
    record = json.loads((folder / "run.json").read_text())
    assert [start["overrides"] for start in record["starts"]] == [["seed=1"], ["trainer=cpu", "seed=1"]]
    assert "trained" not in record and record["seconds"] == 10.0


def test_what_training_took_is_added_to_the_record(folder):
    records.record_run(OmegaConf.create({"a": 1}))
    records.record_training(12.34, 56)
    records.record_training(1.0, 56)
    record = json.loads((folder / "run.json").read_text())
    assert (record["seconds"], record["parameters"]) == (13.3, 56) and record["versions"]


@pytest.mark.parametrize(
    ("trained", "wanted", "expected"),
    [
        ({"max_epochs": 5, "max_steps": None}, {"max_epochs": 5}, True),
        ({"max_epochs": 5, "max_steps": None}, {"max_epochs": 6}, False),
        ({"max_epochs": 5, "max_steps": None}, {"max_epochs": -1}, False),
        ({"max_epochs": 5, "max_steps": -1}, {"max_epochs": 5, "max_steps": 10}, False),
        (None, {"max_epochs": 5}, False),
    ],
)
def test_a_run_is_trained_if_it_was_trained_for_as_long(trained, wanted, expected):
    assert records.is_trained({"trained": trained}, OmegaConf.create({"trainer": wanted})) is expected


def test_only_the_first_process_writes(folder, monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "1")
    records.record_run(OmegaConf.create({"a": 1}))
    records.record_training(1.0, 2)
    assert not list(folder.iterdir())
    monkeypatch.setenv("LOCAL_RANK", "0")
    records.record_run(OmegaConf.create({"a": 1}))
    assert {path.name for path in folder.iterdir()} == {"config.yaml", "run.json"}


def test_a_data_sets_folder_that_nobody_gave_does_not_stop_a_detection(folder):
    records.record_run(OmegaConf.create({"root": "???", "source": {"root": "${root}"}}))
    assert "root: ${root}" in (folder / "config.yaml").read_text()
