from tests.make_data import pictures, write_video
from tests.video.test_reader import difference, sequential
from yowo.video.pyav_reader import PyAVReader


def test_going_back_seeks_and_still_gives_the_same_frames(tmp_path):
    write_video(tmp_path / "v.avi", pictures(60, 0))
    expected = sequential(tmp_path / "v.avi")
    with PyAVReader(tmp_path / "v.avi") as reader:
        for index in (50, 10, 11, 12, 59, 0, 30):
            assert difference(reader.get_frames([index])[0], expected[index]) == 0


def test_a_closed_reader_opens_again_when_asked(tmp_path):
    write_video(tmp_path / "v.avi", pictures(5, 0))
    reader = PyAVReader(tmp_path / "v.avi")
    first = reader.get_frames([2])
    reader.close()
    assert difference(reader.get_frames([2]), first) == 0
    reader.close()
