import numpy as np
import pytest

from tests.reference import video_ap_reference as reference
from yowo.contracts import Tube
from yowo.evaluation.video_ap import class_of_last_tube, video_average_precision


def random_case(seed, videos=6, classes=3):
    random = np.random.default_rng(seed)
    truth, found = {}, {}
    for video in range(videos):
        name = f"v{video}"
        truth[name], found[name] = [], []
        for _ in range(random.integers(0, 4)):
            corner = random.integers(0, 200, 2)
            boxes = np.tile([*corner, *(corner + random.integers(20, 60, 2))], (random.integers(2, 12), 1))
            label, start = int(random.integers(0, classes - 1)), int(random.integers(0, 8))
            truth[name].append(Tube(label, start, boxes.astype(np.float32)))
            for _ in range(random.integers(0, 3)):
                moved = boxes + random.integers(-8, 9, boxes.shape) / 2
                moved = np.concatenate(
                    [np.minimum(moved[:, :2], moved[:, 2:]), np.maximum(moved[:, :2], moved[:, 2:])], 1
                )
                shift = max(0, start + int(random.integers(-2, 3)))
                score = float(random.integers(1, 10) / 10)
                found[name].append(Tube(label, shift, moved.astype(np.float32), score))
    return found, truth


def as_frames(item):
    return {item.start + place: box.tolist() for place, box in enumerate(item.boxes.astype(float))}


@pytest.mark.parametrize("seed", range(8))
def test_it_equals_the_rules_written_out(seed):
    found, truth = random_case(seed)
    scores = video_average_precision(found, truth, 3)
    for label in range(3):
        rows = [(v, as_frames(t), t.score) for v, tubes in found.items() for t in tubes if t.label == label]
        wanted = [(v, as_frames(t)) for v, tubes in truth.items() for t in tubes if t.label == label]
        for threshold in (0.05, 0.2, 0.5, 0.75):
            expected = reference.video_ap(rows, wanted, threshold)
            assert scores[f"{threshold:g}"].exact[label] == pytest.approx(expected, abs=1e-6)


def test_the_mean_is_over_all_classes_and_over_rounded_figures():
    found, truth = random_case(3)
    score = video_average_precision(found, truth, 3)["0.2"]
    assert score.ap[2] == 0 and score.map == score.ap.mean()
    assert np.allclose(score.ap, np.round(score.exact, 4))


def test_the_strict_figure_is_the_mean_of_ten():
    found, truth = random_case(1)
    thresholds = [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]
    each = video_average_precision(found, truth, 3, thresholds)
    assert each["0.5:0.95"].map == pytest.approx(np.mean([each[f"{t:g}"].map for t in thresholds]))
    assert "0.5:0.95" not in video_average_precision(found, truth, 3, [0.5], strict=False)


def test_without_tubes_or_without_truth_all_is_zero():
    found, truth = random_case(0)
    assert video_average_precision({}, truth, 3)["0.5"].map == 0
    assert video_average_precision(found, {name: [] for name in truth}, 3)["0.5"].map == 0


def test_all_tubes_of_a_video_get_the_class_of_its_last():
    box = np.zeros((2, 4), np.float32)
    changed = class_of_last_tube({"a": [Tube(0, 0, box), Tube(2, 5, box)], "b": []})
    assert [tube.label for tube in changed["a"]] == [2, 2] and changed["b"] == []
