"""The program that `ProbeProcess` runs: a path a line as JSON comes in, what is known about the file goes out."""

import json
import os
import sys
from dataclasses import asdict
from typing import Any

from yowo.errors import VideoError
from yowo.video.probe import probe_video


def main() -> None:
    """Say that the decoders are loaded, then answer each path until there are no more.

    An answer is a line of JSON: an object of facts, or the reason why the file cannot be read.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what native libraries write to the standard output is no answer
    answers.write("ready\n")
    answers.flush()
    for line in sys.stdin:
        path = json.loads(line)
        answer: dict[str, Any] | str
        try:
            answer = asdict(probe_video(path))
        except VideoError as error:
            answer = str(error)
        except Exception as error:  # one file must not take the others' process down
            answer = f"{path}: cannot be read ({type(error).__name__}: {error})"
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
