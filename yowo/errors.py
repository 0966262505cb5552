"""Errors that a user can fix: each message says what is wrong, where, and what to do next."""

import re

FROM_A_WORKER = re.compile(
    r"Caught \w+ in (DataLoader worker process \d+)\..*^[\w.]+Error: (.*)", re.DOTALL | re.MULTILINE
)
"""The message of an exception that PyTorch re-raises from a data worker: a traceback whose last line is the error."""


class YowoError(Exception):
    """Base class of all errors of this package; a command prints it as one line and exits with code 2.

    Attributes:
        details: Lines that a command prints below that line, for errors that report several problems at once.
    """

    details: tuple[str, ...] = ()

    def __init__(self, message: str) -> None:
        """Store `message` as a single line; of a traceback from a data worker, keep the last line only."""
        if found := FROM_A_WORKER.match(message):
            message = f"{found[2]} (in {found[1]})"
        super().__init__(" ".join(message.split()))


class ConfigError(YowoError):
    """A configuration value is invalid: the message names its key and the allowed values."""


class DatasetError(YowoError):
    """A data set is missing, or its folder is not laid out as expected."""


class AnnotationError(YowoError):
    """An annotation or detections file has an invalid entry: the message names file and row."""


class VideoError(YowoError):
    """A video cannot be read: the message names the file and the reason."""


class WeightsError(YowoError):
    """A weights file is damaged, has an unknown format, or does not fit the network."""


class PrunedError(YowoError):
    """A search of hyper-parameters ended a training because others were better at the same epoch; nothing is wrong."""
