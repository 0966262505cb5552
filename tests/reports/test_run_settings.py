from pathlib import Path

from yowo.reports.run_settings import differing, natural_order, read_settings


def test_overrides_count_where_hydra_wrote_them(tmp_path):
    (tmp_path / "config.yaml").write_text("seed: 3\nmodel:\n  name: tiny\n")
    assert read_settings(tmp_path) == {"seed": "3", "model.name": "tiny"}
    (tmp_path / ".hydra").mkdir()
    (tmp_path / ".hydra" / "overrides.yaml").write_text("- +optimizer.lr=1\n- ~callbacks\n")
    assert read_settings(tmp_path) == {"seed": "3", "optimizer.lr": "1"}


def test_a_run_that_has_written_nothing_has_no_settings(tmp_path):
    assert read_settings(tmp_path) == {}
    (tmp_path / "config.yaml").write_text("a: [")
    assert read_settings(tmp_path) == {}


def test_seeds_and_what_does_not_change_results_are_no_columns():
    given = [
        {"seed": "0", "loss": "a", "hydra.sweep.dir": "x", "sweep": "s"},
        {"seed": "1", "loss": "b"},
        {"loss": "a"},
    ]
    assert differing(given) == ("loss",)


def test_numbers_are_sorted_as_numbers():
    assert sorted(map(Path, ["10", "9", "a"]), key=natural_order) == [Path("a"), Path("9"), Path("10")]
