import csv
import sys
from importlib import import_module

import pytest

from yowo.commands import annotated_video, detect
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


def ready(monkeypatch):
    """Leave out what is not about frames: the run's records and the weights."""
    monkeypatch.setattr(detect, "record_run", lambda config: None)
    monkeypatch.setattr(detect, "load_network", lambda detector, config: None)


def test_a_source_without_length_from_a_yaml_elsewhere_is_detected_on_until_it_ends(camera, tmp_path, monkeypatch):
    ready(monkeypatch)
    totals, track = [], annotated_video.track
    monkeypatch.setattr(
        annotated_video, "track", lambda *args, **more: totals.append(more["total"]) or track(*args, **more)
    )
    chosen, typed = camera
    config = compose_config("detect", [*typed, f"output={tmp_path}/out.mp4"])
    check(config)
    detect_video(config)
    ((source, decoder, opened),) = chosen.opened
    assert (source, decoder) == ("front-door", "pyav") and opened.left == 0 and not opened.open
    assert totals == [None]
    with open_video(tmp_path / "out.mp4") as reader:
        assert len(reader) == 19 and reader.fps == pytest.approx(12.5)
    rows = list(csv.DictReader((tmp_path / "out.csv").open()))
    assert {int(row["frame"]) for row in rows} == set(range(19)) and rows[0]["video"] == "front-door"


def test_a_source_without_length_cannot_be_looked_ahead_in(camera, tmp_path, monkeypatch):
    ready(monkeypatch)
    chosen, typed = camera
    config = compose_config("detect", [*typed, "context=lfb", f"output={tmp_path}/out.mp4"])
    check(config)
    with pytest.raises(ConfigError, match=r"^source=front-door is read forward only and context=lfb looks ahead .*$"):
        detect_video(config)
    assert not chosen.opened[0][2].open and not (tmp_path / "out.mp4").exists()


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
