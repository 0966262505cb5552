import struct
import tarfile

import pytest
import torch
from safetensors.torch import save_file

from yowo.errors import WeightsError
from yowo.weights.file_format import DARKNET, LEGACY, PYTORCH, SAFETENSORS, file_format

STATE = {"w": torch.ones(3)}


def written(path, kind):
    if kind == SAFETENSORS:
        save_file(STATE, path)
    elif kind == DARKNET:
        path.write_bytes(struct.pack("<4i", 0, 1, 0, 9) + bytes(400))
    else:
        torch.save(STATE, path, _use_new_zipfile_serialization=kind == PYTORCH)
    return path


@pytest.mark.parametrize("kind", [PYTORCH, LEGACY, SAFETENSORS, DARKNET])
@pytest.mark.parametrize("name", ["a.pth", "a.weights", "a.safetensors", "nothing"])
def test_the_format_is_found_from_the_content(tmp_path, kind, name):
    assert file_format(written(tmp_path / name, kind)) == kind


def test_a_tar_archive_says_what_to_do(tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    with tarfile.open(tmp_path / "w.pth", "w") as archive:
        archive.add(tmp_path / "a", "a")
    with pytest.raises(WeightsError, match=r"w\.pth: a tar archive; unpack it, or"):
        file_format(tmp_path / "w.pth")


def test_a_file_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    path = written(tmp_path / "w.pth", PYTORCH)
    monkeypatch.setattr(type(path), "open", lambda *_: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
    with pytest.raises(WeightsError, match=r"w\.pth: cannot be read \(Permission denied\)"):
        file_format(path)
