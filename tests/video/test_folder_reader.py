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
    with pytest.raises(VideoError, match="expected a folder of numbered pictures"):
        FolderReader(tmp_path / "file")
