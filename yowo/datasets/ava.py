"""AVA v2.2: actions of people in films, one key frame per second (Gu et al. 2018).

    annotations/ava_train_v2.2.csv  ava_val_v2.2.csv     the official files, in this folder or a subfolder
    annotations/ava_train_excluded_timestamps_v2.2.csv  ava_val_excluded_timestamps_v2.2.csv
    annotations/ava_action_list_v2.2.pbtxt               optional; compared with the configured classes
    videos/<video>.mp4 (.mkv, .webm, .avi)               whole films, or cut to the 15 minutes from second 900 on
    frames/<video>/<video>_000001.jpg                    instead of `videos`: 30 pictures per second from second 900 on

A timestamp is in seconds of the whole film. Clips are sampled by time (`KeyFrames.clip`): every 1/30 second, the frame
that is shown at that moment according to the film's presentation times.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from yowo.data.key_frames import AnnotatedVideo, KeyFrames, Split
from yowo.datasets.ava_annotation import AvaRows, of_videos, read_class_list, read_excluded, read_truth, without
from yowo.datasets.ava_films import END_SLACK, Start, film_files, open_films, open_pictures, set_clock, start_of
from yowo.datasets.base import VideoDataset
from yowo.datasets.split_lists import name_list
from yowo.errors import ConfigError, DatasetError

log = logging.getLogger(__name__)

LAYOUT = (
    "expected annotations/ava_train_v2.2.csv and ava_val_v2.2.csv with videos/<video>.mp4, or "
    "frames/<video>/<video>_000001.jpg"
)


class AVA(VideoDataset):
    """AVA v2.2 from its official files."""

    def __init__(
        self,
        root: str,
        classes: Sequence[str],
        start_second: Start = "auto",
        key_frame_offset: float = 0.0,
        **options: Any,
    ) -> None:
        """Store the arguments; nothing is read yet.

        Args:
            root: Folder with the layout above.
            classes: Names of the C classes, in the order of their action ids, which start at 1.
            start_second: Second of the film at which a video file starts: 0 for whole films, 900 for cut ones; "auto"
                decides for each file by its length.
            key_frame_offset: Seconds from a timestamp to its key frame. The YOWO authors' code uses the picture before
                the timestamp: -1/30.
            options: Further arguments of `VideoDataset`. `on_unreadable` also applies to timestamps beyond the end of
                a film.

        Raises:
            ConfigError: `start_second` or `key_frame_offset` is not a number.
        """
        super().__init__(root, classes, **options)
        if start_second != "auto" and not _is_number(start_second):
            raise ConfigError(f"dataset.start_second: expected auto, or seconds such as 0 or 900, got {start_second!r}")
        if not _is_number(key_frame_offset):
            raise ConfigError(f"dataset.key_frame_offset: expected seconds, got {key_frame_offset!r}")
        self.start_second, self.key_frame_offset = start_second, float(key_frame_offset)
        self._read: dict[Split, AvaRows] = {}

    def prepare(self) -> None:
        """Check that the folder has the layout above.

        Raises:
            DatasetError: A file is missing, or the class list differs from the configured classes.
        """
        if not ((self.root / "videos").is_dir() or (self.root / "frames").is_dir()):
            raise DatasetError(f"dataset.root={self.root}: {LAYOUT}; both videos/ and frames/ are missing")
        self._annotation("ava_val_v2.2.csv")
        for name in ("ava_action_list_v2.2.pbtxt", "ava_action_list_v2.2_for_activitynet_2019.pbtxt"):
            path = self._find(name)
            for number, label in read_class_list(path).items() if path else ():
                if number > len(self.classes) or self.classes[number - 1] != label:
                    ours = self.classes[number - 1] if number <= len(self.classes) else "nothing"
                    raise DatasetError(
                        f"{path}: class {number}: expected {ours!r} as in dataset.classes, got {label!r}; correct one "
                        "of them"
                    )

    def read_videos(self, split: Split) -> list[AnnotatedVideo]:
        """Find the films of a split; their `times` are in seconds of the whole film, like the timestamps.

        Raises:
            DatasetError: No film is left; or, if `on_unreadable` is "error", a film cannot be read or is shorter than
                its annotation.
            AnnotationError: A row of the annotation is invalid.
        """
        rows = self._rows(split)
        names = name_list(self._chosen[split], f"dataset.{split}_videos", sorted(rows.videos))
        films = self._films(split, sorted(rows.videos) if names is None else names)
        last = float(rows.seconds.max(initial=0))
        rows = of_videos(rows, {film.name for film in films})
        videos, self._read[split] = self._in_time(films, rows, last)
        return videos

    def key_frames(self, split: Split) -> KeyFrames:
        """Return the annotated timestamps of `split`, except the excluded ones, as key frames.

        Their `seconds` are the timestamps; `labels` are uint8 [m, C], multi-hot: rows with the same box in the same
        frame are one person. Boxes without area are dropped in training.
        """
        videos = self.videos(split)
        rows = self._read[split]
        if split == "train":
            flat = np.asarray((rows.boxes_norm[:, :2] >= rows.boxes_norm[:, 2:]).any(axis=1))
            if flat.any():
                log.warning("%s: %d boxes have no area and are not used in training", self.root, flat.sum())
            rows = rows.take(~flat)
        return persons(videos, rows, len(self.classes))

    def _find(self, name: str) -> Path | None:
        folder = self.root / "annotations"
        return next(iter(sorted((*folder.glob(name), *folder.glob(f"*/{name}")))), None)

    def _annotation(self, name: str) -> Path:
        path = self._find(name)
        if path is None:
            raise DatasetError(f"dataset.root={self.root}: {LAYOUT}; annotations/{name} is missing")
        return path

    def _rows(self, split: Split) -> AvaRows:
        """Read the annotation of a split without the excluded timestamps."""
        rows = read_truth(self._annotation(f"ava_{split}_v2.2.csv"), len(self.classes))
        excluded = self._find(f"ava_{split}_excluded_timestamps_v2.2.csv")
        if excluded is None:
            log.warning("%s: no list of excluded %s timestamps found; all are used", self.root / "annotations", split)
            return rows
        return without(rows, read_excluded(excluded))

    def _films(self, split: Split, names: Sequence[str]) -> list[AnnotatedVideo]:
        """Return the films on disk; their `times` start at 0."""
        files = film_files(self.root, names)
        if files or not (self.root / "frames").is_dir():
            found, where = len(files), self.root / "videos"
            films = open_films(files, self.on_unreadable, self.decoder) if files else []
        else:
            films, where = open_pictures(self.root, names), self.root / "frames"
            found = len(films)
        if not found:
            raise DatasetError(
                f"{where}: none of the {len(names)} {split} films was found, such as {names[0]}; check dataset.root"
            )
        if found < len(names):
            log.warning("%s: %d of %d %s films are missing", where, len(names) - found, len(names), split)
        return films

    def _in_time(self, films: list[AnnotatedVideo], rows: AvaRows, last: float) -> tuple[list[AnnotatedVideo], AvaRows]:
        """Shift the films' times to seconds of the whole film; drop timestamps beyond the end of a film."""
        numbers = {name: number for number, name in enumerate(rows.videos)}
        kept = np.ones(len(rows.video), dtype=np.bool_)
        short: list[str] = []
        timed = []
        for film in films:
            own = rows.video == numbers[film.name]
            length = 0.0 if film.times is None else film.times.end
            start = start_of(film, length, last, self.start_second)
            beyond = own & (rows.seconds > start + length + END_SLACK)
            if beyond.any():
                until = rows.seconds[own].max()
                short.append(
                    f"{film.path}: covers seconds {start:g} to {start + length:.1f}, but is annotated until {until:g}"
                )
                kept &= ~beyond
            if (own & kept).any():
                clock = set_clock(film, start, self.key_frame_offset, rows.seconds[own & kept])
                timed.append(replace(film, times=clock))
        if short:
            message = f"{len(short)} films are shorter than their annotation; the first: {short[0]}"
            if self.on_unreadable == "error" or not timed:
                raise DatasetError(
                    f"{message}; repair the file, or set dataset.start_second, or dataset.on_unreadable=skip"
                )
            log.warning("%s; timestamps beyond their end are skipped", message)
        return timed, rows.take(kept)


