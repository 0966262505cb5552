import io
import json
import os

import pytest

from tests.inference.outputs.made_frames import facts, tracked, written
from yowo.inference.outputs.json_lines_output import JsonLinesOutput

FRAMES = [tracked(0, []), tracked(1, [((1, 2, 30.126, 40), 0.5, 1, 7, 2), ((1, 2, 30, 40), 0.25, 0, 0, 0)])]
LINES = [
    {"video": "match", "frame": 0, "seconds": 0.0, "width": 320, "height": 240, "detections": [], "tubes": []},
    {
        **{"video": "match", "frame": 1, "seconds": 0.04, "width": 320, "height": 240},
        "detections": [
            {"box": [1, 2, 30.13, 40], "score": 0.5, "label": "jump & roll", "class": 1, "track": 7, "person": 2},
            {"box": [1, 2, 30, 40], "score": 0.25, "label": "run", "class": 0, "track": None, "person": None},
        ],
        "tubes": [
            {"track": 7, "person": 2, "label": "jump & roll", "class": 1, "score": 0.75, "box": [1, 2, 30.13, 40]}
        ],
    },
]


def test_every_frame_is_a_line_as_it_comes_also_one_without_detections(tmp_path):
    output = JsonLinesOutput(tmp_path / "a.jsonl", facts(2))
    for place, frame in enumerate(FRAMES, start=1):
        output.write(frame)
        assert [json.loads(line) for line in (tmp_path / "a.jsonl").open()] == LINES[:place]
    output.finish()
    output.close()
    assert output.kept() == f"JSON Lines: {tmp_path}/a.jsonl"


def test_a_stream_gets_the_lines_and_stays_open():
    stream = io.BytesIO()
    assert written(JsonLinesOutput(stream, facts(2)), FRAMES).kept() is None
    assert [json.loads(line) for line in stream.getvalue().decode().splitlines()] == LINES


def test_a_pipe_that_nobody_reads_is_told_as_such():
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb", buffering=0) as pipe:
        output = JsonLinesOutput(pipe, facts(2))
        with pytest.raises(BrokenPipeError, match="Broken pipe"):
            output.write(FRAMES[0])


def test_names_of_classes_and_files_are_as_they_are(tmp_path):
    odd = facts(1, classes=("бег", 'say "no"\n'), name="a\udcff")
    written(
        JsonLinesOutput(tmp_path / "a.jsonl", odd), [tracked(0, [((1, 2, 3, 4), 0.5, label, 0, 0) for label in (0, 1)])]
    )
    (line,) = (tmp_path / "a.jsonl").read_text().splitlines()
    assert [one["label"] for one in json.loads(line)["detections"]] == ["бег", 'say "no"\n'] and "бег" in line
    assert json.loads(line)["video"] == "a\udcff"
