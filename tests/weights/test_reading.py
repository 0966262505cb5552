import argparse
import io
import pickle
import sys
import types
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from yowo.errors import WeightsError
from yowo.weights.reading import read_checkpoint

STATE = {"0.weight": torch.arange(6.0).reshape(2, 3), "0.bias": torch.ones(2)}


class Touch:
    """A pickle that would make a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (Path(self.path),))


class Shell(Touch):
    def __reduce__(self):
        import os

        return (os.system, (f"touch {self.path}",))


class Evaluated(Touch):
    def __reduce__(self):
        return (eval, (f"open({str(self.path)!r}, 'w')",))


def saved(content, path, **options):
    torch.save(content, path, **options)
    return path


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "before 1.6"])
@pytest.mark.parametrize("evil", [Touch, Shell, Evaluated])
def test_code_in_a_file_never_runs(tmp_path, evil, legacy):
    victim = tmp_path / "made_by_the_file"
    path = saved(
        {"model": STATE, "args": evil(victim)}, tmp_path / "evil.pth", _use_new_zipfile_serialization=not legacy
    )
    with pytest.raises(WeightsError, match=r"evil\.pth: refused, because reading it would run code stored in it \("):
        read_checkpoint(path)
    assert not victim.exists()


def test_a_file_of_yolov8s_program_is_not_run_and_says_how_to_get_its_state_dict(tmp_path, monkeypatch):
    modules = {name: types.ModuleType(name) for name in ("ultralytics", "ultralytics.nn", "ultralytics.nn.tasks")}
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    module.DetectionModel = type("DetectionModel", (), {"__module__": module.__name__})
    path = saved({"epoch": -1, "model": module.DetectionModel()}, tmp_path / "yolov8n.pt")
    words = r"yolov8n\.pt: refused.*ultralytics\.nn\.tasks\.DetectionModel.*\.state_dict\(\).*AGPL-3\.0"
    with pytest.raises(WeightsError, match=words):
        read_checkpoint(path)


def test_that_same_code_would_run_in_an_unrestricted_reader(tmp_path):
    victim = tmp_path / "made_by_the_file"
    torch.load(saved({"args": Shell(victim)}, tmp_path / "evil.pth"), weights_only=False)
    assert victim.exists()


def test_a_bare_pickle_with_code_never_runs_either(tmp_path):
    victim = tmp_path / "made_by_the_file"
    (tmp_path / "evil.pth").write_bytes(pickle.dumps(Shell(victim), protocol=2))
    with pytest.raises(WeightsError, match=r"evil\.pth: incomplete PyTorch file"):
        read_checkpoint(tmp_path / "evil.pth")
    assert not victim.exists()


def test_a_whole_pickled_network_is_refused_and_said_how_to_mend(tmp_path):
    path = saved(torch.nn.Linear(2, 2), tmp_path / "net.pth")
    with pytest.raises(
        WeightsError, match=r"refused.*torch\.nn\.modules\.linear\.Linear.*save only model\.state_dict\(\)"
    ):
        read_checkpoint(path)


@pytest.mark.parametrize("legacy", [False, True])
def test_files_of_every_age_are_read(tmp_path, legacy):
    path = saved({"model": STATE, "epoch": 3}, tmp_path / "w.pth", _use_new_zipfile_serialization=not legacy)
    content = read_checkpoint(path)
    assert content["epoch"] == 3 and torch.equal(content["model"]["0.weight"], STATE["0.weight"])


def test_the_authors_namespace_is_plain_data(tmp_path):
    path = saved({"model": STATE, "args": argparse.Namespace(lr=1e-4, root="d")}, tmp_path / "w.pth")
    assert read_checkpoint(path)["args"].lr == 1e-4


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("number", [np.float64(0.804), np.float32(0.5), np.int64(7), np.bool_(True)])
def test_scores_that_numpy_computed_are_plain_numbers(tmp_path, number, legacy):
    path = saved({"score": number, "state_dict": STATE}, tmp_path / "w.pth", _use_new_zipfile_serialization=not legacy)
    score = read_checkpoint(path)["score"]
    assert type(score) is float and score == float(number)


def test_numpy_objects_do_not_smuggle_code(tmp_path):
    victim = tmp_path / "made_by_the_file"
    array = np.array([Shell(victim)], dtype=object)
    with pytest.raises(WeightsError, match="refused, because reading it would run code"):
        read_checkpoint(saved({"score": array, "state_dict": STATE}, tmp_path / "w.pth"))
    assert not victim.exists()


def test_safetensors_are_known_by_content_whatever_the_name(tmp_path):
    save_file(STATE, tmp_path / "w.pth", metadata={"model": "yowo_nano"})
    content = read_checkpoint(tmp_path / "w.pth")
    assert torch.equal(content["state_dict"]["0.weight"], STATE["0.weight"])
    assert content["metadata"] == {"model": "yowo_nano"}


def test_pytorch_files_are_known_by_content_whatever_the_name(tmp_path):
    assert set(read_checkpoint(saved(STATE, tmp_path / "w.safetensors"))) == set(STATE)


def zip_bytes(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/"), data)
    return buffer.getvalue()


def torch_bytes(content, **options):
    buffer = io.BytesIO()
    torch.save(content, buffer, **options)
    return buffer.getvalue()


def safetensors_bytes():
    from safetensors.torch import save

    return save(STATE)


WHOLE = torch_bytes({"model": {"w": torch.zeros(5000)}})
OLD = torch_bytes({"model": {"w": torch.zeros(5000)}}, _use_new_zipfile_serialization=False)
DAMAGED = {
    "empty": (b"", "the file is empty; download it again"),
    "one byte": (b"\x00", "download it again"),
    "random bytes": (bytes(range(256)) * 9, "got an unknown format"),
    "zeros": (bytes(4000), "got an unknown format"),
    "text": (b"just some words\n", "a text file, not weights: it starts with 'just some words"),
    "web page": (b"<!DOCTYPE html><html>Sign in</html>", "a web page, not weights"),
    "git lfs pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "a pointer of Git LFS"),
    "gzip": (b"\x1f\x8b\x08\x00rest", "packed with gzip"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(99), "an HDF5 file"),
    "truncated zip": (WHOLE[: len(WHOLE) // 2], "incomplete PyTorch file (its end is missing)"),
    "zip's first bytes": (b"PK\x03\x04broken zip", "incomplete PyTorch file (its end is missing)"),
    "truncated old file": (OLD[: len(OLD) // 2], "incomplete or damaged PyTorch file"),
    "old file's head": (OLD[:40], "incomplete or damaged PyTorch file"),
    "zip of other things": (zip_bytes(**{"a.npy": b"1"}), "a zip archive, but not one of PyTorch (it holds a.npy)"),
    "zip with a broken pickle": (zip_bytes(archive__data__pkl=b"").replace(b"data/pkl", b"data.pkl"), "PyTorch"),
    "torchscript": (zip_bytes(m__code="", **{"m__constants.pkl": b"", "m__data.pkl": b""}), "a TorchScript program"),
    "plain pickle": (
        pickle.dumps({"w": 1}, protocol=2),
        "incomplete PyTorch file, or a pickle that torch.save did not write",
    ),
    "new pickle": (
        pickle.dumps({"w": 1}, protocol=5),
        "incomplete PyTorch file, or a pickle that torch.save did not write",
    ),
    "unusual protocol": (torch_bytes({"w": {1}}, pickle_protocol=5), "unusual pickle protocol"),
    "a list": (torch_bytes([torch.ones(1)]), "expected a dict of weights, got a list"),
    "a tensor": (torch_bytes(torch.ones(1)), "expected a dict of weights, got a Tensor"),
    "nothing": (torch_bytes(None), "expected a dict of weights, got a NoneType"),
    "truncated safetensors": (safetensors_bytes()[:-4], "incomplete or damaged safetensors file"),
    "lying safetensors": (b"\xff" * 7 + b"\x00{" + bytes(50), "incomplete or damaged safetensors file"),
    "darknet without values": (b"\0\0\0\0\2\0\0\0" + bytes(12), "a darknet file with a header but no values"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_what_is_no_weights_file_is_one_clear_line(tmp_path, case):
    data, words = DAMAGED[case]
    (tmp_path / "w.pth").write_bytes(data)
    with pytest.raises(WeightsError, match=r"w\.pth: ") as caught:
        read_checkpoint(tmp_path / "w.pth")
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_a_folder_and_a_missing_file_are_named(tmp_path):
    with pytest.raises(WeightsError, match=r"expected a weights file, got a folder; give the file in it"):
        read_checkpoint(tmp_path)
    with pytest.raises(WeightsError, match=r"nowhere\.pth: there is no such weights file"):
        read_checkpoint(tmp_path / "nowhere.pth")
