from types import SimpleNamespace

import pytest

from yowo.commands import demo
from yowo.commands.demo import evaluate_in_time, frame_seconds, summary
from yowo.commands.demo_time import LEAST_VIDEOS, TimeLimit
from yowo.config.build import build_detector
from yowo.config.build_training import build_datamodule
from yowo.config.compose import compose_config

METRICS = {
    "frame_map": {"0.5": 0.8125},
    "frame_map_key_frame_only": {"0.5": 0.004},
    "num_videos": 40,
    "num_held_out_videos": 40,
    "num_videos_key_frame_only": 10,
    "steps": 1412,
    "planned_steps": 2000,
    "training_seconds": 321.4,
    "seconds": 441.7,
}


def test_the_end_says_what_was_reached_in_how_many_steps_and_what_ended_it():
    words = summary(METRICS, 480, ended_by_time=True)
    assert "frame-mAP@0.5 0.812 on 40 held-out videos; with every clip replaced by its key frame 0.004" in words
    assert "1412 of 2000 steps in 321 s, the time limit of 480 s ended it; 442 s for everything" in words


def test_the_end_says_so_where_all_steps_were_made_and_not_all_videos_tested():
    words = summary(METRICS | {"steps": 2000, "num_videos": 9}, 480, ended_by_time=False)
    assert "2000 of 2000 steps in 321 s, all that were planned" in words
    assert "on 9 held-out videos of 40" in words


@pytest.fixture
def tested(monkeypatch):
    """Run the evaluation of the demo with a given time for a frame and for everything; return the videos it tested."""

    def run(seconds_a_frame, seconds, videos=40):
        names = [f"val_{index:04d}" for index in range(videos)]
        asked = []

        def evaluate(trainer, module, data, config, checkpoint):
            asked.append((bool(config.dataset.repeat_key_frame), list(config.dataset.val_videos or names)))
            return {"frame_map": {"0.5": 0.5}}

        monkeypatch.setattr(demo, "frame_seconds", lambda detector, data: seconds_a_frame)
        monkeypatch.setattr(demo, "evaluate", evaluate)
        monkeypatch.setattr(demo, "build_datamodule", lambda config: None)
        data = SimpleNamespace(videos=lambda: [SimpleNamespace(name=name) for name in names])
        module = SimpleNamespace(detector=None, metrics={"test": {}})
        limit = TimeLimit(seconds)
        metrics, _ = evaluate_in_time(None, module, data, compose_config("demo", []), limit)
        return asked, metrics

    return run


def test_a_quick_machine_tests_every_video_and_a_part_without_motion(tested):
    (with_motion, without), metrics = tested(1e-6, seconds=1e5)
    assert with_motion[0] is False and len(with_motion[1]) == 40
    assert without[0] is True and without[1] == with_motion[1][:10]
    assert metrics["num_videos"] == 40 and metrics["frame_map_key_frame_only"] == {"0.5": 0.5}


def test_a_slow_machine_tests_as_many_videos_as_fit_into_the_limit(tested):
    (with_motion, without), metrics = tested(10.0, seconds=1e5 / 4)
    assert LEAST_VIDEOS < len(with_motion[1]) < 40
    assert len(without[1]) == LEAST_VIDEOS
    assert metrics["num_videos"] == len(with_motion[1]) and metrics["num_held_out_videos"] == 40


def test_without_time_one_video_of_each_action_is_tested(tested):
    (with_motion, _), _ = tested(10.0, seconds=1)
    assert with_motion[1] == [f"val_{index:04d}" for index in range(8)]


@pytest.mark.slow
def test_the_seconds_of_a_frame_are_measured_on_the_held_out_split(tmp_path):
    sizes = ["num_train=1", "num_val=1", "num_frames=16", "num_val_frames=16", "batch_size=2"]
    config = compose_config("demo", [f"dataset.root={tmp_path}/m", *(f"dataset.{size}" for size in sizes)])
    data = build_datamodule(config)
    data.prepare_data()
    assert 0 < frame_seconds(build_detector(config), data) < 60
