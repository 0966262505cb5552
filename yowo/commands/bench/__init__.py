"""`yowo bench`: speed and memory on this machine; comparisons with other programs are in the folder benchmarks/."""

from collections.abc import Sequence

from yowo.commands.subjects import Subject, run_subject

__all__ = ["SUBJECTS", "run"]

SUBJECTS = {
    "data": Subject(f"{__name__}.data", "training clips per second, and the time of each step"),
    "infer": Subject(f"{__name__}.infer", "frames per second and latency on a video, by PyTorch and exported networks"),
    "model": Subject(f"{__name__}.model", "frames per second of networks"),
    "prepare": Subject(f"{__name__}.prepare", "random clips per second of a film, before and after yowo data prepare"),
    "score": Subject(f"{__name__}.score", "CPU seconds and memory of the evaluation protocols"),
    "threads": Subject(
        f"{__name__}.threads", "seconds of a training step by OpenMP's settings, alone and on busy cores"
    ),
}


def run(arguments: Sequence[str]) -> None:
    """Run the command with the arguments after `yowo bench`.

    Raises:
        ConfigError: There is no such subcommand.
    """
    run_subject("yowo bench", "speed and memory on this machine", SUBJECTS, arguments)
