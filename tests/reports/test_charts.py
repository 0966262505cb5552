import math

import numpy as np
import pytest
from PIL import Image

from yowo.errors import YowoError
from yowo.reports.class_chart import plot_class_ap

SCORES = {"run": 0.5, "swim": math.nan, "jump": 0.25}


def test_the_picture_has_a_bar_a_class_as_long_as_its_ap(tmp_path):
    plot_class_ap({"full": 1.0, "half": 0.5, "none": 0.0, "absent": math.nan}, tmp_path / "new" / "ap.png")
    with Image.open(tmp_path / "new" / "ap.png") as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    bar = (np.abs(pixels - [0x4C, 0x78, 0xA8]).sum(axis=2) < 30).sum(axis=1)
    lengths = sorted(set(bar[bar > 20].tolist()))
    assert lengths[0] == pytest.approx(lengths[-1] / 2, rel=0.03)
    assert len([1 for a, b in zip(bar[:-1] > 20, bar[1:] > 20, strict=True) if b > a]) == 2


def test_a_picture_of_unknown_format_is_refused(tmp_path):
    with pytest.raises(YowoError, match=r"ap\.doc: expected a picture's name that ends in \.png, \.svg or \.pdf"):
        plot_class_ap(SCORES, tmp_path / "ap.doc")
