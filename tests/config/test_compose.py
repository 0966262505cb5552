import pytest
from omegaconf import OmegaConf

from yowo.config.compose import compose_config, override_value
from yowo.config.conf_files import conf_dir, groups
from yowo.errors import ConfigError


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["backbone3d=resnet9"],
            r"backbone3d=resnet9: there is no such choice; choose one of i3d, none, resnet101, .* shufflenetv2_2",
        ),
        (
            ["model=yowo_pluss"],
            r"choose one of yowo, .*yowo_nano, yowo_plus, yowo_tiny, .* yowof_.*\. Did you mean yowo_plus\?",
        ),
        (
            ["optimizer.lrr=1"],
            r"optimizer\.lrr: there is no such key; optimizer has .*lr, .*weight_decay\. Did you mean optimizer\.lr\?",
        ),
        (["modle=yowo_plus"], r"modle: there is no such key; yowo train has .*model.*Did you mean model\?"),
        (["dataset.colour.depth=3"], r"dataset\.colour\.depth: there is no such key; dataset has .*anchors"),
        (["optimizer.lr="], r"optimizer\.lr: expected a number above 0, got"),
        (["optimizer.lr=fast"], r"optimizer\.lr: expected a number above 0, got fast"),
        (["dataset.clip_len=-4"], r"dataset\.clip_len: expected a whole number of at least 8, got -4"),
        (["dataset.clip_len=7"], r"dataset\.clip_len: expected a whole number of at least 8, got 7"),
        (
            ["dataset.anchors=[[1,2],[3]]"],
            r"dataset\.anchors: expected pairs \[width, height\] .*, got \[\[1, 2\], \[3\]\]",
        ),
        (["dataset.anchors=7"], r"dataset\.anchors: expected pairs"),
        (["dataset.image_size=100"], r"dataset\.image_size: expected a multiple of 32 or a pair .*, got 100"),
        (["dataset.image_size=[96,100]"], r"dataset\.image_size: expected a multiple of 32"),
        (["dataset.batch_size=0"], r"dataset\.batch_size: expected a whole number of at least 1, got 0"),
        (["augment.flip=2"], r"augment\.flip: expected a number from 0 to 1, got 2"),
        (["dataset.std=[1,0,1]"], r"dataset\.std: expected three numbers above 0"),
    ],
)
def test_mistakes_are_one_clear_line(overrides, message):
    with pytest.raises(ConfigError, match=message) as caught:
        compose_config("train", overrides)
    assert "\n" not in str(caught.value)


def test_configurations_are_found():
    assert (conf_dir() / "train.yaml").is_file()
    assert {"model", "backbone3d", "dataset", "optimizer", "schedule", "experiment"} <= set(groups())


def test_the_report_and_the_released_code_have_configurations_of_their_own():
    report = compose_config("train", ["experiment=yowo_plus_ava_k16"])
    released = compose_config("train", ["experiment=yowo_plus_ava_k16_released"])
    assert (report.schedule.scheduler.gamma, released.schedule.scheduler.gamma) == (0.1, 0.5)
    assert list(report.schedule.scheduler.milestones) == [3, 4, 5, 6] and report.trainer.max_epochs == 10
    assert (report.optimizer.weight_decay, released.optimizer.weight_decay) == (5e-4, 1e-4)
    assert (report.trainer.accumulate_grad_batches, released.trainer.accumulate_grad_batches) == (1, 16)
    assert (report.callbacks.warmup.batches, released.callbacks.warmup.batches) == (0, 500)
    ucf = compose_config("train", ["experiment=yowo_nano_ucf24"])
    assert (ucf.optimizer.lr, ucf.optimizer.weight_decay, ucf.trainer.max_epochs) == (1e-4, 5e-4, 5)
    assert list(ucf.schedule.scheduler.milestones) == [1, 2, 3, 4] and ucf.schedule.scheduler.gamma == 0.1
    assert list(ucf.dataset.train_dilation) == [1, 2] and ucf.dataset.clip_len == 16


RELEASED = {  # epochs, milestones, weight decay, batches and steps of warm-up, accumulation
    "yowof_r18_ucf24": (5, [1, 2, 3, 4], 1e-4, (500, 0), "released"),
    "yowof_r50_ava_k16": (10, [3, 4, 5, 6], 1e-4, (500, 0), "released"),
    "yowo_v2_nano_ucf24_k16": (7, [2, 3, 4, 5], 5e-4, (500, 0), "released"),
    "yowo_v2_large_ava_k32": (9, [3, 4, 5, 6], 5e-4, (500, 0), "released"),
    "yowo_v3_ucf24": (7, [1, 2, 3, 4, 5], 5e-4, (0, 500), "carried"),
    "yowo_v3_ava_k16": (9, [3, 4, 5, 6], 5e-4, (0, 500), "carried"),
    "yowo_plus_ava_k16": (10, [3, 4, 5, 6], 1e-4, (500, 0), "released"),
    "yowo_ucf24": (5, [1, 2, 3, 4], 5e-4, (0, 0), "whole"),
}
SOME = ("yowof_r50_ava_k16", "yowo_v2_nano_ucf24_k16", "yowo_v3_ucf24")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] * (name not in SOME)) for name in RELEASED]
)
def test_each_family_has_the_recipe_of_its_code(name):
    config = compose_config("train", [f"experiment={name}", "recipe=released"])
    schedule = config.schedule
    assert (
        config.trainer.max_epochs,
        list(schedule.scheduler.milestones),
        config.optimizer.weight_decay,
        (config.callbacks.warmup.batches, config.callbacks.warmup.steps),
        config.callbacks.accumulation.rule,
    ) == RELEASED[name]
    assert (schedule.scheduler.gamma, config.trainer.accumulate_grad_batches) == (0.5, 16)
    assert (config.optimizer.lr, config.dataset.batch_size) == (1e-4, 8)
    of_v3 = name.startswith("yowo_v3")
    clipping = (config.trainer.gradient_clip_val, config.trainer.gradient_clip_algorithm)
    assert clipping == ((2.0, "value") if of_v3 else (None, "norm"))
    assert (config.optimizer.no_decay_norms, config.optimizer.decay_gamma) == (of_v3, of_v3)
    assert config.dataset.drop_last != of_v3 and (config.callbacks.ema is not None) == of_v3
    if config.dataset.name == "ucf24":
        assert config.dataset.train_dilation == (1 if of_v3 else [1, 2])
    else:
        assert config.dataset.source.key_frame_offset == (0 if of_v3 else pytest.approx(-1 / 30))


