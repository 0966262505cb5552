import pytest

from yowo.config.checkpoint import portable
from yowo.config.compose import compose_checked, compose_config
from yowo.config.remembered_run import Remembered, continued, is_remembered, joined
from yowo.config.search_path import composer
from yowo.errors import ConfigError

TYPED = ["dataset=ucf24", "recipe=released", "trainer.max_epochs=50", "seed=7", "logger=[csv,tensorboard]"]


@pytest.fixture(scope="module")
def run():
    """A run of the released recipe, as a checkpoint remembers it."""
    return Remembered(portable(compose_config("train", TYPED)), tuple(TYPED))


def composed(run, *overrides):
    with composer("train"):
        made = continued(run, overrides)
        return compose_checked("train", made.overrides), made


def test_without_anything_new_the_run_is_the_same(run):
    config, made = composed(run)
    assert portable(config) == run.config and made.before == TYPED


def test_a_group_chosen_anew_keeps_the_recipe_and_what_was_typed(run):
    config, made = composed(run, "trainer=cpu", "optimizer.lr=3")
    assert (config.trainer.accelerator, config.trainer.max_epochs) == ("cpu", 50)
    assert (config.trainer.accumulate_grad_batches, config.optimizer.lr, list(config.logger)) == (
        16,
        3,
        ["csv", "tensorboard"],
    )
    assert made.before == [*TYPED, "trainer=cpu"]


def test_what_was_typed_for_keys_that_are_gone_is_told(run):
    typed = ["dataset=ucf24", "schedule.scheduler.milestones=[2,3]", "schedule.epochs=9"]
    first = Remembered(portable(compose_config("train", typed)), tuple(typed))
    with composer("train"):
        made = continued(first, ["schedule=one_cycle"])
        config = compose_checked("train", made.overrides)
    assert made.lost == ["schedule.scheduler.milestones=[2,3]"] and config.schedule.epochs == 9
    assert "OneCycleLR" in config.schedule.scheduler._target_ and "milestones" not in config.schedule.scheduler


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("trainer=gone", r"trainer=gone: there is no such choice; choose one of auto, cpu"),
        ("logger.csv.nam=x", r"logger\.csv\.nam: there is no such key; .* Did you mean logger\.csv\.name"),
        ("trainer=cpu,gpu", r"trainer=cpu,gpu: a run goes on with one choice of a group"),
    ],
)
def test_what_does_not_exist_is_one_line(run, override, message):
    with pytest.raises(ConfigError, match=message):
        composed(run, override)


def test_how_a_run_is_started_is_not_remembered():
    assert [o for o in ("seed=1", "resume=a", "hydra/launcher=joblib", "+hydra.run.dir=x") if is_remembered(o)] == [
        "seed=1"
    ]
    assert joined(["seed=1", "~callbacks"], ["seed=2"]) == ["~callbacks", "seed=2"]
