import pytest

from tests.make_data import project
from yowo.config.compose import compose_config
from yowo.config.from_data import input_sentence
from yowo.errors import ConfigError, DatasetError


def composed(root, *overrides):
    return compose_config("train", ["dataset=custom", f"dataset.root={root}", *overrides]).dataset


def test_classes_labels_and_anchors_come_from_the_folder(tmp_path):
    dataset = composed(project(tmp_path))
    assert list(dataset.classes) == ["sit", "walk"] and dataset.multi_label is False
    assert dataset.exclusive_classes == 2 and len(dataset.anchors) >= 4 and dataset.anchors_at == 1


def test_several_actions_at_once_take_the_softmax_away(tmp_path):
    project(tmp_path)
    (tmp_path / "dataset.yaml").write_text("multi_label: true\n")
    assert composed(tmp_path).exclusive_classes == 0
    assert composed(tmp_path, "dataset.exclusive_classes=1").exclusive_classes == 1


def test_what_the_user_types_counts(tmp_path):
    dataset = composed(project(tmp_path), "dataset.classes=[walk,sit,fly]", "dataset.anchors=[[0.5,0.5]]")
    assert list(dataset.classes) == ["walk", "sit", "fly"] and len(dataset.anchors) == 1


def test_the_quick_experiment_takes_the_input_size_that_suits_the_people(tmp_path):
    root = project(tmp_path)
    quick = [f"dataset.root={root}", "experiment=custom_quick"]
    config = compose_config("train", quick)
    assert list(config.dataset.image_size) == [96, 128]  # the videos are 64 x 48
    assert "dataset.image_size=[96,128]: the median person is " in input_sentence(config)
    assert input_sentence(config).endswith("(suggested for these people)")
    typed = compose_config("train", [*quick, "dataset.image_size=64"])
    assert typed.dataset.image_size == 64
    assert input_sentence(typed).endswith("(suggested: dataset.image_size=[96,128] for these people)")
    assert composed(root).image_size == 224 and input_sentence(compose_config("train", [])) is None


def test_own_data_have_no_limits_of_published_protocols(tmp_path):
    own = compose_config("train", ["dataset=custom", f"dataset.root={project(tmp_path)}", "model=yowo"])
    assert own.assigner.max_boxes is None and own.dataset.top_k is None and own.dataset.max_detections == 1000
    assert own.linker.max_parts is None
    plus = compose_config("train", ["dataset=custom", f"dataset.root={tmp_path}"]).postprocess
    assert plus.top_k is None and plus.max_detections == 1000 and plus.class_agnostic_nms is False


@pytest.mark.parametrize("name", ["ucf24", "jhmdb21", "motion"])
def test_published_protocols_keep_their_limits(name):
    config = compose_config("train", [f"dataset={name}"])
    assert (config.postprocess.top_k, config.postprocess.max_detections) == (40, None)
    assert config.postprocess.class_agnostic_nms is False
    assert compose_config("train", [f"dataset={name}", "linker=trimmed"]).linker.max_parts == 8
    assert compose_config("train", [f"dataset={name}", "assigner=yowo"]).assigner.max_boxes == 50


def test_a_folder_is_needed(tmp_path):
    with pytest.raises(ConfigError, match=r"dataset\.root is required: give the folder of your own data"):
        compose_config("train", ["dataset=custom"])
    with pytest.raises(ConfigError, match="gone: not a directory"):
        composed(tmp_path / "gone")
    with pytest.raises(DatasetError, match=r"annotations\.csv"):
        composed(tmp_path)


def test_other_data_sets_are_left_alone():
    assert compose_config("train", ["dataset=motion"]).dataset.exclusive_classes == 8