def test_the_average_of_yowo_v3_is_its_codes_unless_another_one_is_asked_for():
    recipe = ["experiment=yowo_v3_ucf24", "recipe=released"]
    config = compose_config("train", recipe)
    average = config.callbacks.ema
    assert (average.decay, average.ramp) == (0.9999, 2000) and "Ramped" in average._target_
    assert config.assigner.mask == "released"
    assert compose_config("train", [*recipe, "callbacks=ema"]).callbacks.ema.decay == 0.998


def test_without_the_released_recipe_the_family_trains_by_sound_rules():
    config = compose_config("train", ["experiment=yowo_v3_ucf24"])
    assert config.assigner.mask == "paper" and config.callbacks.accumulation.rule == "whole"
    assert list(config.dataset.train_dilation) == [1, 2] and config.dataset.drop_last and config.callbacks.ema is None


def test_the_size_of_the_input_is_the_models_unless_the_data_set_has_its_own():
    assert compose_config("train", ["model=yowof_r18", "dataset=ucf24"]).dataset.image_size == 320
    assert compose_config("train", ["model=yowof_r18", "dataset=motion"]).dataset.image_size == [96, 128]


def test_a_data_set_brings_its_schedule_and_augmentation_unless_told_otherwise():
    assert compose_config("train", ["dataset=motion"]).augment.flip == 0
    assert compose_config("train", ["dataset=ucf24"]).augment.flip == 0.5
    assert compose_config("train", ["dataset=ucf24", "augment=none"]).augment.flip == 0
    assert compose_config("train", ["experiment=yowo_plus_ucf24", "schedule=ava"]).schedule.epochs == 10


def test_values_of_overrides_are_found():
    assert override_value(["a=1", "checkpoint='my file.ckpt'"], "checkpoint") == "my file.ckpt"
    assert override_value(["checkpoint=null"], "checkpoint") is None
    assert override_value(["checkpoints=x"], "checkpoint") is None


def test_the_old_names_of_released_experiments_go_on_working():
    old = compose_config("train", ["experiment=yowo_ava_k16_released"])
    new = compose_config("train", ["experiment=yowo_ava_k16", "recipe=released"])
    assert old == new and new.trainer.accumulate_grad_batches == 16
    assert new.optimizer._target_ == "torch.optim.Adam" and list(new.schedule.scheduler.milestones) == [2, 3, 4, 5]
    with pytest.raises(ConfigError, match="give experiment=yowo_ava_k16 recipe=released"):
        compose_config("train", ["+experiment=yowo_ava_k16_released"])


def test_a_recipe_that_the_authors_do_not_have_is_refused():
    with pytest.raises(
        ConfigError,
        match="recipe=released: the authors' code has no hyper-parameters for dataset=motion, only for ucf24",
    ):
        compose_config("train", ["dataset=motion", "recipe=released"])


def test_ways_of_trying_things_compose_to_what_they_say():
    debug = compose_config("train", ["trainer=debug"])
    assert (debug.trainer.fast_dev_run, debug.trainer.detect_anomaly, debug.dataset.num_workers) == (3, True, 0)
    search = compose_config("train", ["debug=lr_find", "dataset=ucf24", "dataset.root=x", "profiler=simple"])
    assert not search.evaluate and search.schedule.scheduler is None and search.trainer.max_steps == 100
    assert search.callbacks.checkpoint is None and not search.logger and "PartTimes" in search.profiler._target_
    overfit = compose_config("train", ["debug=overfit", "dataset=ucf24", "dataset.root=x", "evaluate=true"])
    assert overfit.evaluate and overfit.dataset.overfit_clips == 16 and overfit.schedule.scheduler is None
    assert not compose_config("train", ["profiler=null"]).get("profiler")


def test_a_recipe_that_the_authors_of_a_model_do_not_have_for_a_data_set_is_refused():
    with pytest.raises(
        ConfigError, match="no hyper-parameters for model=yowo_v2_tiny with dataset=jhmdb21; give recipe"
    ):
        compose_config("train", ["model=yowo_v2_tiny", "dataset=jhmdb21", "recipe=released"])


def test_everything_can_be_resolved():
    config = compose_config("train", ["model=yowo_nano", "dataset=ava", "recipe=released", "dataset.root=x"])
    OmegaConf.resolve(config.dataset)
    assert list(config.dataset.mean) == [0.45, 0.45, 0.45]
