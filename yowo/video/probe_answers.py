"""The program that `ProbeProcess` runs: it reads [path, decoder] as JSON, one per line, and answers each."""

import json
import os
import sys
from dataclasses import asdict
from typing import Any

from yowo.errors import VideoError
from yowo.video.probe import probe_video


def main() -> None:
    """Write "ready" once the decoders are loaded, then answer each question until there are no more.

    An answer is a line of JSON: an object of facts, or the reason why the file cannot be read.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what native libraries print must not be taken for an answer
    answers.write("ready\n")
    answers.flush()
    for line in sys.stdin:
        path, decoder = json.loads(line)
        answer: dict[str, Any] | str
        try:
            answer = asdict(probe_video(path, decoder))
        except VideoError as error:
            answer = str(error)
        except Exception as error:  # one file must not end the process of the others
            answer = f"{path}: cannot be read ({type(error).__name__}: {error})"
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
