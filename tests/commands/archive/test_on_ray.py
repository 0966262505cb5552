import sys

import pytest
from omegaconf import OmegaConf

from yowo.commands.archive import on_ray, work
from yowo.commands.archive.on_ray import FATAL, RayEngine
from yowo.commands.archive.one_video import BEFORE, DONE, FAILED
from yowo.commands.watch_source import Watched
from yowo.errors import ConfigError, VideoError, YowoError
from yowo.video.source_names import Source, SourceKind

ROW = {"kind": "FILE", "name": "a"}


def actor(monkeypatch, tmp_path, error=None):
    def detect(config, network, source, folder):
        if error is not None:
            raise error
        return Watched(3, 2, 1, 1, 0, [])

    monkeypatch.setattr(work, "load_detector", lambda config: "network")
    monkeypatch.setattr(work, "detect_one", detect)
    if not (tmp_path / "a.mp4").exists():
        (tmp_path / "a.mp4").touch()
    made = on_ray._Actor("output: null\nsave: null\n", str(tmp_path / "out"))
    return made({**ROW, "address": str(tmp_path / "a.mp4")})


def test_a_row_comes_back_with_how_its_video_ended(monkeypatch, tmp_path):
    words = "3 frames, 2 detections, 1 tubes"
    assert actor(monkeypatch, tmp_path) == {"name": "a", "state": DONE, "words": words, "expected": True}
    assert actor(monkeypatch, tmp_path)["state"] == BEFORE


def test_a_failure_comes_back_as_such_and_what_is_wrong_for_all_videos_as_fatal(monkeypatch, tmp_path):
    assert actor(monkeypatch, tmp_path, VideoError("damaged"))["state"] == FAILED
    assert actor(monkeypatch, tmp_path, ConfigError("linker"))["state"] == FATAL


def test_without_ray_one_line_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"^engine=ray: Ray Data is not installed; run pip install 'yowo-lightning\["):
        RayEngine(OmegaConf.create({"device": "cpu"}), tmp_path)


@pytest.mark.long
def test_actors_finish_videos_and_say_what_is_wrong(tmp_path, monkeypatch):
    ray = pytest.importorskip("ray")
    pytest.importorskip("ray.data")
    for name in "ab":
        (tmp_path / f"{name}.mp4").write_bytes(b"no video")
    sources = [Source(SourceKind.FILE, str(tmp_path / f"{name}.mp4"), name) for name in "ab"]
    config = OmegaConf.create({"device": "cpu", "output": None, "save": None})  # builds no network
    try:
        with pytest.raises(YowoError, match=r"model|Key"):
            list(RayEngine(config, tmp_path / "out")(sources))
    finally:
        ray.shutdown()
