"""The `yowo` command: calls the module of the given verb."""

import sys
from importlib import import_module

import yowo
from yowo.commands.interruption import interruptible
from yowo.errors import YowoError

VERBS = {
    "train": "train a detector; -m with several values runs a sweep",
    "eval": "evaluate a checkpoint: table by class and metrics.json",
    "detect": "detect actions in a video: annotated video and detections file",
    "export": "write a network as ONNX, OpenVINO or torch.export, checked against PyTorch",
    "score": "score saved detections of any detector by the published protocols",
    "data": "your own data: import, check, show, anchors, prepare",
    "info": "parameters, multiply-adds and output shapes of a network, part by part",
    "weights": "list, fetch, import and inspect weights files of any published format",
    "reproduce": "evaluate the rows of the report's tables for which weights are available",
    "report": "show the runs of a sweep in a table and a picture",
    "bench": "measure speed and memory on this machine",
    "demo": "generate videos, train, evaluate and detect in a few minutes",
}
CONFIGURED = ("train", "eval", "detect", "export", "demo")
"""Verbs that Hydra configures; `yowo.commands.entry` checks what was typed before their jobs are imported."""
OTHER_WORDS = {
    **dict.fromkeys(("predict", "infer", "inference", "track", "test_video", "run"), "detect"),
    **dict.fromkeys(("val", "validate", "validation", "test", "evaluate", "evaluation"), "eval"),
    **dict.fromkeys(("fit", "training", "finetune", "fine-tune", "resume", "tune", "sweep"), "train"),
    **dict.fromkeys(("benchmark", "speed", "profile"), "bench"),
    **dict.fromkeys(("summary", "model", "models"), "info"),
    **dict.fromkeys(("dataset", "datasets", "import", "convert", "check", "prepare", "anchors"), "data"),
    **dict.fromkeys(("download", "fetch"), "weights"),
    **dict.fromkeys(("onnx", "openvino", "tensorrt", "quantize"), "export"),
    **dict.fromkeys(("results", "compare"), "report"),
    **dict.fromkeys(("metrics", "map"), "score"),
}
"""Words that other programs use, and ours."""
EXIT_USER_ERROR = 2


def main() -> None:
    """Run `yowo VERB [arguments]`; an error that the user can fix gives one line and exit code 2."""
    with interruptible():  # what takes time to import is imported inside
        _run()


def _run() -> None:
    from rich.console import Console

    from yowo.commands.help_page import PAGES, show_help, wants_help
    from yowo.commands.log_lines import start_logging
    from yowo.commands.messages import tell_error
    from yowo.commands.quick_start import begin
    from yowo.whole_file import disk_errors

    verb = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if verb in ("-h", "--help", "help"):
        _help()
        return
    if verb in ("-V", "--version", "version"):
        Console().print(f"yowo {yowo.__version__}", highlight=False)
        return
    begin()
    start_logging()
    try:
        if verb in ("-sc", "--shell-completion"):
            verb = "completion"
        elif verb not in VERBS:
            raise YowoError(unknown_verb(verb))
        if verb in PAGES and wants_help(sys.argv[2:]):
            show_help(verb)
            return
        with disk_errors():
            import_module(f"yowo.commands.{'entry.' if verb in CONFIGURED else ''}{verb}").run(sys.argv[2:])
    except YowoError as error:
        tell_error(error)
        sys.exit(EXIT_USER_ERROR)


def unknown_verb(word: str) -> str:
    """Return the message for a word that is no command, with the command that is probably meant."""
    from yowo.commands.messages import nearest

    if "=" in word or word.startswith("-"):
        return f"yowo {word}: expected a command first, as in yowo train {word}; choose one of {', '.join(VERBS)}"
    if word.lower() in OTHER_WORDS:
        ours = OTHER_WORDS[word.lower()]
        return f"yowo {word}: there is no such command; use yowo {ours} ({VERBS[ours]})"
    return f"yowo {word}: there is no such command; choose one of {', '.join(VERBS)}{nearest(word.lower(), VERBS)}"


def _help() -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    console.print(f"yowo {yowo.__version__}: spatio-temporal action detection in video\n", highlight=False)
    table = Table(box=None, show_header=False, pad_edge=False)
    for verb, words in VERBS.items():
        table.add_row(f"  yowo {verb}", words)
    console.print(table)
    console.print("\nyowo VERB --help shows the keys or options of a command, and examples.", highlight=False)
