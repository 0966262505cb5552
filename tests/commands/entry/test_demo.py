import pytest

from yowo.commands.entry import demo
from yowo.errors import ConfigError


def test_what_was_typed_is_checked_before_anything_is_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"weights=gone\.ckpt: there is no such file"):
        demo.run(["weights=gone.ckpt"])
    assert not list(tmp_path.iterdir())
