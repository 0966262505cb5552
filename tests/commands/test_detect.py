import csv
import json
import sys
from importlib import import_module

import pytest
import torch

from tests.make_data import pictures, write_video
from yowo.commands import detect, detect_outputs
from yowo.commands.detect import detect_video, open_source
from yowo.commands.entry.detect import check
from yowo.config.checkpoint import portable, register_checkpoint, register_parts
from yowo.config.compose import compose_config
from yowo.errors import ConfigError
from yowo.video.reader import open_video

CAMERA = """
import numpy as np

class Camera:
    fps, width, height, length = 12.5, 64, 48, None
    opened = []

    def __init__(self, source, decoder, frames):
        self.left, self.open = frames, True
        self.opened.append((source, decoder, self))

    def read(self, count):
        count = min(count, self.left)
        self.left -= count
        return np.full((count, 48, 64, 3), 90, dtype=np.uint8)

    def close(self):
        self.open = False

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()
"""
"""A source of another package: one file, and one yaml."""
TINY = ["model=yowo_tiny", "dataset=motion", "device=cpu", "score_threshold=0.0", "batch_size=8", "checkpoint=x"]


@pytest.fixture
def camera(tmp_path, monkeypatch):
    """Its class, and what is typed to choose it."""
    (tmp_path / "elsewhere.py").write_text(CAMERA)
    (tmp_path / "reader").mkdir()
    (tmp_path / "reader" / "camera.yaml").write_text("_target_: elsewhere.Camera\nframes: 19\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "elsewhere", raising=False)
    register_parts(portable(compose_config("train", TINY[:2])))
    typed = [f"hydra.searchpath=[file://{tmp_path}]", "reader=camera", "source=front-door", "decoder=pyav"]
    return import_module("elsewhere").Camera, [*TINY, *typed]


@pytest.fixture
def ready(monkeypatch, tmp_path):
    """Leave out what is not about frames: the run's records and the weights."""
    monkeypatch.setattr(detect, "record_run", lambda config: None)
    monkeypatch.setattr(detect, "load_network", lambda detector, config: None)
    monkeypatch.setattr(detect_outputs, "run_folder", lambda: tmp_path / "run")


def rows_of(path):
    return list(csv.DictReader(path.open()))


@pytest.mark.parametrize("more", [[], pytest.param(["stride=3"], marks=pytest.mark.long)])
def test_a_source_without_length_from_a_yaml_elsewhere_is_detected_on_until_it_ends(camera, tmp_path, ready, more):
    chosen, typed = camera
    config = compose_config("detect", [*typed, f"output={tmp_path}/out.mp4", *more])
    check(config)
    detect_video(config)
    ((source, decoder, opened),) = chosen.opened
    assert (source, decoder) == ("front-door", "pyav") and opened.left == 0 and not opened.open
    with open_video(tmp_path / "out.mp4") as reader:
        assert len(reader) == 19 and reader.fps == pytest.approx(12.5)
    rows = rows_of(tmp_path / "out.csv")
    seen = set(range(0, 19, 3 if more == ["stride=3"] else 1))
    assert seen <= {int(row["frame"]) for row in rows} <= set(range(19)) and rows[0]["video"] == "front-door"


def test_a_source_without_length_cannot_be_looked_ahead_in(camera, tmp_path, ready):
    chosen, typed = camera
    config = compose_config("detect", [*typed, "context=lfb", f"output={tmp_path}/out.mp4"])
    check(config)
    with pytest.raises(ConfigError, match=r"^source=front-door is read forward only and context=lfb looks ahead .*$"):
        detect_video(config)
    assert not chosen.opened[0][2].open and not (tmp_path / "out.mp4").exists()


def test_a_source_that_is_read_once_refuses_a_linker_of_all_frames(camera, tmp_path, ready):
    chosen, typed = camera
    config = compose_config("detect", [*typed, "linker=trimmed", f"output={tmp_path}/out.mp4"])
    with pytest.raises(
        ConfigError, match=r"^source=front-door is read once, and this linker needs all frames; use lin"
    ):
        detect_video(config)
    assert not chosen.opened[0][2].open and not (tmp_path / "out.mp4").exists()


def test_a_file_is_detected_on_with_the_same_boxes_whatever_links_them(tmp_path, ready):
    register_parts(portable(compose_config("train", TINY[:2])))
    write_video(tmp_path / "a b=[1].avi", pictures(21, 0))
    tables = []
    for more in (["linker=online"], ["linker=trimmed", "batch_size=3"]):
        torch.manual_seed(0)
        typed = [*TINY[:-2], "checkpoint=x", *more, f"source='{tmp_path}/a b=[1].avi'", "save=[boxes,jsonl]"]
        detect_video(compose_config("detect", typed))
        lines = (tmp_path / "run" / "a b=[1].jsonl").read_text().splitlines()
        assert [json.loads(line)["frame"] for line in lines] == list(range(21))
        tables.append(rows_of(tmp_path / "run" / "a b=[1]_detected.csv"))
        (tmp_path / "run").rename(tmp_path / more[0])
    assert len(tables[0]) == len(tables[1]) and {int(row["frame"]) for row in tables[0]} == set(range(21))
    for old, new in zip(*tables, strict=True):
        assert old["label"] == new["label"] and float(old["x1"]) == pytest.approx(float(new["x1"]), abs=0.02)


@pytest.mark.parametrize("decoder", ["decord", "pyav"])
def test_files_are_read_with_the_decoder_that_is_configured(videos, decoder):
    register_checkpoint(None)
    config = compose_config("detect", [*TINY, f"source={videos / 'mpeg4.avi'}", f"decoder={decoder}"])
    with open_source(config) as source:
        assert source.reader.backend == decoder and source.length == 45


def test_an_unknown_decoder_is_one_line(videos):
    register_checkpoint(None)
    typed = [*TINY, f"source={videos / 'mpeg4.avi'}"]
    with pytest.raises(ConfigError, match=r"^decoder=opencv: there is no such choice; choose one of decord, pyav"):
        compose_config("detect", [*typed, "decoder=opencv"])
    config = compose_config("detect", [*typed, "decoder=pyav", "decoder.name=opencv"])
    with pytest.raises(ConfigError, match=r"^decoder: expected decord or pyav, got 'opencv'$"):
        open_source(config)
