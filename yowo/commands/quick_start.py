"""Starts a command quickly: fewer passes of the garbage collector while modules are imported, libyaml for conf/."""

import gc

from yowo.commands.log_lines import quiet_lightning

WHILE_STARTING = (50_000, 20, 20)
"""Thresholds of the garbage collector. Imports make many objects and no garbage; it takes an eighth of their time."""
_usual = gc.get_threshold()


def begin() -> None:
    """Begin a command."""
    gc.set_threshold(*WHILE_STARTING)


def quick_yaml() -> None:
    """Let OmegaConf read the files of conf/ with libyaml, which is several times quicker."""
    import yaml

    yaml.SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def job_begins() -> None:
    """Begin the work itself, when its modules have been imported."""
    gc.freeze()  # what was imported stays; later passes need not look at it
    gc.set_threshold(*_usual)
    quiet_lightning()
