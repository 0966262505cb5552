import pytest

from yowo.config.checkpoint import portable, register_parts
from yowo.config.compose import compose_config
from yowo.config.conf_files import ConfigFolders
from yowo.config.unknown_names import similar_key
from yowo.errors import ConfigError


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (
            ["dataset=ucf24", "dataset.train_vidoes=x"],
            r"dataset has .*anchor_sets.*released.* Did you mean dataset\.train_videos\?",
        ),
        (["experiment=yowo_ava_k16", "dataset.train_vidoes=x"], r"dataset has .* Did you mean dataset\.train_videos\?"),
        (["model=yowo", "model.nmae=x"], r"model has .* Did you mean model\.name\?"),
        (["exepriment=yowo_ucf24"], r"Did you mean experiment\?"),
        (["bakcbone3d=resnet18"], r"Did you mean backbone3d\?"),
        (["dubug=overfit"], r"Did you mean debug\?"),
        (["optimiser.lr=1"], r"Did you mean optimizer\.lr\?"),
        (["clip_len=8"], r"dataset\.clip_len=8"),
        (["lr=0.1"], r"lr: there is no such key; .*Give optimizer\.lr=0\.1"),
        (["data=/my/data"], r"Give dataset=NAME dataset\.root=/my/data"),
        (
            ["model=yolov8n.pt"],
            r"model=yolov8n\.pt: .* For initial weights give weights=yolov8n\.pt, to continue a run resume=yolov8n\.pt",
        ),
        (["model=runs/a/best.pt"], r"model=runs/a/best\.pt: .*weights=runs/a/best\.pt"),
        (["dataset=/data/mine"], r"dataset=custom dataset\.root=/data/mine"),
        (["~callbacks.picturs"], r"callbacks has .* Did you mean callbacks\.pictures\?"),
        (["optimizer@two=adam"], r"To append to your default list use \+optimizer@two=adam"),
        (["+trainer.max_epochs=3"], r"add a second \+"),
        (["hydra.searchpath=x"], r"hydra\.searchpath must be a list of strings"),
        (["=3"], r"=3: expected an override key=value"),
        (["model=7"], r"model=7: choose one of yowo, "),
    ],
)
def test_what_does_not_exist_leads_to_what_was_chosen(overrides, words):
    with pytest.raises(ConfigError, match=words) as caught:
        compose_config("train", overrides)
    assert "\n" not in str(caught.value)


def test_choices_of_a_users_folder_are_listed(tmp_path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text("defaults: [/nothing/x]\n")
    folders = ConfigFolders(own=f"file://{tmp_path}")
    with pytest.raises(ConfigError, match=r"experiment=mime: .* mine, .* Did you mean mine\?"):
        compose_config("train", ["experiment=mime"], folders)
    with pytest.raises(ConfigError, match=r"experiment/mine\.yaml: nothing=x: there is no such group"):
        compose_config("train", ["experiment=mine"], folders)
    with pytest.raises(ConfigError, match=r"mytrain: there is no configuration of this name in .*conf or "):
        compose_config("mytrain", [], folders)


def test_a_users_file_that_is_no_yaml_is_named(tmp_path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text("a: [1\nb: {\n")
    with pytest.raises(ConfigError, match=r"mine\.yaml"):
        compose_config("train", ["experiment=mine"], ConfigFolders(own=f"file://{tmp_path}"))


def test_a_file_for_a_model_leads_to_the_checkpoint_in_evaluation():
    register_parts(portable(compose_config("train")))
    with pytest.raises(ConfigError, match=r"checkpoint=best\.pt \(of yowo train\), or weights=best\.pt"):
        compose_config("eval", ["model=best.pt"])
    with pytest.raises(ConfigError, match=r"Give score_threshold=0\.3"):
        compose_config("detect", ["conf=0.3"])


@pytest.mark.parametrize(("word", "ours"), [("seed", "seed=7"), ("flip", "augment.flip=7"), ("nothing", None)])
def test_words_are_found_among_all_keys(word, ours):
    assert similar_key("train", word, "7") == ours
