import json
import re

import av
import pytest
from omegaconf import OmegaConf
from PIL import Image

from tests.inference.outputs.made_frames import facts, names, tracked
from yowo.commands.detect_outputs import build_outputs
from yowo.commands.stdout_data import data_on_stdout
from yowo.errors import ConfigError, YowoError
from yowo.evaluation.detection_table import DetectionTable
from yowo.inference.outputs.page_output import PageOutput


def typed(**keys):
    usual = {"save": None, "output": None, "source": "match.mp4", "show": False, "serve": None, "token": None}
    return OmegaConf.create({**usual, "colour": "tube", "scale": None, "preset": "ultrafast", **keys})


def given(outputs, frames=3):
    """Give outputs some frames, and end them; return what they say."""
    for frame in range(frames):
        made = tracked(frame, [((10, 20, 90, 200), 0.9, 1, 1, 1)])
        for output in outputs:
            output.write(made)
    for output in outputs:
        output.finish()
        output.close()
    return [words for output in outputs if (words := output.kept())]


def test_all_kinds_are_written_at_once_in_the_folder_of_the_run(tmp_path):
    kinds = ["video", "boxes", "tubes", "jsonl", "npz", "gif", "cvat", "crops"]
    said = given(build_outputs(typed(save=kinds), facts(3), folder=tmp_path / "run"))
    assert names(tmp_path / "run") == [
        *("match.gif", "match.jsonl", "match.npz", "match_crops", "match_cvat.xml", "match_detected.csv"),
        *("match_detected.mp4", "match_tubes.csv"),
    ]
    assert [re.sub(rf": {re.escape(str(tmp_path))}.*", "", words) for words in said] == [
        *("video", "detections", "tubes", "JSON Lines", "detections for yowo score", "GIF", "for CVAT", "crops"),
    ]
    with av.open(str(tmp_path / "run" / "match_detected.mp4")) as film:
        assert film.streams.video[0].codec_context.name == "h264" and len(list(film.decode(video=0))) == 3
    with Image.open(tmp_path / "run" / "match.gif") as gif:
        assert gif.n_frames == 1  # 25 frames a second
    assert len(DetectionTable.load(tmp_path / "run" / "match.npz").frame) == 3


def test_standard_output_has_the_lines_and_nothing_else(tmp_path, capfd):
    with data_on_stdout():
        given(build_outputs(typed(output="-", save="npz"), facts(3), folder=tmp_path))
    assert [json.loads(line)["frame"] for line in capfd.readouterr().out.splitlines()] == [0, 1, 2]
    assert names(tmp_path) == ["match.npz"]


def test_the_video_that_is_read_is_not_written(tmp_path):
    film = tmp_path / "match.npz"
    film.write_text("film")
    with pytest.raises(ConfigError, match=r"match\.npz, of save=npz: this is source=.*match\.npz itself"):
        build_outputs(typed(save="npz"), facts(3, file=film), folder=tmp_path)
    assert film.read_text() == "film"


def test_what_was_opened_is_closed_if_another_output_cannot_be(tmp_path, monkeypatch):
    closed = []
    monkeypatch.setattr(PageOutput, "__init__", lambda self, *arguments: None)
    monkeypatch.setattr(PageOutput, "close", lambda self: closed.append(True))
    with pytest.raises(YowoError, match=r"output=-: standard output holds other lines already"):
        build_outputs(typed(serve="127.0.0.1:0", output="-"), facts(3), folder=tmp_path)
    assert closed == [True] and names(tmp_path) == []
