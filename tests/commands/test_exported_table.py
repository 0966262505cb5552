import zipfile

import pytest
from rich.console import Console

from tests.exported_cases import facts
from yowo.commands.exported_table import exported_table
from yowo.commands.info import exported_file
from yowo.errors import ConfigError


def shown(path, given):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/extra/yowo.json", given.text())
    console = Console(width=200)
    with console.capture() as text:
        console.print(exported_table(path))
    return text.get()


def test_the_table_names_what_a_user_of_the_file_needs(tmp_path):
    inside = {"columns": ["clip", "label"], "score_threshold": 0.3, "nms_threshold": 0.5}
    text = shown(tmp_path / "a.pt2", facts(detections=inside, written_by="1.2"))
    for words in (
        "a.pt2: small of motion, fp32",
        "clips of 6 frames, trained for 64 x 96",
        "20 x 40, 50 x 60",
        "class 0, class 1",
    ):
        assert words in text
    assert "(RGB / 255 - [0.4, 0.4, 0.4]) / [0.2, 0.2, 0.2]" in text and "score above 0.3, NMS at 0.5" in text


def test_a_file_that_takes_frames_and_one_of_several_actions_say_so(tmp_path):
    given = facts(
        exclusive_classes=1,
        streaming="exact",
        states={"past": [["a", 1], ["a", 2]]},
        levels=[{"stride": 8, "anchors": [None]}],
    )
    text = shown(tmp_path / "a.pt2", given)
    assert "one frame at a time, and 2 tensors of earlier steps" in text and "the first 1 exclude each other" in text
    assert "anchors of stride 8" in text and "none" in text


def test_info_of_a_file_takes_nothing_else():
    assert (
        exported_file(["model=yowo_nano", "dataset=ava"]) is None
        and exported_file(["model='my best.onnx'"]) == "my best.onnx"
    )
    with pytest.raises(ConfigError, match="dataset=ava: the network of an exported file cannot be changed"):
        exported_file(["model=a.onnx", "dataset=ava"])
