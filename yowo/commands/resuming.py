"""What `resume=FILE|FOLDER|auto` and `--rerun FOLDER` of `yowo train` mean: which checkpoint, folder and settings."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from yowo.commands.command_line import CommandLine
from yowo.commands.messages import tell_warning
from yowo.commands.records import code_state
from yowo.commands.run_folder import AUTO, RUN, folder_of, read_record, refuse_if_running
from yowo.commands.shared_folder import folder_of_the_first, is_the_first
from yowo.config.checkpoint import FROM_CHECKPOINT, REMEMBERED, portable, register_checkpoint, stored_run
from yowo.config.compose import override_value
from yowo.config.path_values import quoted
from yowo.config.remembered_run import Remembered, continued, is_remembered
from yowo.config.search_path import composer
from yowo.errors import ConfigError, YowoError

log = logging.getLogger(__name__)
RUN_DIR, SWEEP_DIR = "hydra.run.dir", "hydra.sweep.dir"
HYDRA_RECORD = Path(".hydra")
"""Folder in a run's folder where Hydra keeps the composed configuration and the overrides."""


def usable_checkpoint(path: Path) -> Path:
    """See `yowo.training.checkpointing.checkpoint_files.usable_checkpoint`, which imports torch."""
    from yowo.training.checkpointing.checkpoint_files import usable_checkpoint as find

    return find(path)


class Start(NamedTuple):
    """How a training starts.

    Attributes:
        arguments: The arguments for Hydra.
        before: What was typed before for a run that goes on or is repeated, to be remembered.
    """

    arguments: list[str]
    before: tuple[str, ...] = ()


def resumed(line: CommandLine) -> Start:
    """Return the start of a run whose command line has `resume=`.

    Raises:
        ConfigError, WeightsError: There is nothing to go on from, or a process still works on it.
    """
    asked = override_value(line.overrides, "resume")
    others = [o for o in line.overrides if o.lstrip("+").partition("=")[0] != "resume"]
    if asked is None:
        return Start(line.words())
    given = next((o for o in others if o.startswith("weights.") and override_value(others, o.partition("=")[0])), None)
    if given is not None:
        raise ConfigError(
            f"resume={asked} and {given}: give only one of them; a run goes on with its checkpoint's weights"
        )
    if asked == AUTO and line.flags.multirun:
        if override_value(others, SWEEP_DIR) is None:
            raise ConfigError(f"resume={AUTO}: a sweep goes on in the folder that is named; give {SWEEP_DIR}=FOLDER")
        return Start(line.words())  # each job looks into its own folder
    checkpoint, folder = _to_go_on_from(asked, others, line)
    if checkpoint is None:
        return Start(line.words())
    if folder is not None and not line.flags.multirun and override_value(others, RUN_DIR) is None:
        others.append(f"{RUN_DIR}={quoted(str(folder))}")
    return _continued(line, others, checkpoint)


def rerun(line: CommandLine, folder: Path) -> Start:
    """Return the start of a run that repeats another one: `--rerun FOLDER`.

    Args:
        line: The rest of the command line, whose overrides count.
        folder: The folder of the run, or a checkpoint of it.

    Raises:
        ConfigError: There is no run in the folder, or `resume=` is given too.
    """
    if override_value(line.overrides, "resume") is not None:
        raise ConfigError(
            "--rerun and resume=: give only one of them; a run that is repeated starts from the beginning"
        )
    run = _recorded(folder)
    record = read_record(folder)
    here = code_state()
    for name, words in (
        ("git_commit", "the commit"),
        ("git_dirty", "changes that are not committed"),
        ("versions", ""),
    ):
        _warn_of_difference(folder, name, words, record.get(name), here.get(name))
    with composer("train", line.folders):
        made = continued(run, line.overrides)
    _tell_lost(made.lost)
    return Start([*_flags(line), *made.overrides], tuple(made.before))


def _continued(line: CommandLine, others: list[str], checkpoint: Path) -> Start:
    """Return the start of a run that goes on from a checkpoint."""
    stored = stored_run(str(checkpoint))
    flags, resume = _flags(line), f"resume={quoted(str(checkpoint))}"
    if stored is None:
        register_checkpoint(str(checkpoint))
        if not line.shows and is_the_first():
            tell_warning(
                f"{checkpoint}: written by an earlier version, which did not remember trainer, callbacks, logger and "
                "seed; give them again if they were not the usual ones"
            )
        named = {o.split("=")[0].lstrip("+") for o in others} | {
            "model" if o.startswith("experiment=") else "" for o in others
        }
        chosen = [f"{part}={FROM_CHECKPOINT}" for part in REMEMBERED if part not in named]
        return Start([*flags, *others, resume, *chosen])
    with composer("train", line.folders):
        made = continued(Remembered(stored["config"], tuple(stored["overrides"])), others)
    _tell_lost(made.lost)
    return Start([*flags, *made.overrides, resume], tuple(made.before))


