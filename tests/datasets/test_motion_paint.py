import colorsys

import numpy as np
import pytest

from yowo.datasets.motion_paint import PATCH, SECTORS, SPAN, paint_backdrop, paint_figure, split_hue
from yowo.datasets.motion_plan import Figure

SQUARE = np.array([[-0.35, -0.35], [0.35, -0.35], [0.35, 0.35], [-0.35, 0.35]])


def test_the_splits_share_no_part_of_the_colour_circle():
    random = np.random.default_rng(0)
    sectors = {split: {int(split_hue(random, split) * SECTORS / 360) for _ in range(500)} for split in ("train", "val")}
    assert len(sectors["train"]) == len(sectors["val"]) == SECTORS // 2
    assert not sectors["train"] & sectors["val"]


@pytest.mark.parametrize(("split", "rest"), [("train", 0), ("val", 1)])
def test_vivid_pixels_of_a_figure_have_hues_of_its_split(split, rest):
    pixels = np.concatenate(
        [np.asarray(paint_figure(Figure(SQUARE, look), split))[34:62, 34:62].reshape(-1, 4) for look in range(12)]
    )
    brightest = pixels[(pixels[:, :3].max(1) > 200) & (np.ptp(pixels[:, :3].astype(int), axis=1) > 120)]
    hues = np.array([colorsys.rgb_to_hsv(*(pixel[:3] / 255))[0] for pixel in brightest])
    assert len(hues) > 300
    assert np.mean((hues * SECTORS).astype(int) % 2 == rest) > 0.8  # the rest lies where two colours meet


def test_a_figure_covers_its_outline_and_nothing_else():
    alpha = np.asarray(paint_figure(Figure(SQUARE, 1), "train"))[..., 3]
    rows, columns = np.nonzero(alpha > 127)
    half = 0.35 / SPAN * PATCH
    for places in (rows, columns):
        assert places.min() == pytest.approx(PATCH / 2 - half, abs=1)
        assert places.max() + 1 == pytest.approx(PATCH / 2 + half, abs=1)
    assert alpha[PATCH // 2, PATCH // 2] == 255 and alpha[0, 0] == 0


def test_look_and_split_decide_the_texture():
    def painted(look, split):
        return np.asarray(paint_figure(Figure(SQUARE, look), split)).tobytes()

    assert painted(1, "train") == painted(1, "train")
    assert len({painted(1, "train"), painted(2, "train"), painted(1, "val")}) == 3


def test_the_ground_is_cluttered_and_differs_by_seed_and_split():
    grounds = [np.asarray(paint_backdrop(*key, (80, 60))) for key in ((1, "train"), (2, "train"), (1, "val"))]
    assert all(ground.shape == (60, 80, 3) and ground.std(axis=(0, 1)).max() > 8 for ground in grounds)
    assert len({ground.tobytes() for ground in grounds}) == 3
    assert np.array_equal(grounds[0], np.asarray(paint_backdrop(1, "train", (80, 60))))
