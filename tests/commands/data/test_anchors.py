import re

import pytest

from tests.make_data import project
from yowo.commands.data.anchors import run
from yowo.config.compose import compose_config
from yowo.errors import ConfigError
from yowo.projects.project import read_facts


def test_anchors_are_shown_as_an_override_that_training_takes(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    run([str(project(tmp_path)), "--count", "2"])
    shown = capsys.readouterr().out
    override = re.search(r"dataset\.anchors=\S+", shown)[0]
    config = compose_config("train", ["dataset=custom", f"dataset.root={tmp_path}", override])
    assert len(config.dataset.anchors) == 2 and all(0 < side <= 1 for pair in config.dataset.anchors for side in pair)
    assert not (tmp_path / "dataset.yaml").exists()


def test_they_are_written_on_demand_and_the_rest_of_the_file_stays(tmp_path, capsys):
    project(tmp_path)
    (tmp_path / "dataset.yaml").write_text("classes: [walk, sit, fly]\nanchors: [[0.9, 0.9]]\n")
    run([str(tmp_path), "--count", "1", "--write"])
    facts = read_facts(tmp_path)
    assert facts.classes == ("walk", "sit", "fly") and len(facts.anchors) == 1 and facts.anchors != [[0.9, 0.9]]
    assert "anchors in dataset.yaml: mean best IoU" in capsys.readouterr().out


def test_more_anchors_overlap_better(tmp_path, capsys):
    overlaps = []
    for count in ("1", "3"):
        run([str(project(tmp_path / count)), "--count", count])
        overlaps.append(float(re.search(r"mean best IoU ([\d.]+)", " ".join(capsys.readouterr().out.split()))[1]))
    assert overlaps[0] < overlaps[1] <= 1


def test_a_count_of_none_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match=r"--count, --seed: expected --count of at least 1 .* got 0 and 0"):
        run([str(tmp_path), "--count", "0"])
