import pytest
from omegaconf import OmegaConf

from yowo.commands.archive import work
from yowo.commands.archive.one_video import BEFORE, DONE
from yowo.commands.archive.work import Work
from yowo.commands.watch_source import Watched
from yowo.video.source_names import Source, SourceKind


@pytest.fixture
def calls(monkeypatch):
    found = []
    monkeypatch.setattr(work, "load_detector", lambda config: found.append("load") or "network")
    monkeypatch.setattr(
        work,
        "detect_one",
        lambda config, network, source, folder: (
            found.append((config.save, config.output, network, source.name)) or Watched(1, 1, 1, 1, 0, [])
        ),
    )
    return found


def test_the_network_is_loaded_once_and_only_if_a_video_is_not_finished(calls, tmp_path):
    config = OmegaConf.create({"output": "out", "save": None})
    for name in "ab":
        (tmp_path / name).touch()
    both = [Source(SourceKind.FILE, str(tmp_path / name), name) for name in "ab"]
    begun = Work(config, tmp_path / "out")
    assert [begun.finish(source).state for source in both] == [DONE, DONE]
    assert calls == ["load", (["npz", "boxes"], None, "network", "a"), (["npz", "boxes"], None, "network", "b")]
    assert [Work(config, tmp_path / "out").finish(source).state for source in both] == [BEFORE, BEFORE]
    assert len(calls) == 3 and config.output == "out"


def test_what_is_saved_can_be_chosen(calls, tmp_path):
    (tmp_path / "a").touch()
    config = OmegaConf.create({"output": None, "save": ["tubes"]})
    Work(config, tmp_path / "out").finish(Source(SourceKind.FILE, str(tmp_path / "a"), "a"))
    assert calls[1][0] == ["tubes"]
