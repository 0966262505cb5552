from pathlib import Path

import pytest

from yowo.commands import weights_files
from yowo.commands.weights_files import fetch_with_bar, usage
from yowo.weights.registry import PUBLISHED


@pytest.mark.parametrize(
    ("part", "words", "command"),
    [
        ("detector", "model=yowo_plus", "yowo detect weights=a.pth model=yowo_plus source=VIDEO"),
        ("detector", "", "yowo detect weights=a.pth source=VIDEO"),
        ("backbone2d", "", "yowo train weights.backbone2d=a.pth"),
    ],
)
def test_each_part_has_a_command_that_uses_it(part, words, command):
    assert usage(part, "a.pth", words) == command


@pytest.mark.parametrize("terminal", [True, False])
def test_a_download_shows_how_far_it_is(monkeypatch, tmp_path, caplog, terminal):
    def fetch(chosen, folder, progress):
        progress(2_000_000, 4_000_000)
        return folder / chosen.file

    monkeypatch.setattr(weights_files, "on_terminal", lambda: terminal)
    monkeypatch.setattr(weights_files, "fetch", fetch)
    caplog.set_level("INFO")
    assert fetch_with_bar(PUBLISHED[0], Path(tmp_path)) == tmp_path / PUBLISHED[0].file
    assert ("downloading" in caplog.text) is not terminal
