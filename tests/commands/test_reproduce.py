import json
from pathlib import Path

import pytest
import torch

from tests.make_data import ucf24_files
from yowo.api import build_model
from yowo.commands.reproduce import check_folder, data_folders, find_weights, run
from yowo.errors import ConfigError
from yowo.reports.published import published_rows

SMALL = [
    f"--set={line}"
    for line in (
        "model=yowo_tiny",
        "dataset.image_size=64",
        "dataset.num_workers=0",
        "trainer=cpu",
        "dataset.batch_size=8",
    )
]


@pytest.mark.long
def test_rows_with_weights_are_evaluated_once_and_shown_beside_the_published_ones(tmp_path, capsys):
    root = ucf24_files(tmp_path / "ucf")
    torch.save({"state_dict": build_model("yowo_tiny", "ucf24").state_dict()}, tmp_path / "yowo_nano_ucf24.ckpt")
    arguments = ["--table", "1", "--weights-dir", str(tmp_path), "--root", str(root), "--output", str(tmp_path / "out")]
    run([*arguments, *SMALL])
    shown = capsys.readouterr().out
    assert "81.00 /" in shown and "YOWO-Plus" in shown
    content = json.loads((tmp_path / "out" / "table1.json").read_text())
    assert list(content["rows"]) == ["yowo_nano_ucf24"] and content["rows"]["yowo_nano_ucf24"]["fps"] > 0
    assert "| YOWO-Nano |" in (tmp_path / "out" / "table1.md").read_text()
    (tmp_path / "ucf").rename(tmp_path / "gone")
    run([*arguments, *SMALL])
    assert "kept from" in capsys.readouterr().out


def test_weights_are_found_by_the_name_of_the_row_or_of_the_released_file(tmp_path):
    rows = published_rows()
    by_name = {row.name: row for row in rows}
    assert find_weights(by_name["yowo_plus_ava_k16"], rows, tmp_path) is None
    (tmp_path / "yowo_ava_v2.2_20.6.pth").touch()
    (tmp_path / "yowo_ucf24.safetensors").touch()
    assert find_weights(by_name["yowo_plus_ava_k16"], rows, tmp_path).name == "yowo_ava_v2.2_20.6.pth"
    assert find_weights(by_name["yowo_lfb_ucf24"], rows, tmp_path).name == "yowo_ucf24.safetensors"


def test_a_folder_without_weights_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match=r"no file for table 2; expected .*yowo_nano_ava_k32\.ckpt or yowo_nano_ava"):
        run(["--table", "2", "--weights-dir", str(tmp_path), "--root", str(tmp_path)])
    with pytest.raises(ConfigError, match=r"--weights-dir DIR is required for table 1: a folder with yowo_ucf24\.ckpt"):
        run(["--table", "1", "--root", str(tmp_path)])


def test_the_family_is_shown_with_what_was_kept_and_counted(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("yowo.commands.reproduced_row.row_cost", lambda row: {"parameters": 1e6, "multiply_adds": 2e9})
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "yowof_r18_ucf24.json").write_text('{"frame_map": {"0.5": 0.5}, "multiply_adds": 3e9}')
    run(["--table", "family", "--output", str(tmp_path)])
    assert "kept from" in capsys.readouterr().out
    text = (tmp_path / "family.md").read_text()
    assert "| YOWOF-R18 | 16 | 83.30 / 50.00 | 49.10 / – | 18.10 / – | 23.9 / 1.0 | 4.9 / 3.0 | 225.0 / – |" in text
    assert "yowo_v2_tiny_ucf24_k32" in json.loads((tmp_path / "family.json").read_text())["rows"]


def test_folders_of_data_sets_are_named_where_a_table_has_both(tmp_path):
    assert data_folders(["data/a=b"], 2) == {"ava": Path("data/a=b")} and data_folders([], 1) == {}
    assert data_folders(["ucf24=u", "ava=a"], "family") == {"ucf24": Path("u"), "ava": Path("a")}
    with pytest.raises(ConfigError, match=r"--root data: expected ucf24=DIR or ava=DIR"):
        data_folders(["data"], "family")
    with pytest.raises(ConfigError, match=r"--root ava=DIR is required"):
        check_folder("ava", None, "family")
    with pytest.raises(ConfigError, match=r"--root .*gone: not a directory"):
        check_folder("ucf24", tmp_path / "gone", 1)
