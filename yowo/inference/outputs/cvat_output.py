"""Tubes as tracks of CVAT ("CVAT for video 1.1"), so that annotators correct instead of draw.

A track is a person. Its box is given on key frames, and CVAT moves it in straight lines between them; what the person
does are checkboxes, which keep their values until they change. Where a person is not seen the track is `outside`.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import IO, Any
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from yowo.inference.outputs.frame_output import StreamFacts, is_complete, resting_place
from yowo.inference.outputs.sparse_boxes import Box, Key, SparseBoxes
from yowo.inference.outputs.spool import Spool
from yowo.inference.tracks import FrameTube, TrackedFrame
from yowo.whole_file import whole_file

LABEL = "person"
"""The label of all tracks."""
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
LEAST_SIDE = 0.1
"""Pixels. Narrower boxes are left out: in the file they would have no area."""


@dataclass
class _Person:
    """A person on the newest frame: the tube whose box is taken, the box, the classes, the frame, and the way there."""

    track: int
    box: Box
    actions: frozenset[int]
    frame: int
    way: SparseBoxes = field(default_factory=SparseBoxes)


class CvatOutput:
    """Collects the key frames of people and writes the file in the end; until then they wait on the disk.

    Boxes are those of the tubes, which the linker has smoothed: detections jitter from frame to frame, and each would
    need a key frame. Where a tube passes over a frame without a detection it has a box as well. Of several tubes of a
    person on a frame (of several classes) the box is taken that was taken before, at first that of the best tube; boxes
    are cut at the edges of the picture.
    """

    def __init__(self, path: Path, facts: StreamFacts) -> None:
        """Begin without people; the folder of the file is made if it is missing.

        Raises:
            YowoError: The folder cannot be written.
        """
        self._path, self._facts, self._frames = path, facts, 0
        self._here: dict[int, _Person] = {}
        kinds = [("person", "<i8"), ("frame", "<i8"), ("box", "<f8", (4,)), ("outside", "u1")]
        self._row = np.dtype([*kinds, ("actions", "u1", (-(-len(facts.classes) // 8),))])
        self._keys = Spool(path, self._row)
        self._edge = (facts.width, facts.height, facts.width, facts.height)

    def write(self, frame: TrackedFrame) -> None:
        """Take the people of a frame.

        Raises:
            YowoError: The disk is full.
        """
        here = frame.result.frame
        seen = set()
        for number, own in groupby(sorted(frame.tubes, key=_person), key=_person):
            if self._see(number, here, list(own)):
                seen.add(number)
        for number in self._here.keys() - seen:
            self._lose(number)
        self._frames = here + 1

    def finish(self) -> None:
        """Write the file, unless there was no frame.

        Raises:
            YowoError: It cannot be written.
        """
        complete = is_complete(self._facts, self._frames)
        for number in list(self._here):
            self._lose(number, ends=not complete)
        if self._frames:
            self._path = resting_place(self._path, self._facts, self._frames)
            with whole_file(self._path) as unfinished, unfinished.open("w", encoding="utf-8") as file:
                file.write(head(self._facts, self._frames))
                tracks = self._keys.grouped("person")
                for track, (_, keys) in enumerate(groupby(_each(tracks), key=lambda key: int(key["person"]))):
                    self._track(file, track, keys)
                file.write("</annotations>\n")
        self._keys.close()

    def close(self) -> None:
        """Forget what was not written."""
        self._keys.close()

    def kept(self) -> str | None:
        """Return where the file is; None if there was no frame."""
        return f"for CVAT: {self._path}" if self._frames else None

    def _see(self, number: int, frame: int, tubes: Sequence[FrameTube]) -> bool:
        """Take the tubes of a person on a frame; return whether there is a box with an area."""
        person = self._here.get(number)
        last = None if person is None else person.track
        best = max(tubes, key=lambda tube: (tube.track == last, tube.score))
        x1, y1, x2, y2 = (min(max(value, 0.0), edge) for value, edge in zip(best.box, self._edge, strict=True))
        if min(x2 - x1, y2 - y1) < LEAST_SIDE:
            return False
        box = (x1, y1, x2, y2)
        actions = frozenset(tube.label for tube in tubes)
        if person is None:
            person = self._here[number] = _Person(best.track, box, actions, frame)
        self._keep(number, person.way.add(frame, box), person.actions)
        if actions != person.actions:
            self._keep(number, person.way.cut(), actions)
        person.track, person.box, person.actions, person.frame = best.track, box, actions, frame
        return True

    def _lose(self, number: int, ends: bool = True) -> None:
        """End the way of a person, who from the next frame on is outside unless the video ends there."""
        person = self._here.pop(number)
        self._keep(number, person.way.end(), person.actions)
        if ends:
            self._keep(number, [Key(person.frame + 1, person.box)], person.actions, outside=True)

    def _keep(self, number: int, keys: Sequence[Key], actions: frozenset[int], outside: bool = False) -> None:
        if not keys:
            return
        rows = np.zeros(len(keys), self._row)
        flags = np.zeros(len(self._facts.classes), np.bool_)
        flags[list(actions)] = True
        for row, key in zip(rows, keys, strict=True):
            row["person"], row["frame"], row["box"], row["outside"] = number, key.frame, key.box, outside
            row["actions"] = np.packbits(flags)
        self._keys.append(rows)

    def _track(self, file: IO[str], number: int, keys: Iterator[Any]) -> None:
        """Write the track of a person; a checkbox is named from the key frame on where it is first ticked."""
        known: dict[int, None] = {}
        file.write(f'  <track id="{number}" label="{LABEL}" source="auto">\n')
        for key in keys:
            ticked = np.flatnonzero(np.unpackbits(key["actions"], count=len(self._facts.classes))).tolist()
            known |= dict.fromkeys(ticked)
            corners = zip(("xtl", "ytl", "xbr", "ybr"), key["box"].tolist(), strict=True)
            place = " ".join(f'{name}="{value:.2f}"' for name, value in corners)
            flags = f'keyframe="1" outside="{key["outside"]}" occluded="0"'
            file.write(f'    <box frame="{key["frame"]}" {flags} {place} z_order="0">\n')
            for label in known:
                value = "true" if label in ticked else "false"
                file.write(f"      <attribute name={quoted(self._facts.classes[label])}>{value}</attribute>\n")
            file.write("    </box>\n")
        file.write("  </track>\n")


def head(facts: StreamFacts, frames: int) -> str:
    """Return the file up to its tracks.

    The third line is a comment with the labels as CVAT's constructor of labels takes them (Raw).

    Args:
        facts: Of the source.
        frames: Number of its frames.
    """
    boxes = [
        {"name": name, "mutable": True, "input_type": "checkbox", "default_value": "false", "values": ["false"]}
        for name in facts.classes
    ]
    raw = json.dumps([{"name": LABEL, "attributes": boxes}]).replace("--", "-\\u002d")
    attributes = "".join(
        f"<attribute><name>{text(name)}</name><mutable>True</mutable><input_type>checkbox</input_type>"
        f"<default_value>false</default_value><values>false</values></attribute>\n"
        for name in facts.classes
    )
    source = facts.source if facts.file is None else facts.file.name
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n'
        f"<!-- {raw} -->\n"
        "<version>1.1</version>\n<meta><task>\n"
        f"<name>{text(facts.name)}</name><size>{frames}</size><mode>interpolation</mode><overlap>0</overlap>\n"
        f"<start_frame>0</start_frame><stop_frame>{frames - 1}</stop_frame><frame_filter></frame_filter>\n"
        f"<labels><label><name>{LABEL}</name><type>any</type><attributes>\n{attributes}</attributes></label></labels>\n"
        f"<original_size><width>{facts.width}</width><height>{facts.height}</height></original_size>\n"
        f"<source>{text(source)}</source>\n</task></meta>\n"
    )


def text(value: str) -> str:
    """Return a text as it stands between tags; signs that XML does not know are replaced."""
    return escape(NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", value))


def quoted(value: str) -> str:
    """Return a text as the value of an attribute, in quotes."""
    return '"' + text(value).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;") + '"'


def _person(tube: FrameTube) -> int:
    return tube.person


def _each(blocks: Iterator[NDArray[Any]]) -> Iterator[Any]:
    for block in blocks:
        yield from block
