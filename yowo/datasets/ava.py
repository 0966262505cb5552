"""AVA v2.2: what people do in films, one key frame a second (Gu et al. 2018).

    annotations/ava_train_v2.2.csv  ava_val_v2.2.csv     the official files, here or in a folder below
    annotations/ava_train_excluded_timestamps_v2.2.csv  ava_val_excluded_timestamps_v2.2.csv
    annotations/ava_action_list_v2.2.pbtxt               compared with the configured classes where it is there
    videos/<video>.mp4 (.mkv, .webm, .avi)               whole films, or cut to the quarter of an hour from second 900
    frames/<video>/<video>_000001.jpg                    in place of `videos`: 30 pictures of each second from there on

A timestamp is a second of the whole film. Clips are addressed by time (`KeyFrames.clip`): at moments a thirtieth of a
second apart, the frame that is shown then, by the film's own time stamps.
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
    """AVA v2.2 from its own files."""

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
            root: Folder as drawn above.
            classes: Names of the C classes in the order of their action ids, which count from 1.
            start_second: Second of the film at which a video file begins: 0 for whole films, 900 for cut ones; "auto"
                finds out for each file by its length.
            key_frame_offset: Seconds from a timestamp to its key frame. The YOWO authors' code takes the picture before
                the timestamp: -1/30.
            options: Further arguments of `VideoDataset`. `on_unreadable` is also for timestamps beyond the end of a
                film.

        Raises:
            ConfigError: `start_second` or `key_frame_offset` is no number.
        """
        super().__init__(root, classes, **options)
        if start_second != "auto" and not _is_number(start_second):
            raise ConfigError(f"dataset.start_second: expected auto, or seconds such as 0 or 900, got {start_second!r}")
        if not _is_number(key_frame_offset):
            raise ConfigError(f"dataset.key_frame_offset: expected seconds, got {key_frame_offset!r}")
        self.start_second, self.key_frame_offset = start_second, float(key_frame_offset)
        self._read: dict[Split, AvaRows] = {}

    def prepare(self) -> None:
        """Check that the folder is laid out as drawn above.

        Raises:
            DatasetError: It is not, or its list of classes is another than the configured one.
        """
        if not ((self.root / "videos").is_dir() or (self.root / "frames").is_dir()):
            raise DatasetError(f"dataset.root={self.root}: {LAYOUT}; neither videos nor frames is there")
        self._annotation("ava_val_v2.2.csv")
        for name in ("ava_action_list_v2.2.pbtxt", "ava_action_list_v2.2_for_activitynet_2019.pbtxt"):
            path = self._find(name)
            for number, label in read_class_list(path).items() if path else ():
                if number > len(self.classes) or self.classes[number - 1] != label:
                    ours = self.classes[number - 1] if number <= len(self.classes) else "nothing"
                    raise DatasetError(f"{path}: class {number} is {label!r} here, but {ours!r} in dataset.classes")

    def read_videos(self, split: Split) -> list[AnnotatedVideo]:
        """Find the films of a split; their `times` count as timestamps do.

        Raises:
            DatasetError: None is left, one cannot be read, or one is shorter than its annotation; the latter two where
                `on_unreadable` is "error".
            AnnotationError: A row of the annotation is impossible.
        """
        rows = self._rows(split)
        names = name_list(self._chosen[split], f"dataset.{split}_videos", sorted(rows.videos))
        films = self._films(split, sorted(rows.videos) if names is None else names)
        last = float(rows.seconds.max(initial=0))
        rows = of_videos(rows, {film.name for film in films})
        videos, self._read[split] = self._in_time(films, rows, last)
        return videos

    def key_frames(self, split: Split) -> KeyFrames:
        """Return the annotated timestamps of `split`, excluded ones left out, as key frames.

        Their `seconds` are the timestamps; `labels` are uint8 [m, C]: the rows of one box in one frame are one person.
        Boxes without area are left out of training.
        """
        videos = self.videos(split)
        rows = self._read[split]
        if split == "train":
            flat = np.asarray((rows.boxes_norm[:, :2] >= rows.boxes_norm[:, 2:]).any(axis=1))
            if flat.any():
                log.warning("%s: %d boxes have no area; training leaves them out", self.root, flat.sum())
            rows = rows.take(~flat)
        return persons(videos, rows, len(self.classes))

    def _find(self, name: str) -> Path | None:
        folder = self.root / "annotations"
        return next(iter(sorted((*folder.glob(name), *folder.glob(f"*/{name}")))), None)

    def _annotation(self, name: str) -> Path:
        path = self._find(name)
        if path is None:
            raise DatasetError(f"dataset.root={self.root}: {LAYOUT}; annotations/{name} is not there")
        return path

    def _rows(self, split: Split) -> AvaRows:
        """Read the annotation of a split, excluded timestamps left out."""
        rows = read_truth(self._annotation(f"ava_{split}_v2.2.csv"), len(self.classes))
        excluded = self._find(f"ava_{split}_excluded_timestamps_v2.2.csv")
        if excluded is None:
            log.warning("%s: has no list of excluded %s timestamps; none is left out", self.root / "annotations", split)
            return rows
        return without(rows, read_excluded(excluded))

    def _films(self, split: Split, names: Sequence[str]) -> list[AnnotatedVideo]:
        """Describe the films on disk; times begin at 0."""
        files = film_files(self.root, names)
        if files or not (self.root / "frames").is_dir():
            found, where = len(files), self.root / "videos"
            films = open_films(files, self.on_unreadable, self.decoder) if files else []
        else:
            films, where = open_pictures(self.root, names), self.root / "frames"
            found = len(films)
        if not found:
            raise DatasetError(f"{where}: none of the {len(names)} {split} films is there, such as {names[0]}")
        if found < len(names):
            log.warning("%s: %d of %d %s films are not on disk", where, len(names) - found, len(names), split)
        return films

    def _in_time(self, films: list[AnnotatedVideo], rows: AvaRows, last: float) -> tuple[list[AnnotatedVideo], AvaRows]:
        """Put the films on the clock of the timestamps; leave out timestamps that they are too short for."""
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
                    f"{film.path}: lasts {length:.1f} seconds from second {start:g} on, annotated until {until:g}"
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
            log.warning("%s; those timestamps are left out", message)
        return timed, rows.take(kept)


def persons(videos: Sequence[AnnotatedVideo], rows: AvaRows, num_classes: int) -> KeyFrames:
    """Join the rows of each person, and the persons of each key frame.

    Args:
        videos: With `times` on the clock of the timestamps; every video of `rows` that has rows is among them.
        rows: A row a box and action.
        num_classes: C.

    Returns:
        Key frames in the order of `videos` and of time, persons in the order of their first rows.
    """
    place = {video.name: number for number, video in enumerate(videos)}
    video = np.array([place.get(name, -1) for name in rows.videos], dtype=np.int64)[rows.video]
    order = np.lexsort((*rows.boxes_norm.T, rows.seconds, video))
    keys = np.column_stack([video, rows.seconds, rows.boxes_norm])[order]
    new = np.concatenate([np.ones(min(len(keys), 1), np.bool_), (keys[1:] != keys[:-1]).any(axis=1)])
    person = np.empty(len(order), dtype=np.int64)
    person[order] = np.cumsum(new) - 1
    first_row = order[new]  # the sorting is stable: the lowest of each person
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
