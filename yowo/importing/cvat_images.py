"""CVAT's format "CVAT for images 1.1": boxes on single frames, which are named by their picture files."""

from collections.abc import Callable, Hashable
from typing import NamedTuple
from xml.etree.ElementTree import Element

from yowo.errors import AnnotationError
from yowo.importing.annotated import Place
from yowo.importing.collecting import Box, Collector
from yowo.importing.cvat_actions import CvatLabels
from yowo.importing.picture_frames import LOST, PictureFrames, refuse_if_all_are_lost, shown_box
from yowo.projects.table import TableRow
from yowo.video import picture_index
from yowo.video.file_names import last_number
from yowo.video.video_folder import VideoFolder

TRACKS = ("track_id", "track", "person_id", "object_id", "id")
"""Names of attributes that tell persons apart."""


class Drawn(NamedTuple):
    """A box of an image.

    Attributes:
        key: Stands for the image.
        box: x1 y1 x2 y2 in pixels of the image.
        size: Width and height of the image in pixels; None if the file does not say.
        actions: Its actions.
        track: Name of the person; empty if it has none.
        where: File and image, for messages.
    """

    key: str
    box: Box
    size: tuple[float, float] | None
    actions: list[str]
    track: str
    where: str


class CvatImages:
    """The images of a document; they are placed once all are known.

    Attributes:
        count: Number of images so far.
    """

    def __init__(self, name: str, videos: VideoFolder, labels: CvatLabels, collector: Collector) -> None:
        """Begin without images.

        Args:
            name: Name of the document.
            videos: The annotated videos.
            labels: What is an action.
            collector: Gets rows, problems and notes.
        """
        self.count = 0
        self._name, self._videos, self._labels, self._collector = name, videos, labels, collector
        self._frames = PictureFrames(videos, labels.options.first_frame, collector)
        self._known: dict[Hashable, picture_index.Place] = {}
        self._drawn: list[Drawn] = []

    def add(self, image: Element, source: str, read_box: Callable[[Element], Box]) -> None:
        """Add an image and its boxes.

        Args:
            image: The element.
            source: Video that the document's task was made from; empty if it was made from pictures.
            read_box: Returns the box around a shape in pixels; raises KeyError or ValueError if there is none.

        Raises:
            AnnotationError: It names no video, or a box is damaged.
        """
        self.count += 1
        named = image.get("name", "")
        where = f"{self._name}: image {image.get('id', '?')} {named!r}"
        key = f"{image.get('task_id', '')}/{image.get('id', self.count)}/{named}"
        number = last_number(named)
        if source and number is not None:  # CVAT names the frames of a video frame_000012, from 0
            video = self._collector.video(self._videos, source, where)
            self._known[key] = picture_index.Place(video, number - (self._labels.options.first_frame or 0))
        else:
            self._frames.add(key, named, where)
        width, height = image.get("width", ""), image.get("height", "")
        size = (float(width), float(height)) if width.isdecimal() and height.isdecimal() else None
        for shape in image:
            with self._collector.entry():
                self._add_shape(shape, key, size, where, read_box)

    def _add_shape(
        self, shape: Element, key: str, size: tuple[float, float] | None, where: str, read_box: Callable[[Element], Box]
    ) -> None:
        if shape.tag not in ("box", "ellipse", "polygon", "polyline"):
            self._collector.leave_out(f"shapes of type {shape.tag} were skipped", where)
            return
        if shape.get("occluded") == "1" and not self._labels.options.keep_occluded:
            return
        values = {a.get("name", ""): a.text or "" for a in shape.findall("attribute")}
        track = next((text for name in TRACKS if (text := values.pop(name, "").strip())), "")
        actions = self._labels.actions(shape.get("label", "").strip(), values)
        if not actions:
            self._collector.leave_out("boxes have no action and were left out", where)
            return
        try:
            box = read_box(shape)
        except (KeyError, ValueError) as error:
            raise AnnotationError(f"{where}: <{shape.tag}>: expected numbers as coordinates, got {error}") from error
        self._drawn.append(Drawn(key, box, size, actions, track, where))

    def finish(self) -> None:
        """Add the rows of all images.

        Raises:
            AnnotationError: No box is on a picture that is there.
        """
        places = {**self._frames.places(self._name), **self._known}
        infos = self._videos.probe(places[drawn.key].video for drawn in self._drawn if drawn.key in places)
        before = len(self._collector.rows)
        for drawn in self._drawn:
            place = places.get(drawn.key)
            if place is None:
                if drawn.key in self._frames.lost:
                    self._collector.leave_out(LOST, self._frames.lost[drawn.key])
                continue
            box = shown_box(drawn.box, drawn.size, place, infos[place.video], self._videos.pictures)
            with self._collector.entry():
                for action in drawn.actions:
                    row = TableRow(place.video, place.frame, box, action, drawn.track)
                    self._collector.add(row, Place(self._name, drawn.where))
        refuse_if_all_are_lost(self._frames, len(self._collector.rows) - before, self._name)
