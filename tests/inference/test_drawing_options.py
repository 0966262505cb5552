import pytest

from yowo.errors import ConfigError
from yowo.inference.drawing_options import PRESETS, check_drawing


def test_what_there_is_passes():
    for preset in PRESETS:
        check_drawing("tube", None, preset)
    check_drawing("class", 2, "veryfast")
    check_drawing("class", 0.5, "veryfast")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("person", None, "fast"), r"colour=person: expected one of tube, class"),
        (("tube", 0, "fast"), r"scale=0: expected a factor from 0.05 to 16, or null"),
        (("tube", "big", "fast"), r"scale=big: expected a factor"),
        (("tube", True, "fast"), r"scale=True: expected a factor"),
        (("tube", float("nan"), "fast"), r"scale=nan: expected a factor"),
        (("tube", None, "p4"), r"preset=p4: expected one of ultrafast, .*, veryslow"),
    ],
)
def test_what_there_is_not_is_named(options, words):
    with pytest.raises(ConfigError, match=words):
        check_drawing(*options)
