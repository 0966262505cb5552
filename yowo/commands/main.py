"""The `yowo` command: calls the module of the given verb."""

import sys
from importlib import import_module

from rich.console import Console
from rich.table import Table

import yowo
from yowo.errors import YowoError

VERBS = {
    "train": "train a detector; -m with several values runs a sweep",
    "eval": "evaluate a checkpoint: table by class and metrics.json",
    "detect": "detect actions in a video: annotated video and detections file",
    "score": "score saved detections of any detector by the published protocols",
    "data": "your own data: import, check, show, anchors, prepare",
    "info": "parameters, multiply-adds and output shapes of a network, part by part",
    "weights": "list, fetch, import and inspect weights files of any published format",
    "reproduce": "evaluate the rows of the report's tables for which weights are available",
    "report": "show the runs of a sweep in a table and a picture",
    "bench": "measure speed and memory on this machine",
    "demo": "generate videos, train, evaluate and detect in a few minutes",
}
EXIT_USER_ERROR = 2


def main() -> None:
    """Run `yowo VERB [arguments]`; an error that the user can fix gives one line and exit code 2."""
    verb = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if verb in ("-h", "--help", "help"):
        _help()
        return
    if verb in ("-V", "--version", "version"):
        Console().print(f"yowo {yowo.__version__}", highlight=False)
        return
    try:
        if verb not in VERBS:
            raise YowoError(f"yowo {verb}: there is no such command; choose one of {', '.join(VERBS)}")
        import_module(f"yowo.commands.{verb}").run(sys.argv[2:])
    except YowoError as error:
        Console(stderr=True).print(f"error: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(EXIT_USER_ERROR)


def _help() -> None:
    console = Console()
    console.print(f"yowo {yowo.__version__}: spatio-temporal action detection in video\n", highlight=False)
    table = Table(box=None, show_header=False, pad_edge=False)
    for verb, words in VERBS.items():
        table.add_row(f"  yowo {verb}", words)
    console.print(table)
    console.print("\nyowo VERB --help shows the choices and examples of a command.", highlight=False)
