"""Where the results of one video lie in a folder of results, and the record that says that they are complete."""

import json
import shutil
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from yowo.commands.output_kinds import file_name
from yowo.video.source_names import Source
from yowo.whole_file import synced, whole_file

DONE, FAILED = "_done.json", "_failed.txt"
"""How the names of the record, and of the reason why there is none, end after the name of the video."""


class Fingerprint(NamedTuple):
    """What tells whether a video has changed since its results were written.

    Attributes:
        bytes: Size of the file; of a folder of pictures, their number.
        mtime_ns: When it was last changed.
    """

    bytes: int
    mtime_ns: int


def fingerprint(video: Path) -> Fingerprint:
    """Return the fingerprint of a video file or a folder of pictures.

    Raises:
        OSError: It is not there.
    """
    facts = video.stat()
    size = sum(1 for _ in video.iterdir()) if video.is_dir() else facts.st_size
    return Fingerprint(size, facts.st_mtime_ns)


class VideoPlace:
    """The files of one video in a folder of results.

    Attributes:
        source: The video.
        folder: The folder of all results.
        name: Name of the video in the names of files; it may hold slashes.
    """

    def __init__(self, folder: Path, source: Source, name: str | None = None) -> None:
        """Find the places.

        Args:
            folder: The folder of all results.
            source: The video.
            name: Another name than that of the source.
        """
        self.folder, self.source = folder, source
        self.name = file_name(source.name if name is None else name)
        path = PurePosixPath(self.name)
        self._beside = folder / path.parent
        self.record, self.failure = folder / f"{self.name}{DONE}", folder / f"{self.name}{FAILED}"
        self.lock = self._beside / f".{path.name}.lock"
        self.unfinished = self._beside / f".{path.name}.unfinished"

    def begin(self) -> None:
        """Make an empty folder for the unfinished results; what a killed process left there is removed.

        Raises:
            OSError: It cannot be made.
        """
        self.forget()
        self.unfinished.mkdir(parents=True)

    def forget(self) -> None:
        """Remove unfinished results."""
        with suppress(FileNotFoundError):
            shutil.rmtree(self.unfinished)

    def complete(self, about: dict[str, Any]) -> None:
        """Give the results their names, and then write the record: without it they count for nothing.

        Args:
            about: What the record holds beside the names of the files.

        Raises:
            OSError, YowoError: A file cannot be written.
        """
        made = sorted((self.unfinished / PurePosixPath(self.name).parent).iterdir())
        for path in made:
            for file in [path] if path.is_file() else path.rglob("*"):
                synced(file)
            target = self._beside / path.name
            if target.is_dir():
                shutil.rmtree(target)
            path.replace(target)
        with whole_file(self.record) as record:
            entries = {**about, "files": [path.name for path in made]}
            record.write_text(json.dumps(entries, indent=1, ensure_ascii=False), encoding="utf-8", errors="replace")
        self.failure.unlink(missing_ok=True)
        self.forget()

    def fail(self, words: str) -> None:
        """Write down why there are no results, for who looks into the folder.

        Raises:
            YowoError: It cannot be written.
        """
        with whole_file(self.failure) as path:
            path.write_text(f"{self.source.address}: {words}\n", encoding="utf-8", errors="replace")

    def known(self) -> dict[str, Any] | None:
        """Return the record; None if there is none, or a damaged one."""
        with suppress(OSError, ValueError):
            found = json.loads(self.record.read_text(encoding="utf-8"))
            return found if isinstance(found, dict) else None
        return None

    def is_finished(self, now: Fingerprint) -> bool:
        """Return whether the results of the video, as it is now, are complete."""
        found = self.known()
        return found is not None and (found.get("bytes"), found.get("mtime_ns")) == now

    def other_video(self) -> str | None:
        """Return the video that the results of this name belong to, if it is another one that is still there."""
        found = (self.known() or {}).get("source")
        if not isinstance(found, str) or Path(found) == Path(self.source.address).absolute():
            return None
        return found if Path(found).exists() else None


def earlier_place(place: VideoPlace, now: Fingerprint) -> VideoPlace | None:
    """Return where a video was finished: under its name, or under the shorter one that it had in a shorter list.

    Args:
        place: Where it belongs.
        now: Of the video as it is.
    """
    parts = place.source.name.split("/")
    for first in range(len(parts)):
        other = place if first == 0 else VideoPlace(place.folder, place.source, "/".join(parts[first:]))
        if other.is_finished(now) and (first == 0 or other.other_video() is None):
            return other
    return None
