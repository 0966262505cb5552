"""`yowo bench`: speed and memory on this machine; comparisons with other programs are in the folder benchmarks/."""

from collections.abc import Sequence

from yowo.commands.subjects import Subject, run_subject

__all__ = ["SUBJECTS", "run"]

SUBJECTS = {
    "data": Subject(f"{__name__}.data", "training clips per second, and where the time goes"),
    "model": Subject(f"{__name__}.model", "frames per second of networks, side by side"),
    "prepare": Subject(f"{__name__}.prepare", "random clips of a film, before and after yowo data prepare"),
    "score": Subject(f"{__name__}.score", "CPU seconds and memory of the protocols"),
}


def run(arguments: Sequence[str]) -> None:
    """Run the command with what was typed after `yowo bench`.

    Raises:
        ConfigError: There is no such subject.
    """
    run_subject("yowo bench", "speed and memory on this machine, side by side in one run", SUBJECTS, arguments)
