"""Several outputs as one: what goes wrong with one of them leaves the others complete."""

from collections.abc import Callable, Iterable, Sequence

from yowo.inference.outputs.frame_output import FrameOutput
from yowo.inference.tracks import TrackedFrame


class OutputGroup:
    """Passes frames to outputs; after an error of one of them none gets any more.

    Attributes:
        frames: Frames that all outputs have.
        detections: Detections on them, one per box and class.
    """

    def __init__(self, outputs: Sequence[FrameOutput]) -> None:
        """Store the outputs, which are open."""
        self.outputs = outputs
        self.frames = self.detections = 0
        self._writes: FrameOutput | None = None

    def write(self, frames: Iterable[TrackedFrame]) -> None:
        """Pass frames on, in order.

        Raises:
            YowoError, OSError: What an output raises.
        """
        for frame in frames:
            for output in self.outputs:
                self._writes = output
                output.write(frame)
            self._writes = None
            self.frames += 1
            self.detections += len(frame.rows.labels)

    @property
    def failed(self) -> bool:
        """Whether an output has raised an error in `write`."""
        return self._writes is not None

    def end(self) -> None:
        """Finish all outputs but one that has failed, then close all; none is left open.

        Raises:
            YowoError, OSError: The first error of an output.
        """
        calls = [
            call
            for output in self.outputs
            for call in ((output.close,) if output is self._writes else (output.finish, output.close))
        ]
        errors = [error for call in calls if (error := _error_of(call)) is not None]
        if errors:
            raise errors[0]

    def kept(self) -> list[str]:
        """Return what the outputs say about themselves."""
        return [words for output in self.outputs if (words := output.kept()) is not None]


def _error_of(call: Callable[[], None]) -> BaseException | None:
    """Return what a call raises."""
    try:
        call()
    except BaseException as error:
        return error
    return None
