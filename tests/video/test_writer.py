import av
import numpy as np
import pytest

from tests.make_data import pictures
from yowo.errors import VideoError
from yowo.video.reader import open_video
from yowo.video.writer import VideoWriter, check_ending


def test_what_is_written_can_be_read(tmp_path):
    frames = pictures(10, 0)
    with VideoWriter(tmp_path / "v.mp4", 12.5, (64, 48)) as writer:
        for frame in frames:
            writer.write(frame)
    with open_video(tmp_path / "v.mp4") as reader:
        assert (len(reader), reader.width, reader.height) == (10, 64, 48)
        assert reader.fps == pytest.approx(12.5)
        assert np.abs(reader.get_frames(range(10)).astype(int) - frames).mean() < 6


def test_odd_sides_get_a_black_border(tmp_path):
    with VideoWriter(tmp_path / "v.mp4", 25, (65, 47)) as writer:
        writer.write(np.full((47, 65, 3), 200, dtype=np.uint8))
    with open_video(tmp_path / "v.mp4") as reader:
        assert (reader.width, reader.height) == (66, 48)
        assert reader.get_frames([0])[0, 47].mean() < 60


def test_a_higher_rate_factor_makes_a_smaller_file(tmp_path):
    sizes = []
    for crf in (10, 40):
        with VideoWriter(tmp_path / "v.mp4", 25, (64, 48), crf=crf) as writer:
            for frame in np.random.default_rng(0).integers(0, 255, (5, 48, 64, 3), dtype=np.uint8):
                writer.write(frame)
        sizes.append((tmp_path / "v.mp4").stat().st_size)
    assert sizes[1] < sizes[0] / 2


def test_encoders_without_a_rate_factor_write_too(tmp_path):
    with VideoWriter(tmp_path / "v.avi", 25, (64, 48), codec="mpeg4") as writer:
        writer.write(pictures(1, 0)[0])
    with open_video(tmp_path / "v.avi") as reader:
        assert len(reader) == 1


def test_an_error_leaves_nothing_behind(tmp_path):
    with (
        pytest.raises(RuntimeError, match="stop"),
        VideoWriter(tmp_path / "v.avi", 25, (64, 48), codec="mpeg4") as writer,
    ):
        for frame in pictures(5, 0):
            writer.write(frame)
        assert [path.name for path in tmp_path.iterdir()] == [".v.unfinished.avi"]
        raise RuntimeError("stop")
    assert list(tmp_path.iterdir()) == []


def test_an_older_file_stays_until_the_new_one_is_whole(tmp_path):
    (tmp_path / "v.mp4").write_text("old")
    with VideoWriter(tmp_path / "v.mp4", 25, (64, 48)) as writer:
        writer.write(pictures(1, 0)[0])
        assert (tmp_path / "v.mp4").read_text() == "old"
    assert (tmp_path / "v.mp4").read_bytes() != b"old"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere/v.mp4", 25, (64, 48)), r"the folder .*nowhere is missing; make it first"),
        (("v.mp4", 25, (64, 48), "no_codec"), r"v\.mp4: cannot be written, there is no encoder no_codec here"),
        (("v.webm", 25, (64, 48), "libx264"), r"v\.webm: libx264 does not go into this kind of file"),
        (("v.mp4", 25, (64, 48), "aac"), r"v\.mp4: aac does not encode pictures"),
        (("v.xyz", 25, (64, 48)), r"v\.xyz: cannot be written \(.*\); name it \.mp4, \.mkv or \.avi"),
        (("v.mp4", 0, (64, 48)), r"v\.mp4: expected a rate above 0 frames per second, got 0"),
        (("v.mp4", 25, (0, 48)), r"v\.mp4: expected a size of at least 1x1 pixels, got 0x48"),
    ],
)
def test_what_cannot_be_written_is_named_and_leaves_nothing(tmp_path, arguments, message):
    name, *rest = arguments
    with pytest.raises(VideoError, match=message):
        VideoWriter(tmp_path / name, *rest)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("frame", "got"),
    [
        (np.zeros((10, 10, 3), dtype=np.uint8), r"uint8 \[10, 10, 3\]"),
        (np.zeros((48, 64, 3), dtype=np.float32), r"float32 \[48, 64, 3\]"),
    ],
)
def test_frames_of_another_shape_or_type_are_named(tmp_path, frame, got):
    message = rf"v\.mp4: expected frames uint8 \[48, 64, 3\], got {got}"
    with pytest.raises(VideoError, match=message), VideoWriter(tmp_path / "v.mp4", 25, (64, 48)) as writer:
        writer.write(frame)
    assert list(tmp_path.iterdir()) == []


