import json
from types import SimpleNamespace

import pytest
from omegaconf import OmegaConf

from yowo.commands import records


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The folder of a run that Hydra has begun."""
    runtime = SimpleNamespace(runtime=SimpleNamespace(output_dir=str(tmp_path)))
    monkeypatch.setattr(records.HydraConfig, "get", lambda: runtime)
    return tmp_path


def test_a_run_keeps_its_resolved_configuration_and_versions(folder):
    records.record_run(OmegaConf.create({"a": 1, "b": "${a}"}))
    assert (folder / "config.yaml").read_text() == "a: 1\nb: 1\n"
    record = json.loads((folder / "run.json").read_text())
    assert record["versions"]["torch"] and set(record) == {
        "host",
        "process",
        "command",
        "python",
        "versions",
        "git_commit",
    }


def test_what_training_took_is_added_to_the_record(folder):
    records.record_run(OmegaConf.create({"a": 1}))
    records.record_training(12.34, 56)
    record = json.loads((folder / "run.json").read_text())
    assert (record["seconds"], record["parameters"]) == (12.3, 56) and record["versions"]


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
