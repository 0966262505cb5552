import numpy as np
import pytest

from yowo.commands.bench.score import made_up, run, score_frames_only, score_videos_only, tiled
from yowo.datasets.class_lists import class_names
from yowo.errors import ConfigError
from yowo.evaluation.video_protocol import score_table

CLASSES = list(class_names("ucf24").values())


def test_made_up_videos_can_be_scored_and_the_parts_agree_with_the_whole():
    table, truth = made_up(6, len(CLASSES))
    whole = score_table(table, truth, CLASSES)
    assert 0.1 < whole.frame["annotated"].ap[0] < 1
    assert score_frames_only(table, truth, len(CLASSES)) == whole.frame["annotated"].map
    videos = score_videos_only(table, truth, len(CLASSES))
    assert videos == {name: score.map for name, score in whole.video.items() if name != "0.5:0.95"}


def test_tiling_repeats_videos_with_their_ground_truth():
    table, truth = made_up(3, len(CLASSES))
    many, wanted = tiled(table, truth, 8)
    assert len(many.videos) == len(wanted) == 8
    first, again = (many.frame[many.video == index] for index in (0, 3))
    assert np.array_equal(first, again) and many.num_frames[0] == many.num_frames[6]
    assert np.abs(many.score[many.video == 0] - many.score[many.video == 3]).max() < 1e-3


def test_it_runs_and_shows_seconds_and_memory(capsys):
    run(["--tile", "80"])
    shown = capsys.readouterr().out
    assert "video-mAP at six thresholds" in shown and "80 videos (tiled)" in shown and "MiB" in shown


def test_files_go_together(tmp_path):
    with pytest.raises(ConfigError, match=r"expected both --detections and --annotations or neither"):
        run(["--detections", str(tmp_path / "det.npz")])
