import logging

import pytest

from tests.inference.watching.test_watch import HOW, Kept, Network, Source
from yowo.commands import watch_source as module
from yowo.commands.watch_source import NOTHING_YET, watch_source
from yowo.errors import ConfigError, VideoError
from yowo.inference.outputs.frame_output import StreamFacts
from yowo.tubes.linkers import make_linker

FACTS = StreamFacts("match", "match.mp4", 25.0, 320, 240, 33, False, ["walk"], False)
LIVE = StreamFacts("door", "rtsp://door", 25.0, 320, 240, None, True, ["walk"], False)


class Again(Source):
    """A source that can be opened a second time."""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass


class File(Kept):
    """An output that says what it keeps."""

    def kept(self):
        return f"video: {len(self.frames)} frames"


def watched(linker, source=None, facts=FACTS, how=HOW):
    output = File()
    found = watch_source(
        source or Source(), lambda: Again(), Network(), make_linker(linker), lambda meter: [output], facts, how
    )
    return found, output


@pytest.mark.parametrize("linker", ["online", "trimmed", "yowo"])
@pytest.mark.parametrize("stride", [1, 3])
def test_every_linker_gives_all_frames_with_tubes_and_people(linker, stride):
    found, output = watched(linker, how=HOW._replace(stride=stride))
    assert found[:4] == (33, sum(len(one.rows.labels) for one in output.frames), 2, 2)
    assert found.kept == ["video: 33 frames"] and output.ends == ["finish", "close"]
    assert [frame.result.frame for frame in output.frames] == list(range(33))
    assert all(sorted(frame.people[frame.people > 0].tolist()) == [1, 2] for frame in output.frames[:30])


def test_frames_of_live_sources_are_written_at_once_with_the_tubes_of_then():
    found, output = watched("online", Source(live=True), LIVE)
    assert found.frames == 33 and found.dropped == 33
    assert not output.frames[0].tracks.any() and output.frames[-1].tracks.all()


def test_a_linker_of_all_frames_refuses_a_live_source_before_anything_is_written():
    output = []
    with pytest.raises(ConfigError, match=r"^source=rtsp://door is read once, and this linker needs all frames; use "):
        watch_source(Source(live=True), Again, Network(), make_linker("trimmed"), output.append, LIVE, HOW)
    assert not output


@pytest.mark.parametrize("linker", ["online", "trimmed"])
def test_frames_before_a_damaged_one_are_written(linker, caplog):
    output = File()
    caplog.set_level(logging.INFO)
    with pytest.raises(VideoError, match="frame 30 cannot be decoded"):
        watch_source(Source(breaks=30), Again, Network(), make_linker(linker), lambda meter: [output], FACTS, HOW)
    assert len(output.frames) == 24 and output.ends == ["finish", "close"] and output.frames[-1].tracks.all()
    assert ("writing the 24 frames until now" in caplog.text) == (linker == "trimmed")


@pytest.mark.parametrize("linker", ["online", "trimmed"])
@pytest.mark.parametrize("stop", [0, 20])
def test_an_interruption_says_what_is_kept(linker, stop, monkeypatch):
    said = []

    class Told:
        def __init__(self, words):
            self.words = words

        def __enter__(self):
            pass

        def __exit__(self, kind, *error):
            said.extend([self.words()] if kind else [])

    def track(frames, what, *_, **__):
        for seen in frames:
            if seen.frame == stop and what == "detecting":
                raise KeyboardInterrupt
            yield seen

    monkeypatch.setattr(module, "if_interrupted", Told)
    monkeypatch.setattr(module, "track", track)
    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        watched(linker)
    kept = "20 of 33 frames are written; video: 20 frames; the command can only begin anew"
    assert said == [kept if stop else NOTHING_YET]
