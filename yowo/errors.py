"""Errors that a user can mend: each message says what is wrong, where, and what to do next."""

import re

FROM_A_WORKER = re.compile(
    r"Caught \w+ in (DataLoader worker process \d+)\..*^[\w.]+Error: (.*)", re.DOTALL | re.MULTILINE
)
"""What PyTorch makes of an error in a data worker: a traceback, and the error's own line at its end."""


class YowoError(Exception):
    """Base of all errors of this package; a command prints it as one line and ends with exit code 2."""

    def __init__(self, message: str) -> None:
        """Keep `message` on one line, whatever it was made of; of a traceback from a data worker, its last line."""
        if found := FROM_A_WORKER.match(message):
            message = f"{found[2]} (in {found[1]})"
        super().__init__(" ".join(message.split()))


class ConfigError(YowoError):
    """A value of the configuration is wrong: the message names its key and the values allowed."""


class DatasetError(YowoError):
    """A data set is not where it should be, or not laid out as expected."""


class AnnotationError(YowoError):
    """An annotation or detections file holds something impossible: the message names file and row."""


class VideoError(YowoError):
    """A video cannot be read: the message names the file and the reason."""


class WeightsError(YowoError):
    """A weights file is damaged, foreign, or does not fit the network."""
