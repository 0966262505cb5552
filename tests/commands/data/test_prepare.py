import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from tests.film_cases import film
from tests.make_data import pictures, write_video
from yowo.commands.data.prepare import run
from yowo.errors import ConfigError, DatasetError
from yowo.storage.manifest import read_manifest, read_recipe
from yowo.storage.transcoder import Recipe

SLOW = ("--preset", "veryslow", "--workers", "1")
FRAMES = 500
QUICK = ("--preset", "ultrafast", "--workers", "1", "--short-side", "24")


@pytest.fixture
def films(tmp_path):
    for name in ("a.avi", "far/b.avi"):
        write_video(tmp_path / "films" / name, pictures(10, 0))
    return tmp_path / "films"


def test_help_shows_what_to_type(capsys):
    with pytest.raises(SystemExit, match="0"):
        run(["--help"])
    shown = capsys.readouterr().out
    for word in ("DIR", "--output", "--short-side", "--gop", "--crf", "--preset", "--workers", "dataset.root="):
        assert word in shown


def test_the_copy_lies_beside_the_folder_and_a_line_says_so(films, tmp_path, capsys, monkeypatch):
    run([str(films), *QUICK])
    shown = capsys.readouterr().out
    assert "2 videos prepared, 0 already prepared: 0." in shown
    assert f"use: dataset.root={tmp_path / 'films_prepared'}" in shown
    assert sorted(read_manifest(tmp_path / "films_prepared")) == ["a.mp4", "far/b.mp4"]
    for place, name in ((films, "."), (films, "../films"), (films / "far", "..")):
        monkeypatch.chdir(place)
        run([name, *QUICK])
        assert "0 videos prepared, 2 already prepared" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["films", "films_prepared"]


def test_options_make_the_recipe(films, tmp_path):
    wanted = Recipe(32, 5, 30, "superfast")
    options = ["--short-side", "32", "--gop", "5", "--crf", "30", "--preset", "superfast", "--workers", "0"]
    run([str(films), *options, "--output", str(tmp_path / "out")])
    assert read_recipe(tmp_path / "out") == wanted
    with pytest.raises(ConfigError, match="short side: expected an even number of pixels of at least 16, got 15"):
        run([str(films), "--short-side", "15"])
    with pytest.raises(ConfigError, match="--preset: invalid choice: 'best'"):
        run([str(films), "--preset", "best"])


def test_the_root_of_the_disk_is_refused():
    with pytest.raises(
        ConfigError, match=r"--output /_prepared: expected a folder that neither contains / nor lies in it"
    ):
        run(["/", *QUICK])


def test_videos_that_fail_are_counted_and_named(films, capsys):
    (films / "text.mp4").write_text("no film")
    with pytest.raises(
        DatasetError, match=r"1 of 3 videos could not be prepared; the first: .*text\.mp4: not a readable"
    ):
        run([str(films), *QUICK])
    shown = capsys.readouterr().out
    assert "not prepared: " in shown and "2 videos prepared" in shown


def test_from_the_shell_a_failure_is_one_line_and_an_exit_code(films):
    (films / "text.mp4").write_text("no film")
    done = subprocess.run(
        [sys.executable, "-m", "yowo", "data", "prepare", str(films), *QUICK],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("error: 1 of 3 videos could not be prepared")


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    """A film that takes its time."""
    return film(tmp_path_factory.mktemp("long") / "long.mp4", FRAMES, (320, 240))


@pytest.fixture
def started(tmp_path, long):
    """A run in a group of processes of its own, in the midst of its first film."""
    film(tmp_path / "films" / "short.mp4", 5)
    shutil.copy(long, tmp_path / "films")
    command = [sys.executable, "-m", "yowo", "data", "prepare", str(tmp_path / "films"), *SLOW]
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored in the background of a shell (`&`)
    )
    until = time.monotonic() + 30
    while not unfinished(tmp_path) and time.monotonic() < until:
        time.sleep(0.005)
    yield process
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stderr.close()


def unfinished(folder):
    return list((folder / "films_prepared").glob(".long.*.unfinished.mp4"))


def copies(folder):
    return sorted(path.name for path in (folder / "films_prepared").glob("[!.]*.mp4"))


def finish(tmp_path, capsys):
    run([str(tmp_path / "films"), *SLOW])
    assert "2 videos prepared, 0 already prepared" in capsys.readouterr().out
    assert copies(tmp_path) == ["long.mp4", "short.mp4"] and not unfinished(tmp_path)
    assert read_manifest(tmp_path / "films_prepared")["long.mp4"].num_frames == FRAMES


def test_a_run_that_is_killed_leaves_no_half_copy_and_goes_on(tmp_path, started, capsys):
    os.killpg(started.pid, signal.SIGKILL)
    started.wait()
    assert copies(tmp_path) == [] and len(unfinished(tmp_path)) == 1
    finish(tmp_path, capsys)


def test_the_workers_of_a_killed_run_end_by_themselves(tmp_path, started):
    started.kill()
    started.wait()
    until = time.monotonic() + 10
    while unfinished(tmp_path) and time.monotonic() < until:
        time.sleep(0.02)
    assert unfinished(tmp_path) == [] and copies(tmp_path) == []


def test_the_interrupt_key_stops_in_one_line(tmp_path, started):
    os.killpg(started.pid, signal.SIGINT)
    message = started.communicate(timeout=30)[1]
    assert message.startswith("interrupted: finished videos are in ") and message.count("\n") == 1
    assert "films_prepared; run the command again to resume" in message and started.returncode == 130
    assert "Process Spawn" not in message and copies(tmp_path) == [] and unfinished(tmp_path) == []
