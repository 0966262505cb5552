import os

import numpy as np
import pytest
from PIL import Image

from yowo.errors import VideoError
from yowo.video.folder_reader import FolderReader


def test_pictures_are_ordered_by_number_and_other_files_ignored(tmp_path):
    for number in (10, 9, 100):
        Image.fromarray(np.full((8, 8, 3), number, dtype=np.uint8)).save(tmp_path / f"img_{number}.png")
    (tmp_path / "notes.txt").write_text("1")
    with FolderReader(tmp_path) as reader:
        assert reader.get_frames([0, 1, 2])[:, 0, 0, 0].tolist() == [9, 10, 100]


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(VideoError, match="expected a folder of pictures"):
        FolderReader(tmp_path / "file")


@pytest.mark.parametrize(
    ("numbers", "name"),
    [
        (range(1, 5), "film_7_{:06d}.jpg"),
        (range(9, 12), "{}.png"),
        ((1, 2, 4), "{:05d}.png"),
        ((1, 2, 3), "{:03d}_b.png"),
    ],
)
def test_every_way_of_numbering_gives_the_pictures_in_order(tmp_path, numbers, name):
    for number in numbers:
        Image.fromarray(np.full((8, 8, 3), 20 * number, dtype=np.uint8)).save(tmp_path / name.format(number))
    with FolderReader(tmp_path) as reader:
        shown = reader.get_frames(range(len(reader)))[:, 0, 0, 0]
    assert shown.tolist() == pytest.approx([20 * number for number in numbers], abs=2)


def test_a_folder_is_listed_once_and_again_when_it_changed(tmp_path, monkeypatch):
    picture = Image.fromarray(np.zeros((8, 8, 3), dtype=np.uint8))
    picture.save(tmp_path / "1.png")
    assert len(FolderReader(tmp_path)) == 1
    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.iterdir", lambda self: pytest.fail("listed again"))
        assert len(FolderReader(tmp_path)) == 1
    picture.save(tmp_path / "2.png")
    os.utime(tmp_path, ns=(1, 1))
    assert len(FolderReader(tmp_path)) == 2
