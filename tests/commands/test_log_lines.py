import logging
import warnings

import pytest

from yowo.commands.log_lines import (
    ConsoleHandler,
    LogFile,
    is_first_process,
    log_error,
    note,
    process_number,
    quiet_lightning,
    start_logging,
    without_place,
)
from yowo.errors import ConfigError
from yowo.progress import STEP


@pytest.fixture
def log(tmp_path, monkeypatch):
    """A logger with the handlers of a run, and the text of its file."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    file = LogFile(str(tmp_path / "train.log"))
    root.handlers = [ConsoleHandler(), file]
    root.setLevel(logging.INFO)
    yield lambda: (tmp_path / "train.log").read_text(encoding="utf-8")
    root.handlers = before
    root.setLevel(level)
    file.close()


def test_information_goes_to_stdout_and_problems_to_stderr_in_one_form(log, capsys):
    ours = logging.getLogger("yowo.data")
    ours.info("epoch 1 of 5: loss 1.2")
    ours.warning("3 films are missing")
    log_error(ConfigError("dataset.root=x: not a directory"))
    shown = capsys.readouterr()
    assert shown.out == "epoch 1 of 5: loss 1.2\n"
    assert shown.err == "warning: 3 films are missing\nerror: dataset.root=x: not a directory\n"
    for words in ("INFO    epoch 1 of 5", "WARNING 3 films", "ERROR   dataset.root=x"):
        assert words in log()


@pytest.fixture
def second(monkeypatch):
    """This process is the second one of a run."""
    monkeypatch.setenv("LOCAL_RANK", "1")


def test_of_several_processes_the_first_one_writes_and_others_only_their_problems(second, log, tmp_path, capsys):
    logging.getLogger("yowo.data").info("epoch 1 of 5")
    assert not (tmp_path / "train.log").exists() and not capsys.readouterr().out
    logging.getLogger("yowo.data").error("a film is missing")
    assert "a film is missing" in log() and "epoch" not in log()


def test_a_node_that_the_user_numbers_is_not_the_first_process(monkeypatch):
    assert process_number(together=True) == 0
    monkeypatch.setenv("NODE_RANK", "1")
    assert process_number(together=True) == 1 and process_number(together=False) == 0
    monkeypatch.setenv("RANK", "0")
    assert process_number(together=True) == 0


def test_lines_for_the_file_alone_are_not_shown(log, capsys):
    note("frame-mAP@0.5: 93.1 % é")
    assert not capsys.readouterr().out and "frame-mAP@0.5: 93.1 % é" in log()


@pytest.mark.parametrize(("terminal", "shown"), [(True, ""), (False, "batch 3\n")])
def test_a_terminal_has_a_bar_instead_of_steps(log, capsys, monkeypatch, terminal, shown):
    monkeypatch.setattr("yowo.commands.log_lines.on_terminal", lambda: terminal)
    logging.getLogger("yowo.training").info("batch 3", extra=STEP)
    assert capsys.readouterr().out == shown and "batch 3" in log()


def test_libraries_say_nothing_that_nobody_can_act_on(log, capsys):
    logging.getLogger("lightning.pytorch.utilities.rank_zero").info("Tip: try litlogger")
    logging.getLogger("matplotlib.font_manager").warning("building the font cache")
    logging.captureWarnings(True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.showwarning = logging._showwarning
            warnings.warn("The dataloader does not have many workers", stacklevel=1)
            warnings.warn("AMP with fp16 is not supported on CPU.", stacklevel=1)
    finally:
        logging.captureWarnings(False)
    logging.getLogger("a_library").error("the network is gone")
    shown = capsys.readouterr()
    assert not shown.out
    assert shown.err == "warning: AMP with fp16 is not supported on CPU.\nerror: the network is gone\n"
    assert "litlogger" not in log() and "workers" not in log() and "AMP" in log()


def test_an_error_is_told_whatever_logging_is_configured(capsys, monkeypatch):
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    log_error(ConfigError("seed: not today"))
    assert capsys.readouterr().err.endswith("error: seed: not today\n")


def test_logging_starts_once(monkeypatch):
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(logging, "captureWarnings", lambda on: None)
    start_logging()
    start_logging()
    assert [type(handler) for handler in root.handlers] == [ConsoleHandler]


def test_lightnings_own_handlers_are_taken_away():
    logger = logging.getLogger("lightning")
    logger.addHandler(logging.StreamHandler())
    quiet_lightning()
    assert not logger.handlers and logger.propagate


@pytest.mark.parametrize(
    ("name", "value", "first"), [("LOCAL_RANK", "1", False), ("LOCAL_RANK", "0", True), ("RANK", "", True)]
)
def test_the_first_process_prints(monkeypatch, capsys, log, name, value, first):
    monkeypatch.setenv(name, value)
    logging.getLogger("yowo").info("hello")
    assert is_first_process() is first and bool(capsys.readouterr().out) is first


@pytest.mark.parametrize("text", ["/a/b.py:9: UserWarning: mind this\n  warn(x)", "/a/b.py:9: mind this"])
def test_the_place_in_the_code_of_a_library_is_not_shown(text):
    assert without_place(text) == "mind this"
