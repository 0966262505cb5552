"""The people of tubes, cut out of the frames: a folder of pictures for each tube."""

import re
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image

from yowo.errors import YowoError
from yowo.inference.outputs.frame_output import StreamFacts
from yowo.inference.tracks import FrameTube, TrackedFrame

MARGIN = 0.1
"""Share of a box's sides that is added on each side."""
QUALITY = 90
"""Of JPEG, 1 to 95."""
LONGEST = 80
"""Bytes of a class's name in the name of a folder."""


class CropsOutput:
    """Writes `track_0003_person_1_run/000120.jpg`: the box of track 3, a tenth larger on each side, on frame 120.

    The pictures have the size of the box in the source, without drawings. Each is there when `write` returns.
    Boxes are those of the tubes, smoothed by the linker; detections that are in no tube are left out.

    Attributes:
        count: Number of pictures.
    """

    def __init__(self, folder: Path, facts: StreamFacts) -> None:
        """Begin with an empty folder, which is made if it is missing.

        Raises:
            YowoError: The folder holds something, or cannot be written.
        """
        self.count = 0
        self._folder, self._facts = folder, facts
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()):
                raise YowoError(f"{folder}: holds files already; move them, or write elsewhere with output=FOLDER")
        except OSError as error:
            raise self._failed(folder, error) from error

    def write(self, frame: TrackedFrame) -> None:
        """Write the crops of a frame.

        Raises:
            YowoError: A picture cannot be written; those of earlier frames are there.
        """
        for tube in frame.tubes:
            left, top, right, bottom = self._corners(tube.box)
            if left >= right or top >= bottom:
                continue
            path = self._folder / self._name(tube) / f"{frame.result.frame:06d}.jpg"
            crop = Image.fromarray(np.ascontiguousarray(frame.result.picture[top:bottom, left:right]))
            try:
                path.parent.mkdir(exist_ok=True)
                crop.save(path, quality=QUALITY)
            except OSError as error:
                with suppress(OSError):
                    path.unlink()
                raise self._failed(path, error) from error
            self.count += 1

    def finish(self) -> None:
        """Do nothing: all is written."""

    def close(self) -> None:
        """Remove the folder if it is empty."""
        if not self.count and self._folder.is_dir() and not any(self._folder.iterdir()):
            self._folder.rmdir()

    def kept(self) -> str | None:
        """Return where the pictures are; None if there is none."""
        return f"crops: {self._folder}, {self.count} pictures" if self.count else None

    def _corners(self, box: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
        """Return the box with its margin, in whole pixels inside the picture: x1 y1 x2 y2."""
        x1, y1, x2, y2 = box
        across, down = MARGIN * (x2 - x1), MARGIN * (y2 - y1)
        left, top = max(0, int(x1 - across)), max(0, int(y1 - down))
        return left, top, min(self._facts.width, int(x2 + across) + 1), min(self._facts.height, int(y2 + down) + 1)

    def _name(self, tube: FrameTube) -> str:
        label = re.sub(r"[^\w-]+", "_", self._facts.classes[tube.label]).strip("_")
        short = label.encode()[:LONGEST].decode("utf-8", "ignore")
        return f"track_{tube.track:04d}_person_{tube.person}_{short}"

    def _failed(self, path: Path, error: OSError) -> YowoError:
        return YowoError(f"{path}: cannot be written ({error.strerror or error}); free some space or write elsewhere")
