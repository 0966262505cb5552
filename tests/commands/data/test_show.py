import numpy as np
import pytest
from PIL import Image

from tests.make_data import project, ucf24_files
from yowo.commands.data.show import run
from yowo.errors import ConfigError, DatasetError


def test_a_sheet_of_samples_is_written(tmp_path, capsys):
    run([str(project(tmp_path / "mine")), "--samples", "4", "--output", str(tmp_path / "sheet.png")])
    picture = np.asarray(Image.open(tmp_path / "sheet.png").convert("RGB"))
    assert picture.shape[1] > picture.shape[0] and picture.std() > 10
    assert "4 of " in capsys.readouterr().out


def test_frames_of_a_clip_stand_side_by_side(tmp_path):
    root = project(tmp_path / "mine")
    for frames in ("1", "4"):
        run([str(root), "--samples", "1", "--clip", frames, "--output", str(tmp_path / f"{frames}.png")])
    assert Image.open(tmp_path / "4.png").width > 3 * Image.open(tmp_path / "1.png").width


def test_other_data_sets_are_shown_too(tmp_path):
    root = ucf24_files(tmp_path / "ucf")
    run([str(root), "dataset=ucf24", "--samples", "2", "--output", str(tmp_path / "sheet.png")])
    assert (tmp_path / "sheet.png").is_file()


def test_numbers_below_one_are_errors(tmp_path):
    with pytest.raises(ConfigError, match="--samples, --clip: expected at least 1, got 0 and 1"):
        run([str(tmp_path), "--samples", "0"])


@pytest.mark.parametrize(("split", "other"), [("train", "val"), ("val", "train")])
def test_an_empty_split_names_the_one_that_is_not(tmp_path, split, other):
    root = project(tmp_path / "mine")
    (root / "splits").mkdir(exist_ok=True)
    (root / "splits" / f"{split}.txt").write_text("")
    (root / "splits" / f"{other}.txt").write_text("a\nb\nfar/c\n")
    with pytest.raises(DatasetError, match=rf"the {split} split has no video.*--split {other} shows them"):
        run([str(root), "--split", split])
    (root / "splits" / f"{other}.txt").write_text("")
    with pytest.raises(DatasetError, match=rf"the {split} split has no video(?!.*--split)"):
        run([str(root), "--split", split])


def test_an_ending_that_is_no_picture_is_refused_before_anything_is_read(tmp_path):
    with pytest.raises(ConfigError, match=r"--output .*sheet\.pgn: expected the name of a picture, as in samples\.png"):
        run([str(tmp_path / "gone"), "--output", str(tmp_path / "sheet.pgn")])
