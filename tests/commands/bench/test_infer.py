import numpy as np
import pytest

from tests.make_data import pictures
from yowo.commands.bench import infer
from yowo.commands.bench.backend_names import whole_family
from yowo.errors import ConfigError, VideoError
from yowo.inference.frame_times import FrameTimes
from yowo.video.writer import VideoWriter

TINY = ["model=yowo_tiny", "dataset=motion", "dataset.image_size=64", "--backends", "clip,exact"]


@pytest.fixture
def quick(monkeypatch):
    """Times that are given instead of measured."""
    rates = {"clip": 0.1, "exact": 0.05}
    monkeypatch.setattr(
        "yowo.inference.frame_times.frame_times",
        lambda detectors, *rest: {name: FrameTimes([2 * rates[name]], rates[name]) for name in detectors},
    )
    monkeypatch.setattr("yowo.inference.frame_times.matrix_peak", lambda device: 100e9)
    monkeypatch.setattr(infer, "COMPARED", 3)


def test_backends_stand_side_by_side(quick, capsys):
    infer.run([*TINY, "--seconds", "1", "--frames", "4"])
    shown = capsys.readouterr().out
    for words in ("yowo_tiny, motion, K = 8", "PyTorch, clip by clip", "PyTorch, exact", "100 GFLOP per CPU second"):
        assert words in shown
    for figure in ("5.00", "10.00", "200.0", "2.00", "100.0 %"):  # FPS, p50, speed, same detections
        assert figure in shown


def test_without_a_model_every_network_is_measured_and_one_table_has_them_all(monkeypatch, capsys):
    asked = []

    def measure(console, config, options, names, device):
        asked.append((config.model.name, config.dataset.clip_len, list(config.dataset.std)))
        given = {"PyTorch, clip by clip": (30.04, 33.3)}
        return given | ({"PyTorch, state": (5.0, 200.0)} if config.model.name == "yowof_r18" else {})

    monkeypatch.setattr(infer, "measure", measure)
    monkeypatch.setattr(
        "yowo.commands.bench.infer.whole_family", lambda given: whole_family(given, ("yowo", "yowof_r18"))
    )
    infer.run(["--device", "cpu", "dataset.num_workers=0"])
    assert [name for name, *_ in asked] == ["yowo", "yowof_r18"] and {length for _, length, _ in asked} == {16}
    assert asked[0][2] != asked[1][2]  # pixels are each network's own
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["│", "yowo", "│", "30.0", "│", "–", "│"] in rows
    assert ["│", "yowof_r18", "│", "30.0", "│", "5.0", "│"] in rows


def test_the_whole_of_detect_stands_beside_the_fastest(quick, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("yowo.commands.bench.whole_detection.TURNS", 1)
    video = tmp_path / "a film.mp4"
    with VideoWriter(video, 25, (64, 48)) as writer:
        for frame in pictures(4, 0):
            writer.write(frame)
    infer.run([*TINY, "--video", str(video), "--frames", "3"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "PyTorch, exact: 3 frames of a film.mp4" in shown and "the whole takes longer by" in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--seconds", "0"], r"--seconds, --turns, --frames: expected numbers above 0"),
        (["--frames", "1"], r"at least 2 frames"),
        (["--backends", "tensorrt"], r"--backends tensorrt: expected some of clip"),
        (["--device", "cuda:99"], r"device=cuda:99: this machine has"),
        (["model=yolo"], r"model=yolo"),
    ],
)
def test_what_cannot_be_measured_is_told_in_a_line(arguments, words):
    with pytest.raises(ConfigError, match=words):
        infer.run(arguments)


def test_frames_are_those_of_a_video_or_made_up(tmp_path):
    from yowo.config.compose import compose_config

    config = compose_config("train", TINY[:2])
    assert infer.read_pictures(None, 3, config).shape == (3, 240, 320, 3)
    with VideoWriter(tmp_path / "v.mp4", 25, (64, 48)) as writer:
        for frame in np.zeros((2, 48, 64, 3), np.uint8):
            writer.write(frame)
    assert infer.read_pictures(tmp_path / "v.mp4", 5, config).shape == (2, 48, 64, 3)
    with VideoWriter(tmp_path / "v.mp4", 25, (64, 48)) as writer:
        writer.write(np.zeros((48, 64, 3), np.uint8))
    with pytest.raises(VideoError, match=r"--video .*v\.mp4: expected at least two frames, got 1"):
        infer.read_pictures(tmp_path / "v.mp4", 5, config)
