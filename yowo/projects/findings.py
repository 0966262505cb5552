"""What a check of a project found."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from yowo.data.key_frames import Split
from yowo.projects.people import InputReport

Level = Literal["error", "warning"]


class Finding(NamedTuple):
    """One kind of problem.

    Attributes:
        level: "error": training would fail or its results would be invalid; "warning": possibly intended.
        what: Description of the problem.
        times: Number of occurrences.
        where: The first occurrence, in one line.
        advice: How to fix it.
    """

    level: Level
    what: str
    times: int
    where: str
    advice: str


@dataclass
class ProjectReport:
    """The contents of a project and the problems found in it.

    Attributes:
        findings: Problems, errors first.
        videos: Video names of each split.
        boxes: Number of rows of each class, by split.
        tracks: Number of tracks.
        frames: Number of annotated frames.
        inputs: How large people are at sizes of the network's input, by what the size is; the first one is what the
            findings are about.
        suggested: Height and width of the network's input that suit the people; None if there are none.
    """

    findings: list[Finding] = field(default_factory=list)
    videos: dict[Split, list[str]] = field(default_factory=dict)
    boxes: dict[Split, Counter[str]] = field(default_factory=dict)
    tracks: int = 0
    frames: int = 0
    inputs: dict[str, InputReport] = field(default_factory=dict)
    suggested: tuple[int, int] | None = None

    @property
    def sound(self) -> bool:
        """Whether no finding is an error."""
        return all(finding.level != "error" for finding in self.findings)

    def add(self, level: Level, what: str, places: Sequence[str], advice: str) -> None:
        """Add a finding with its occurrences `places`; nothing is added if there are none."""
        if places:
            self.findings.append(Finding(level, what, len(places), places[0], advice))
