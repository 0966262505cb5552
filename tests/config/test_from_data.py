import pytest

from tests.make_data import project
from yowo.config.compose import compose_config
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


def test_a_folder_is_needed(tmp_path):
    with pytest.raises(ConfigError, match=r"dataset\.root is required: give the folder of your own data"):
        compose_config("train", ["dataset=custom"])
    with pytest.raises(ConfigError, match="gone: not a directory"):
        composed(tmp_path / "gone")
    with pytest.raises(DatasetError, match=r"annotations\.csv"):
        composed(tmp_path)


def test_other_data_sets_are_left_alone():
    assert compose_config("train", ["dataset=motion"]).dataset.exclusive_classes == 8
