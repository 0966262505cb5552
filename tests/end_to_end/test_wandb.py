"""What whole commands leave for a reviewer in Weights & Biases."""

import pytest

from tests.end_to_end.running import forked
from tests.wandb_files import runs_below

SMALL = [
    *("model=yowo_tiny", "dataset=motion", "dataset.image_size=64", "dataset.num_train=2", "dataset.num_val=1"),
    *("dataset.num_frames=16", "dataset.num_val_frames=16", "dataset.batch_size=4", "trainer=cpu"),
    *("trainer.max_epochs=1", "trainer.limit_train_batches=2", "trainer.log_every_n_steps=1", "evaluate=false"),
]


@pytest.mark.long
def test_every_job_of_a_sweep_is_a_run_of_its_own_in_one_group(tmp_path):
    forked("train", "-m", *SMALL, "seed=1,2", "optimizer.lr=0.01", "hydra.sweep.dir=out", folder=tmp_path)
    runs = runs_below(tmp_path / "out")
    assert all(run.name.startswith("yowo_tiny-motion-") and "-lr=0.01-" in run.name for run in runs)
    assert sorted(run.name[-7:] for run in runs) == ["-seed=1", "-seed=2"]
    assert {run.group for run in runs} == {"out"} and {run.exit_code for run in runs} == {0}
    assert sorted(run.config["seed"] for run in runs) == [1, 2]
    for run in runs:
        assert run.config["run"]["versions"]["torch"] and "command" in run.config["run"]
        assert [row["_step"] for row in run.history] == [1, 2] and "val/frame_map/0.5" in run.history[1]


@pytest.mark.long
def test_a_training_that_fails_is_marked_and_announced(tmp_path):
    done = forked(
        "train", *SMALL, "callbacks.tube_clip.video=nowhere", "hydra.run.dir=out", folder=tmp_path, fails=True
    )
    (run,) = runs_below(tmp_path / "out")
    assert run.exit_code == 1 and "no such held-out video" in done.stderr
    assert [alert.title for alert in run.alerts] == ["training failed"]
    assert "no such held-out video" in run.alerts[0].text


@pytest.mark.long
def test_without_wandb_it_is_not_imported(tmp_path):
    (tmp_path / "wandb.py").write_text("raise RuntimeError('wandb was imported')\n")
    forked("train", *SMALL, "logger=[csv,tensorboard]", "hydra.run.dir=out", folder=tmp_path)
    assert not (tmp_path / "out" / "wandb").exists()
