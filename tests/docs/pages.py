"""The pages of the documentation, taken apart: links, anchors, blocks of code, command lines."""

import re
import shlex
from pathlib import Path
from typing import NamedTuple

from tests.conftest import ROOT

BESIDE = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/README.md")
"""Pages that are not in docs/."""
PAGES = sorted([*(ROOT / name for name in BESIDE), *(ROOT / "docs").glob("*.md")])
STAND_INS = {
    "data/mine_prepared": "{project}",
    "data/mine": "{project}",
    "mine": "{project}",
    "PREPARED": "{project}",
    "DIR": "{project}",
    "FILE": "weights.pth",
    "FILM": "film.mp4",
    "VIDEO": "video.mp4",
    "FOLDER": "2026-01-31_12-00-00",
    "NAME": "yowo_nano",
    "CHECKOUT": "PyTorch_YOWO",
}
"""What a reader puts in the place of these words, where a whole path or part of one is such a word."""


class Block(NamedTuple):
    """A fenced block of code: its page, the line it begins at (from 1), and its text."""

    page: Path
    line: int
    text: str


def blocks(page: Path, language: str) -> list[Block]:
    """Return the fenced blocks of a language."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(page, text.count("\n", 0, found.start()) + 2, re.sub(f"(?m)^{found[1]}", "", found[2]))
        for found in re.finditer(rf"^( *)```{language}\n(.*?)^\1```$", text, re.MULTILINE | re.DOTALL)
    ]


def commands(page: Path) -> list[tuple[str, str]]:
    """Return the command lines of the blocks in bash, each with page and line."""
    found = []
    for block in blocks(page, "bash"):
        lines = block.text.replace("\\\n", "  ").splitlines()
        found += [(f"{page.name}:{block.line}", line) for line in lines if shlex.split(line, comments=True)]
    return found


def words(line: str, project: Path) -> list[str]:
    """Return the words of a command line as a reader types them: no comments, no variables, stand-ins filled in."""
    typed = shlex.split(line, comments=True)
    while typed and re.fullmatch(r"[A-Z_]+=.*", typed[0]):
        del typed[0]
    return [filled(word, project) for word in typed]


def filled(word: str, project: Path) -> str:
    """Return a word with each stand-in replaced that fills a value or a part of a path."""
    for name, value in STAND_INS.items():
        word = re.sub(rf"(?<![\w/.-]){name}(?![\w.-])|(?<=/){name}(?=/|$)", value.format(project=project), word)
    return word


def without_code(text: str) -> str:
    """Return the text of a page without blocks and spans of code, in which brackets are no links."""
    text = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", "", text)


def links(page: Path) -> list[str]:
    """Return the targets of links and pictures."""
    return re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text(encoding="utf-8")))


def anchors(page: Path) -> set[str]:
    """Return the anchors that headings get: small letters, spaces to hyphens, no other signs."""
    text = re.sub(r"^ *```.*?^ *```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
