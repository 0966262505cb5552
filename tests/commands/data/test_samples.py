from tests.make_data import project
from yowo.commands.data.samples import drawn, one_of_each
from yowo.config.build_training import build_datamodule
from yowo.config.compose import compose_config


def test_every_class_and_several_videos_are_drawn(tmp_path):
    overrides = ["dataset=custom", f"dataset.root={project(tmp_path)}", "dataset.train_videos=all"]
    data = build_datamodule(compose_config("train", overrides))
    data.prepare_data()
    dataset = data.dataset("train")
    chosen = one_of_each(dataset, 6, 0)
    labels = [label for position in chosen for label in dataset[position].target["labels"].tolist()]
    assert len(chosen) == 6 == len(set(chosen)) and {0, 1} <= set(labels)
    assert one_of_each(dataset, 1000, 0) == list(range(len(dataset)))
    pictures = drawn(dataset, chosen[0], 3, data.data.classes)
    assert len(pictures) == 3 and [bool(caption) for _, caption in pictures] == [False, False, True]
