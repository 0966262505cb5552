from types import SimpleNamespace

from lightning.pytorch.loggers import CSVLogger

from yowo.training.logs.run_configuration import RunConfiguration


def test_csv_gets_the_configuration_as_a_file_when_training_starts(tmp_path):
    logger = CSVLogger(tmp_path, name="csv", version="")
    known = RunConfiguration({"optimizer": {"lr": 0.1}, "run": {"python": "3.11"}})
    known.on_fit_start(SimpleNamespace(loggers=[logger]), None)
    assert (tmp_path / "csv" / "hparams.yaml").read_text() == "optimizer:\n  lr: 0.1\nrun:\n  python: '3.11'\n"
