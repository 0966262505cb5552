"""`yowo data`: your own videos: import annotations, check, show, find anchors, prepare for fast reading."""

from collections.abc import Sequence

from yowo.commands.subjects import Subject, run_subject

__all__ = ["SUBJECTS", "run"]

SUBJECTS = {
    "import": Subject(
        f"{__name__}.import_annotations",
        "convert annotations of CVAT, COCO, AVA, MOT, UCF101-24 or a simple CSV to the project format",
    ),
    "check": Subject(f"{__name__}.check", "find errors in videos and annotations before training"),
    "show": Subject(f"{__name__}.show", "draw samples with their boxes"),
    "anchors": Subject(f"{__name__}.anchors", "compute anchors from the boxes of a project"),
    "prepare": Subject(f"{__name__}.prepare", "re-encode long videos for fast random access"),
}
ABOUT = """your own data; docs/your-own-videos.md leads from an export of an annotation tool to a trained detector"""


def run(arguments: Sequence[str]) -> None:
    """Run the command with the arguments after `yowo data`.

    Raises:
        ConfigError: There is no such subcommand.
    """
    run_subject("yowo data", ABOUT, SUBJECTS, arguments)
