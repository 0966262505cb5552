import pytest

from tests.video.video_files import encode_kinds


@pytest.fixture(scope="session")
def videos(tmp_path_factory):
    """A folder with a small file of each kind, see `KINDS`."""
    folder = tmp_path_factory.mktemp("videos")
    encode_kinds(folder)
    return folder


@pytest.fixture
def video(videos):
    """Path of a file by name; the test is skipped where it could not be encoded."""

    def path(name):
        if not (videos / name).exists():
            pytest.skip(f"no encoder for {name} here")
        return videos / name

    return path
