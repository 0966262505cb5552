import pytest
import torch

from yowo.commands.entry.train import check, started
from yowo.config.checkpoint import PARTS, REMEMBERED, portable
from yowo.config.compose import compose_config
from yowo.errors import ConfigError


@pytest.fixture(scope="module")
def last(tmp_path_factory):
    """A checkpoint of a run with settings of its own."""
    tmp_path = tmp_path_factory.mktemp("run")
    typed = ["seed=7", "trainer=cpu", "trainer.accumulate_grad_batches=2", "logger=csv", "callbacks=ema"]
    config = portable(compose_config("train", typed))
    torch.save({"yowo": {"config": config, "run": {"config": config, "overrides": typed}}}, tmp_path / "last.ckpt")
    return tmp_path / "last.ckpt"


def composed(*arguments):
    return compose_config("train", [o for o in started(arguments).arguments if not o.startswith("hydra.")])


def test_a_resumed_run_has_all_of_the_first_ones_settings(last):
    config = composed(f"resume={last}", "dataset.batch_size=3")
    assert (config.seed, config.trainer.accumulate_grad_batches, list(config.logger)) == (7, 2, ["csv"])
    assert "ema" in config.callbacks and config.dataset.batch_size == 3
    assert started([f"resume={last}"]).before == ("seed=7", "trainer=cpu", *COMMON)


COMMON = ("trainer.accumulate_grad_batches=2", "logger=csv", "callbacks=ema")


def test_a_group_that_is_chosen_anew_keeps_what_was_typed_below_it(last):
    config = composed(f"resume={last}", "trainer=ddp_cpu")
    assert (config.trainer.devices, config.trainer.accumulate_grad_batches, config.seed) == (2, 2, 7)


def test_a_checkpoint_of_an_earlier_version_brings_its_network_and_a_warning(tmp_path, capsys):
    torch.save({"yowo": {"config": portable(compose_config("train"))}}, tmp_path / "last.ckpt")
    arguments = started([f"resume={tmp_path}/last.ckpt", "dataset=ucf24"]).arguments
    assert "model=from_checkpoint" in arguments and "dataset=from_checkpoint" not in arguments
    assert len(arguments) == 2 + len(REMEMBERED) - 1 < 2 + len(PARTS)
    assert "did not remember trainer, callbacks, logger and seed" in capsys.readouterr().err


def test_without_resuming_nothing_is_added():
    assert started(["a=1"]).arguments == ["a=1"]


@pytest.mark.parametrize("key", ["weights", "resume"])
def test_files_that_are_not_there_are_named(key):
    with pytest.raises(ConfigError, match=rf"{key}=gone\.ckpt: there is no such file"):
        check(compose_config("train", [f"{key}=gone.ckpt"]))
    if key == "resume":
        with pytest.raises(ConfigError, match=r"resume=gone: there is no such file or folder"):
            started(["resume=gone"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rerun"], r"--rerun : expected the folder of a run"),
        (["--rerun", "gone"], r"--rerun gone: expected the folder of a run"),
        (["-m", "resume=auto", "seed=1,2"], r"resume=auto: a sweep goes on .* give hydra\.sweep\.dir=FOLDER"),
    ],
)
def test_what_cannot_go_on_is_one_line(arguments, message):
    with pytest.raises(ConfigError, match=message):
        started(arguments)


def test_other_weights_than_the_checkpoints_are_refused(last):
    with pytest.raises(ConfigError, match=r"resume=.* and weights.file=.*: give only one"):
        started([f"resume={last}", f"weights={last}"])
