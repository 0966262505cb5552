import json
import re
from argparse import Namespace
from pathlib import Path

from benchmarks import gpu
from tests.conftest import ROOT


def figures(setting, quick):
    yield {"model": "a", "ms": 1.5}
    yield {"model": "b", "ms": 2.5}


def test_a_part_gives_its_figures_as_they_come(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(gpu.PARTS, "inference", ("Inference", 5, figures))
    options = Namespace(quick=True, reference=None, output=tmp_path / "gpu.json")
    gpu.run_part("inference", options)
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    kept = [json.loads(line) for line in (tmp_path / "gpu.jsonl").read_text().splitlines()]
    assert printed == list(figures(None, True)) and kept == [{"part": "inference", **figure} for figure in printed]


def test_tables_and_figures_are_written_also_where_a_part_fails(monkeypatch, tmp_path, capsys):
    found = {
        "training": ([{"model": "a", "ms": 1.5}], "ended by its limit of 5 s"),
        "inference": ([], "ended with an error"),
    }
    monkeypatch.setattr(gpu, "part", lambda name, options, limit: found[name])
    gpu.main(["--quick", "--parts", "training", "inference", "--output", str(tmp_path / "gpu.json")])
    out = capsys.readouterr().out
    assert "| model | ms |\n| --- | --- |\n| a | 1.5 |" in out and "Training steps: ended by its limit of 5 s" in out
    kept = json.loads((tmp_path / "gpu.json").read_text())
    assert kept["figures"] == {"training": [{"model": "a", "ms": 1.5}], "inference": []}
    assert kept["notes"] == {name: wrong for name, (_, wrong) in found.items()} and kept["machine"]["torch"]


def test_the_limits_of_the_parts_end_before_eight_minutes():
    assert gpu.TOTAL <= 480 and max(limit for _, limit, _ in gpu.PARTS.values()) < gpu.TOTAL / 2


def test_the_list_of_wheels_has_the_packages_own_limits():
    wheels = set((ROOT / "benchmarks" / "gpu_wheels.txt").read_text().splitlines())
    needed = re.findall(r'^    "([a-z-]+(?:_loader)?>=[^";]*)', Path(ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    for name in ("torchmetrics", "hydra-core", "omegaconf", "av"):
        assert next(line for line in needed if line.startswith(f"{name}>=")) in wheels
