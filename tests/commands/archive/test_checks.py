import pytest
from omegaconf import OmegaConf

from yowo.commands.archive import checks
from yowo.commands.archive.checks import check_several, works_on_several
from yowo.errors import ConfigError
from yowo.video.source_names import Source, SourceKind, Sources

ONE = Source(SourceKind.FILE, "a.mp4", "a")
USUAL = {"source": "list.txt", "shard": None, "engine": "local", "output": None, "save": None, "serve": None}


def typed(**keys):
    return OmegaConf.create({**USUAL, "show": False, **keys})


def sources(several=True, kind=SourceKind.FILE):
    return Sources((ONE._replace(kind=kind), ONE._replace(name="b")), several)


def test_a_list_a_shard_and_ray_make_a_command_for_several_videos(tmp_path):
    assert works_on_several(typed(), sources()) and not works_on_several(typed(), sources(several=False))
    assert works_on_several(typed(shard="0/2"), sources(False)) and works_on_several(
        typed(engine="ray"), sources(False)
    )
    check_several(typed(), sources())
    check_several(typed(shard="7/16", output=f"{tmp_path}/out"), sources())
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"shard": "2/2"}, r"^shard=2/2: expected i/n with i from 0 to n - 1"),
        ({"engine": "slurm"}, r"^engine=slurm: expected local or ray$"),
        ({"shard": "0/2"}, r"^shard=0/2: give output=FOLDER, the same for all parts"),
        ({"output": "out.mp4"}, r"^output=out\.mp4: several videos have their results in one folder; give its name$"),
        ({"output": "-"}, r"^output=-: several videos have their results in one folder"),
        ({"output": ["x", "y"]}, r"^output=x,y: several videos have their results in one folder"),
        ({"save": ["npy"]}, r"^save=npy: expected false, or some of"),
        ({"output": "FILE"}, r"^output=.*/taken: is a file; several videos have their results in a folder"),
    ],
)
def test_what_does_not_go_with_several_videos_is_one_line(keys, words, tmp_path):
    (tmp_path / "taken").touch()
    with pytest.raises(ConfigError, match=words):
        check_several(typed(**{k: str(tmp_path / "taken") if v == "FILE" else v for k, v in keys.items()}), sources())


def test_a_stream_has_no_parts(tmp_path):
    with pytest.raises(
        ConfigError, match=r"^shard=0/2: is for lists of videos, and source=list\.txt is a stream; leave"
    ):
        check_several(typed(shard="0/2", output=str(tmp_path)), sources(False, SourceKind.LIVE))


def test_ray_is_asked_for_before_anything_is_read(monkeypatch, tmp_path):
    monkeypatch.setattr(checks, "find_spec", lambda name: None)
    with pytest.raises(
        ConfigError, match=r"^engine=ray: Ray is not installed; run pip install 'yowo-lightning\[ray\]'$"
    ):
        check_several(typed(engine="ray"), sources())
    monkeypatch.setattr(checks, "find_spec", lambda name: name)
    with pytest.raises(ConfigError, match=r"^engine=ray: serve=8000 shows one process, and Ray has several"):
        check_several(typed(engine="ray", serve="8000"), sources())
