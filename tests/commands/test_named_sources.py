import pytest
from omegaconf import OmegaConf

from yowo.commands.named_sources import named_sources
from yowo.errors import ConfigError
from yowo.video.source_names import SourceKind


def config(source, reader):
    return OmegaConf.create({"source": source, "reader": {"_target_": reader}})


def test_readers_of_this_package_have_their_sources_looked_for():
    (one,) = named_sources(config("camera:0", "yowo.video.sources.open_source")).each
    assert (one.kind, one.address) == (SourceKind.LIVE, "camera:0")
    with pytest.raises(ConfigError, match=r"nowhere\.mp4"):
        named_sources(config("nowhere.mp4", "yowo.video.sources.open_source"))


def test_what_a_reader_elsewhere_takes_is_not_looked_at():
    found = named_sources(config("nowhere.mp4", "yowonder.Reader"))
    assert not found.several and [(s.kind, s.address, s.name) for s in found.each] == [
        (SourceKind.LIVE, "nowhere.mp4", "nowhere")
    ]
