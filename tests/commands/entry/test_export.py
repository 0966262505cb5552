import pytest

from yowo.commands.entry.export import check
from yowo.config.checkpoint import portable, register_parts
from yowo.config.compose import compose_config
from yowo.errors import ConfigError


@pytest.fixture
def composed(tmp_path):
    register_parts(portable(compose_config("train", ["model=yowo_tiny", "dataset=motion"])))
    video = tmp_path / "a video.mp4"
    video.write_bytes(b"")
    usual = ["checkpoint=x.ckpt", "format=torch_export", f"source={video}"]
    return lambda *more: compose_config("export", [*usual, *more])


def test_a_plain_export_passes(composed, tmp_path):
    check(composed())
    check(composed(f"output={tmp_path}/my best.pt2"))


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("streaming=both", "streaming: expected auto, exact, state or clip, got both"),
        ("streaming=auto", "streaming=auto: expected clip, exact or state: a file has one of them"),
        ("precision=fp16", "precision=fp16: expected fp32 or int8"),
        ("precision=int8", "expected format=onnx or openvino and streaming=clip, got format=torch_export"),
        ("source=gone.mp4", r"source=gone\.mp4: there is no such video"),
        ("output=a.onnx", r"output=a\.onnx: expected a name that ends in \.pt2"),
        ("checkpoint=null", "checkpoint is required, as in yowo export"),
    ],
)
def test_mistakes_are_told_before_anything_is_read(composed, override, words):
    with pytest.raises(ConfigError, match=words):
        check(composed(override))  # the streaming's is found while composing


def test_without_frames_to_check_on_nothing_is_exported(composed):
    with pytest.raises(ConfigError, match="source is required: a video on whose frames the file is checked"):
        check(composed("source=null", "dataset=ucf24"))