def _to_go_on_from(asked: str, others: list[str], line: CommandLine) -> tuple[Path | None, Path | None]:
    """Return the checkpoint of `resume=` and the folder of its run; None where there is none.

    Raises:
        ConfigError: There is no such file or folder.
    """
    if asked != AUTO:
        path = Path(asked).expanduser()
        if not path.exists():
            raise ConfigError(f"resume={asked}: there is no such file or folder; check the path")
        checkpoint = usable_checkpoint(path)
        return checkpoint, path if path.is_dir() else folder_of(checkpoint)
    named = override_value(others, RUN_DIR)
    folder = Path(named) if named is not None else _unfinished(others, line)
    if folder is None or not folder.is_dir():
        _tell(line, f"resume={AUTO}: there is no unfinished run of these settings; a new one begins")
        return None, None
    try:
        checkpoint = usable_checkpoint(folder)
    except YowoError:
        _tell(line, f"resume={AUTO}: {folder} holds no checkpoint yet; the run begins there")
        return None, None
    _tell(line, f"resume={AUTO}: goes on from {checkpoint}")
    return checkpoint, folder


def _unfinished(overrides: Sequence[str], line: CommandLine) -> Path | None:
    """Return the newest unfinished run of the same overrides in the folder where runs go; None if there is none.

    Raises:
        ConfigError: A process still works on it.
    """
    with composer("train", line.folders) as hydra:
        config = hydra.compose_config("train", list(overrides), RunMode.RUN, from_shell=False)
    parent = Path(str(OmegaConf.select(config, RUN_DIR))).parent
    if (shared := folder_of_the_first(parent)) is not None:
        return shared
    typed = sorted(o for o in overrides if is_remembered(o))
    found = []
    for path in parent.glob(f"*/{RUN}"):
        record = read_record(path.parent)
        starts = record.get("starts") or [{"overrides": None}]
        unfinished = record.get("trained") is None or (config.evaluate and not record.get("evaluated"))
        if unfinished and starts[0].get("overrides") is not None and sorted(starts[0]["overrides"]) == typed:
            found.append((str(starts[-1].get("time")), path.parent))
    if not found:
        return None
    newest = max(found)[1]
    if is_the_first():
        refuse_if_running(newest)
    return newest


def _recorded(folder: Path) -> Remembered:
    """Return the run of a folder, from Hydra's records in it or from its checkpoint.

    Raises:
        ConfigError: There is none.
    """
    record = folder / HYDRA_RECORD
    if (record / "config.yaml").is_file() and (record / "overrides.yaml").is_file():
        config: Any = OmegaConf.load(record / "config.yaml")
        overrides: Any = OmegaConf.to_container(OmegaConf.load(record / "overrides.yaml"))
        starts = read_record(folder).get("starts") or [{}]
        typed = starts[-1].get("overrides", [o for o in overrides if is_remembered(o)])
        return Remembered(portable(config), tuple(typed))
    if folder.exists():
        stored = stored_run(str(usable_checkpoint(folder)))
        if stored is not None:
            return Remembered(stored["config"], tuple(stored["overrides"]))
    raise ConfigError(
        f"--rerun {folder}: expected the folder of a run of yowo train, with its {record.name} or last.ckpt"
    )


def goes_on(config: DictConfig, folder: Path) -> DictConfig:
    """Resolve `resume=auto` of a job in its own folder, in the configuration itself.

    Raises:
        ConfigError: A process still works in the folder.
    """
    if config.resume == AUTO:
        if is_the_first():
            refuse_if_running(folder)
        try:
            config.resume = str(usable_checkpoint(folder))
        except YowoError:
            config.resume = None
    return config


def _flags(line: CommandLine) -> list[str]:
    return [word for word in line.words() if word not in line.overrides]


def _tell(line: CommandLine, words: str) -> None:
    if not line.shows and is_the_first():
        log.info("%s", words)


def _tell_lost(lost: Sequence[str]) -> None:
    for override in lost if is_the_first() else ():
        tell_warning(f"{override}: was typed for the first run; there is no such key in what is chosen now")


def _warn_of_difference(folder: Path, name: str, words: str, before: Any, now: Any) -> None:
    """Warn if a repeated run would be computed by other code than the first one."""
    if before is None or before == now or not is_the_first():
        return
    if isinstance(before, dict) and isinstance(now, dict):
        changed = [f"{key} {before[key]} (now {now.get(key)})" for key in before if before[key] != now.get(key)]
        if changed:
            tell_warning(f"{folder}: its run had {', '.join(changed)}; results may differ")
    elif name == "git_dirty":
        tell_warning(
            f"{folder}: its run had {words if before else f'no {words}'}, this one has {'some' if now else 'none'}"
        )
    else:
        tell_warning(f"{folder}: its run had {words} {before}, this one has {now}; results may differ")
