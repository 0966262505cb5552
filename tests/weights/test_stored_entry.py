import argparse
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from yowo.errors import WeightsError
from yowo.weights.reading import read_checkpoint
from yowo.weights.stored_entry import read_entry

CONFIG = {"config": {"dataset": {"classes": ["wave", "run"], "clip_len": 8}, "loss": {"goal": None, "share": 0.5}}}
STATE = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3)).state_dict()


def saved(path, content, **options):
    torch.save(content, path, **options)
    return path


def test_an_entry_is_what_the_complete_reader_reads(tmp_path):
    content = {
        "state_dict": STATE,
        "optimizer": {"step": torch.ones(3)},
        "args": argparse.Namespace(lr=1),
        "yowo": CONFIG,
    }
    path = saved(tmp_path / "a.ckpt", content)
    assert read_entry(path, "yowo") == CONFIG == read_checkpoint(path)["yowo"]
    assert read_entry(path, "nothing") is None


def test_it_needs_no_torch(tmp_path):
    path = saved(tmp_path / "a.ckpt", {"state_dict": STATE, "yowo": CONFIG})
    code = f"import sys; from yowo.weights.stored_entry import read_entry; print(read_entry({str(path)!r}, 'yowo'))"
    code += "; assert 'torch' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(CONFIG)


@pytest.mark.parametrize("legacy", [False, True])
def test_numbers_that_are_tensors_and_old_files_go_to_the_complete_reader(tmp_path, legacy):
    content = {"yowo": {"config": {"mean": torch.ones(1)}}}
    path = saved(tmp_path / "a.ckpt", content, _use_new_zipfile_serialization=not legacy)
    assert float(read_entry(path, "yowo")["config"]["mean"]) == 1


class Touch:
    """A pickle that would make a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (Path(self.path),))


@pytest.mark.parametrize("key", ["yowo", "other"])
def test_code_in_a_file_never_runs(tmp_path, key):
    victim = tmp_path / "made_by_the_file"
    path = saved(tmp_path / "evil.ckpt", {key: Touch(victim), "more": 1})
    if key == "yowo":
        with pytest.raises(WeightsError, match="refused, because reading it would run code"):
            read_entry(path, "yowo")
    else:
        assert read_entry(path, "yowo") is None
    assert not victim.exists()


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_a_damaged_file_is_described_as_ever(tmp_path, damage):
    path = saved(tmp_path / "a.ckpt", {"state_dict": STATE, "yowo": CONFIG})
    raw = path.read_bytes()
    at = raw.index(b"state_dict")
    path.write_bytes(raw[: len(raw) // 2] if damage == "cut" else raw[: at - 12] + b"\xff" * 12 + raw[at:])
    with pytest.raises(WeightsError, match=r"a\.ckpt: "):
        read_entry(path, "yowo")
