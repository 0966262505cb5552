from collections import Counter

import numpy as np
import pytest

from yowo.projects.split_choice import choose_held_out


def test_every_class_is_on_both_sides_in_about_the_wanted_share():
    random = np.random.default_rng(0)
    counts = {f"v{i}": {f"c{i % 7}": int(random.integers(5, 50)), f"c{i % 3}": 10} for i in range(90)}
    held = choose_held_out(counts, 0.25)
    total, inside = Counter(), Counter()
    for name, found in counts.items():
        total.update(found)
        inside.update(found if name in held else {})
    shares = [inside[label] / total[label] for label in total]
    assert min(shares) > 0.15 and max(shares) < 0.35


def test_the_only_video_of_a_class_stays_in_training():
    assert choose_held_out({"a": {"rare": 9}, "b": {"usual": 5}, "c": {"usual": 5}}) in (["b"], ["c"])


def test_a_video_is_held_out_even_if_each_is_the_only_one_of_a_class():
    assert len(choose_held_out({"a": {"x": 5}, "b": {"y": 5}})) == 1


def test_one_video_or_none_gives_no_validation_videos():
    assert choose_held_out({"a": {"x": 5}, "b": {}}) == []
    assert choose_held_out({}) == []


def test_the_seed_breaks_ties_between_equally_good_videos():
    counts = {f"v{i}": {"x": 10} for i in range(30)}
    assert choose_held_out(counts, seed=1) == choose_held_out(counts, seed=1) != choose_held_out(counts, seed=2)


def test_the_last_video_of_a_class_is_trained_on_even_where_holding_it_out_would_meet_the_share():
    counts = {"a": {"walk": 2}, "b": {"walk": 8}, "c": {"sit": 10}}
    assert choose_held_out(counts, share=0.6) == ["b"]


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("seed", range(4))
def test_every_class_keeps_a_video_to_train_on(share, seed):
    random = np.random.default_rng(seed)
    counts = {f"v{n}": {f"c{k}": int(random.integers(0, 9)) for k in range(3)} for n in range(8)}
    held = choose_held_out(counts, share, seed)
    left = [found for name, found in counts.items() if name not in held]
    assert held and all(sum(found[label] for found in left) for label in ("c0", "c1", "c2"))
