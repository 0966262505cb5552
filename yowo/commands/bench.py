"""`yowo bench`: measures; every claim of speed is a ratio that one run of it prints."""

from collections.abc import Sequence
from importlib import import_module

from rich.console import Console

from yowo.errors import ConfigError

SUBJECTS = {
    "data": "clips a second: ours and the released pipeline on the same videos",
    "model": "frames a second of networks",
    "prepare": "random clips of a long film and its bytes, before and after yowo data prepare",
    "score": "the protocols: ours and the released evaluation programs on the same detections",
}


def run(arguments: Sequence[str]) -> None:
    """Run the command with what was typed after `yowo bench`.

    Raises:
        ConfigError: There is no such subject.
    """
    if not arguments or arguments[0] in ("-h", "--help"):
        console = Console()
        console.print(
            "yowo bench SUBJECT [--help]: speed and memory, measured side by side in one run\n", highlight=False
        )
        for subject, words in SUBJECTS.items():
            console.print(f"  yowo bench {subject:8} {words}", highlight=False)
        return
    subject, *rest = arguments
    if subject not in SUBJECTS:
        raise ConfigError(f"yowo bench {subject}: there is no such subject; there are {', '.join(SUBJECTS)}")
    import_module(f"yowo.commands.bench_{subject}").run(rest)
