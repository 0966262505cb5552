import json

import pytest

from tests.ava_cases import random_rows, write_rows
from yowo.errors import AnnotationError, YowoError
from yowo.evaluation.ava_ap import RULES
from yowo.evaluation.ava_protocol import score_ava


@pytest.fixture
def files(tmp_path):
    detections, truth = random_rows(0)
    write_rows(tmp_path / "det.csv", detections, scored=True)
    write_rows(tmp_path / "gt.csv", truth, scored=False)
    return tmp_path


def test_the_official_classes_are_evaluated_unless_others_are_listed(files):
    metrics = score_ava(files / "det.csv", files / "gt.csv").metrics()
    assert len(metrics["ava_ap"]["official"]) == 60 and "crawl" not in metrics["ava_ap"]["official"]
    (files / "mine.pbtxt").write_text('item { name: "dance" id: 4 }')
    metrics = score_ava(files / "det.csv", files / "gt.csv", labels=files / "mine.pbtxt").metrics()
    assert list(metrics["ava_ap"]["released"]) == ["dance"]


def test_excluded_timestamps_change_the_figures(files):
    (files / "ex.csv").write_text("v0,0901\nv1,0902\n")
    plain = score_ava(files / "det.csv", files / "gt.csv").by_rule
    less = score_ava(files / "det.csv", files / "gt.csv", exclude=files / "ex.csv").by_rule
    assert plain["official"].num_truth.sum() > less["official"].num_truth.sum()


@pytest.mark.parametrize("rule", RULES)
def test_excluded_timestamps_are_as_if_no_file_had_rows_of_them(files, rule):
    (files / "ex.csv").write_text("v0,0901\nv1,0904\n")
    less = score_ava(files / "det.csv", files / "gt.csv", exclude=files / "ex.csv").by_rule
    for name in ("det.csv", "gt.csv"):
        rows = (files / name).read_text().splitlines()
        kept = [row for row in rows if not row.startswith(("v0,0901,", "v1,0904,"))]
        assert len(kept) < len(rows)
        (files / name).write_text("\n".join(kept) + "\n")
    without = score_ava(files / "det.csv", files / "gt.csv").by_rule
    assert less[rule].map == without[rule].map
    assert [hits.tolist() for hits in less[rule].hits] == [hits.tolist() for hits in without[rule].hits]


def test_an_unknown_video_is_named_unless_it_is_listed(files):
    with (files / "det.csv").open("a") as file:
        file.write("strange,0902,0,0,1,1,4,0.5\n")
    with pytest.raises(AnnotationError, match=r"det\.csv: video strange is not in .*gt\.csv"):
        score_ava(files / "det.csv", files / "gt.csv")
    (files / "videos.txt").write_text("strange\n")
    score_ava(files / "det.csv", files / "gt.csv", videos=files / "videos.txt")


def test_a_split_scores_its_videos_only(files):
    (files / "split.txt").write_text("v1\n")
    some = score_ava(files / "det.csv", files / "gt.csv", split=files / "split.txt").by_rule
    every = score_ava(files / "det.csv", files / "gt.csv").by_rule
    assert 0 < some["official"].num_truth.sum() < every["official"].num_truth.sum()
    (files / "split.txt").write_text("v9\n")
    with pytest.raises(AnnotationError, match=r"split\.txt: video v9 is not in"):
        score_ava(files / "det.csv", files / "gt.csv", split=files / "split.txt")


def test_ava_has_one_threshold(files):
    assert score_ava(files / "det.csv", files / "gt.csv", iou=[0.75])[0]["official"].map < 1
    with pytest.raises(YowoError, match=r"AVA's mAP has one threshold"):
        score_ava(files / "det.csv", files / "gt.csv", iou=[0.5, 0.75])


@pytest.mark.shared
def test_golden_figures(shared):
    folder = shared / "golden" / "metrics"
    expected = json.loads((folder / "ava_public_expected.json").read_text())
    scores, classes, _ = score_ava(
        folder / "ava_public_detections.csv",
        folder / "ava_public_gt.csv",
        exclude=folder / "ava_val_excluded_timestamps_v2.2.csv",
    )
    figures = {
        "released": expected["all"],
        "released_every_4th": expected["mini"],
        "official": expected["owners_script"]["all"],
        "official_every_4th": expected["owners_script"]["mini"],
    }
    for rule, wanted in figures.items():
        assert scores[rule].map == pytest.approx(wanted["mAP"], abs=1e-9)
        found = dict(zip(classes, scores[rule].ap.tolist(), strict=True))
        for number, value in wanted["ap"].items():
            expected_ap = float("nan") if value is None else value
            assert found[int(number)] == pytest.approx(expected_ap, abs=1e-9, nan_ok=True)