def persons(videos: Sequence[AnnotatedVideo], rows: AvaRows, num_classes: int) -> KeyFrames:
    """Merge the rows of each person, and group the persons by key frame.

    Args:
        videos: Videos with `times` in seconds of the whole film; must include all videos that have rows.
        rows: One row per box and action.
        num_classes: Number of classes, C.

    Returns:
        Key frames sorted by video (in the order of `videos`) and time, persons in the order of their first rows;
        boxes are float32 [m, 4], x1 y1 x2 y2 as fractions of the picture, labels uint8 [m, C].
    """
    place = {video.name: number for number, video in enumerate(videos)}
    video = np.array([place.get(name, -1) for name in rows.videos], dtype=np.int64)[rows.video]
    order = np.lexsort((*rows.boxes_norm.T, rows.seconds, video))
    keys = np.column_stack([video, rows.seconds, rows.boxes_norm])[order]
    new = np.concatenate([np.ones(min(len(keys), 1), np.bool_), (keys[1:] != keys[:-1]).any(axis=1)])
    person = np.empty(len(order), dtype=np.int64)
    person[order] = np.cumsum(new) - 1
    first_row = order[new]  # the sort is stable, so this is the lowest row index of each person
    by_frame = np.lexsort((first_row, rows.seconds[first_row], video[first_row]))
    labels = np.zeros((len(first_row), num_classes), dtype=np.uint8)
    labels[np.argsort(by_frame)[person], rows.labels - 1] = 1
    first_row = first_row[by_frame]
    own, seconds = video[first_row], rows.seconds[first_row]
    begins = np.flatnonzero((np.diff(own, prepend=-1) != 0) | (np.diff(seconds, prepend=-1) != 0))
    own, seconds = own[begins], seconds[begins]
    frame = np.zeros(len(begins), dtype=np.int64)
    for number, item in enumerate(videos):
        if item.times is not None:
            frame[own == number] = item.times.frames_at(seconds[own == number])
    first_box = np.append(begins, len(first_row))
    boxes = rows.boxes_norm[first_row].astype(np.float32)
    return KeyFrames(videos, own, frame, first_box, boxes, labels, seconds)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and bool(np.isfinite(value))
