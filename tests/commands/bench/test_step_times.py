from yowo.commands.bench.step_times import step_seconds

SMALL = ["dataset.image_size=64", "dataset.clip_len=8", "dataset.batch_size=1"]


def test_a_step_of_each_kind_of_labels_is_measured():
    assert 0 < step_seconds(SMALL, steps=3, seconds=0) < 60
    assert 0 < step_seconds([*SMALL, "dataset=ava", "dataset.root=unused"], steps=3, seconds=0) < 60
