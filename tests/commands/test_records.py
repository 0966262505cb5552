import json
from types import SimpleNamespace

from omegaconf import OmegaConf

from yowo.commands import records


def test_a_run_keeps_its_resolved_configuration_and_versions(tmp_path, monkeypatch):
    runtime = SimpleNamespace(runtime=SimpleNamespace(output_dir=str(tmp_path)))
    monkeypatch.setattr(records.HydraConfig, "get", lambda: runtime)
    records.record_run(OmegaConf.create({"a": 1, "b": "${a}"}))
    assert (tmp_path / "config.yaml").read_text() == "a: 1\nb: 1\n"
    record = json.loads((tmp_path / "run.json").read_text())
    assert record["versions"]["torch"] and set(record) == {"command", "python", "versions", "git_commit"}


def test_a_data_sets_folder_that_nobody_gave_does_not_stop_a_detection(tmp_path, monkeypatch):
    runtime = SimpleNamespace(runtime=SimpleNamespace(output_dir=str(tmp_path)))
    monkeypatch.setattr(records.HydraConfig, "get", lambda: runtime)
    records.record_run(OmegaConf.create({"root": "???", "source": {"root": "${root}"}}))
    assert "root: ${root}" in (tmp_path / "config.yaml").read_text()
