import re

import numpy as np
import pytest

from tests.make_data import pictures, write_video
from yowo.commands.bench.prepare import jpeg_bytes, read, run
from yowo.errors import ConfigError


@pytest.fixture
def film(tmp_path):
    write_video(tmp_path / "film.mp4", pictures(40, 0))
    return tmp_path / "film.mp4"


def test_rates_and_bytes_of_a_film_and_its_copy_are_shown(film, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    before = film.read_bytes()
    run([str(film), "--short-side", "16", "--reads", "2", "--jpegs", "4"])
    shown = capsys.readouterr().out
    assert re.search(r"the film.*1\.0", shown) and "prepared" in shown and "JPEGs" in shown
    assert film.read_bytes() == before


def test_bytes_of_pictures_grow_with_the_film_and_its_detail(tmp_path):
    sizes = {}
    for name, frames in (
        ("flat", np.full((30, 48, 64, 3), 99, np.uint8)),
        ("noisy", pictures(30, 0)),
        ("long", pictures(60, 0)),
    ):
        write_video(tmp_path / f"{name}.mp4", frames)
        sizes[name] = jpeg_bytes(tmp_path / f"{name}.mp4", read(tmp_path / f"{name}.mp4", 1).info, 30)
    assert sizes["flat"] < sizes["noisy"] < sizes["long"]


def test_a_film_must_come_from_somewhere(film):
    with pytest.raises(ConfigError, match=r"gone\.mp4: there is no such film"):
        run(["gone.mp4"])
    with pytest.raises(ConfigError, match="expected numbers above 0"):
        run([str(film), "--reads", "0"])
