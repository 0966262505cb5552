"""`yowo data`: your own videos: import annotations, check, look at, find anchors, prepare for fast reading."""

from collections.abc import Sequence
from importlib import import_module

from rich.console import Console

from yowo.errors import ConfigError

ACTIONS = {
    "import": "annotations of CVAT, COCO, AVA, MOT, UCF101-24 or a simple CSV, to the project format",
    "check": "find what will hurt training before it does",
    "show": "a picture of samples with their boxes",
    "anchors": "find anchors for the boxes of a project",
    "prepare": "re-encode long videos for quick random access",
}
EPILOG = "docs/your-own-videos.md goes from an export of an annotation tool to a trained detector."


def run(arguments: Sequence[str]) -> None:
    """Run the command with what was typed after `yowo data`.

    Raises:
        ConfigError: There is no such action.
    """
    if not arguments or arguments[0] in ("-h", "--help"):
        console = Console()
        console.print("yowo data ACTION [--help]: data sets of your own\n", highlight=False)
        for action, words in ACTIONS.items():
            console.print(f"  yowo data {action:8} {words}", highlight=False)
        console.print(f"\n{EPILOG}", highlight=False)
        return
    action, *rest = arguments
    if action not in ACTIONS:
        raise ConfigError(f"yowo data {action}: there is no such action; there are {', '.join(ACTIONS)}")
    import_module(f"yowo.commands.data_{action}").run(rest)
