import pytest

from yowo.errors import VideoError
from yowo.video.probe import probe_video


@pytest.fixture
def quick_probe(monkeypatch):
    """Probe videos in this process: starting another takes longer than all the rest of a small import."""

    def probe_here(paths, decoder="decord"):
        answers = {path: answer(path, decoder) for path in paths}
        reasons = {path: found for path, found in answers.items() if isinstance(found, str)}
        return {path: found for path, found in answers.items() if path not in reasons}, reasons

    def answer(path, decoder):
        try:
            return probe_video(path, decoder)
        except VideoError as error:
            return str(error)

    monkeypatch.setattr("yowo.video.video_folder.probe_videos", probe_here)
