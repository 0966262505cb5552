"""`yowo data`: your own videos: import annotations, check, look at, find anchors, prepare for fast reading."""

from collections.abc import Sequence

from yowo.commands.subjects import Subject, run_subject

__all__ = ["SUBJECTS", "run"]

SUBJECTS = {
    "import": Subject(
        f"{__name__}.import_annotations",
        "annotations of CVAT, COCO, AVA, MOT, UCF101-24 or a simple CSV, to the project format",
    ),
    "check": Subject(f"{__name__}.check", "find what will hurt training before it does"),
    "show": Subject(f"{__name__}.show", "a picture of samples with their boxes"),
    "anchors": Subject(f"{__name__}.anchors", "find anchors for the boxes of a project"),
    "prepare": Subject(f"{__name__}.prepare", "re-encode long videos for quick random access"),
}
ABOUT = (
    """data sets of your own; docs/your-own-videos.md goes from an export of an annotation tool to a trained detector"""
)


def run(arguments: Sequence[str]) -> None:
    """Run the command with what was typed after `yowo data`.

    Raises:
        ConfigError: There is no such subject.
    """
    run_subject("yowo data", ABOUT, SUBJECTS, arguments)