def test_a_video_without_frames_is_an_error(tmp_path):
    with (
        pytest.raises(VideoError, match=r"v\.mp4: no frame was written"),
        VideoWriter(tmp_path / "v.mp4", 25, (64, 48)),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_an_encoder_that_refuses_its_frames_is_named(tmp_path):
    with pytest.raises(VideoError, match=r"v\.mp4: frame 0 cannot be written \("):  # noqa: SIM117
        with VideoWriter(tmp_path / "v.mp4", 25, (64, 48), crf=-1000) as writer:
            writer.write(pictures(1, 0)[0])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".avi", ".mov"])
def test_frames_that_are_kept_can_be_read_at_any_time_and_after_an_error(tmp_path, ending):
    path, frames = tmp_path / f"v{ending}", pictures(8, 0)
    with pytest.raises(RuntimeError, match="stop"):  # noqa: SIM117
        with VideoWriter(path, 25, (64, 48), keep=True) as writer:
            for frame in frames:
                writer.write(frame)
            if ending != ".avi":  # its index is at its end
                (tmp_path / f"cut{ending}").write_bytes(path.read_bytes())
                with open_video(tmp_path / f"cut{ending}") as reader:
                    assert len(reader) >= 7
                (tmp_path / f"cut{ending}").unlink()
            raise RuntimeError("stop")
    with open_video(path) as reader:
        assert len(reader) == 8 and reader.fps == pytest.approx(25)
        assert np.abs(reader.get_frames(range(8)).astype(int) - frames).mean() < 6
    assert list(tmp_path.iterdir()) == [path]
    assert b"moof" not in path.read_bytes()  # the file has an index


def test_an_ending_is_checked_without_writing(tmp_path):
    check_ending(tmp_path / "v.MKV")
    with pytest.raises(VideoError, match=r"v\.xyz: libx264 cannot be written to it; name it \.mp4, \.mkv or \.avi"):
        check_ending(tmp_path / "v.xyz")
    assert not list(tmp_path.iterdir())


def moments(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return [float(frame.pts * stream.time_base) for frame in container.decode(video=0)]


@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
@pytest.mark.parametrize("keep", [False, True])
def test_frames_have_the_times_that_are_given(tmp_path, ending, keep):
    given = [0, 0.04, 0.2, 0.25, 1.5]
    with VideoWriter(tmp_path / f"v{ending}", 25, (64, 48), keep=keep) as writer:
        for frame, seconds in zip(pictures(5, 0), given, strict=True):
            writer.write(frame, seconds)
    assert moments(tmp_path / f"v{ending}") == pytest.approx(given, abs=0.002)


def test_times_that_are_missing_or_go_back_follow_the_rate(tmp_path):
    with VideoWriter(tmp_path / "v.mp4", 30000 / 1001, (64, 48)) as writer:
        for frame, seconds in zip(pictures(5, 0), [0, 0, 1, 0.5, float("nan")], strict=True):
            writer.write(frame, seconds)
    step = 1001 / 30000
    assert moments(tmp_path / "v.mp4") == pytest.approx([0, step, 1, 1 + step, 1 + 2 * step], abs=0.0005)


def test_frames_of_an_avi_file_follow_each_other_at_its_rate(tmp_path):
    with VideoWriter(tmp_path / "v.avi", 25, (64, 48)) as writer:
        for frame, seconds in zip(pictures(3, 0), [0, 1, 5], strict=True):
            writer.write(frame, seconds)
    assert len(moments(tmp_path / "v.avi")) == 3
    with open_video(tmp_path / "v.avi") as reader:
        assert reader.fps == pytest.approx(25)


def test_a_slow_preset_makes_a_smaller_file(tmp_path):
    sizes = []
    for preset in ("ultrafast", "slow"):
        with VideoWriter(tmp_path / "v.mp4", 25, (64, 48), preset=preset) as writer:
            for frame in pictures(10, 0):
                writer.write(frame)
        sizes.append((tmp_path / "v.mp4").stat().st_size)
    assert sizes[1] < sizes[0]
