import pytest

from tests.conftest import ROOT
from tests.projects.test_checks import found, made
from yowo.projects.findings import ProjectReport
from yowo.projects.people import people_of
from yowo.projects.people_checks import USUAL_SIZE, InputSettings, check_coinciding, check_people
from yowo.projects.table import Extent, TableRow

BOX = (10, 10, 30, 40)
EQUAL, NEAR = "the same box of a class twice on a frame", "boxes of a class that coincide on a frame"


def coinciding(*tracks, frames=4):
    """What is found of tracks (box, label), each on some frames of a video, by level and problem."""
    rows = [
        TableRow("a", frame, box, label, str(track))
        for frame in range(frames)
        for track, (box, label) in enumerate(tracks, 1)
    ]
    report = ProjectReport()
    check_coinciding(report, rows)
    return {(finding.level, finding.what): (finding.where, finding.times) for finding in report.findings}


def test_the_same_box_in_two_tracks_is_an_error_with_its_place_and_number():
    found = coinciding((BOX, "walk"), (BOX, "walk"))
    assert found == {("error", EQUAL): ("a, frame 0: tracks 1 and 2", 4)}


def test_a_third_copy_counts_too():
    found = coinciding((BOX, "walk"), (BOX, "walk"), ((50, 10, 60, 40), "walk"), (BOX, "walk"))
    assert found == {("error", EQUAL): ("a, frame 0: tracks 1 and 2", 8)}


@pytest.mark.parametrize(("second", "near"), [((10.5, 10, 30, 40.5), True), ((12, 10, 32, 40), False)])
def test_boxes_of_a_class_that_nearly_coincide_are_a_warning(second, near):
    found = coinciding((BOX, "walk"), (second, "walk"))
    assert found == ({("warning", NEAR): ("a, frame 0: tracks 1 and 2", 4)} if near else {})


def test_small_boxes_that_are_equal_in_whole_pixels_coincide():
    found = coinciding(((5, 5, 9, 9), "walk"), ((5.4, 5.4, 9.4, 9.4), "walk"))
    assert found == {("warning", NEAR): ("a, frame 0: tracks 1 and 2", 4)}


def test_a_person_who_does_two_things_at_once_is_no_copy():
    assert coinciding((BOX, "walk"), (BOX, "wave")) == {}


def test_a_project_with_two_copies_of_a_track_is_not_sound(tmp_path):
    rows = [(frame, BOX, "walk", track) for frame in range(3) for track in "12"]
    findings = found(made(tmp_path, {"a": rows, "b": rows[::2]}, train=("a",), val=("b",)))
    assert findings["error", EQUAL].times == 3


def checked(boxes, settings, frames=2):
    """The report on people with these boxes on each frame of a video of 64 x 48 pixels, and its findings."""
    rows = [TableRow("a", f, box, "walk", str(track)) for f in range(frames) for track, box in enumerate(boxes)]
    report = ProjectReport()
    check_people(report, people_of(rows, {"a": Extent(frames, (64, 48))}), settings)
    return report, {finding.what: finding for finding in report.findings}


def crowd(people):
    """Boxes whose middles are in the left upper corner."""
    return [(1 + 0.1 * place, 1, 7 + 0.1 * place, 20 + place / 5) for place in range(people)]


def settings(**chosen):
    return InputSettings(**{"image_size": (96, 128), "name": "experiment=mine", **chosen})


def test_more_people_in_a_cell_than_it_has_anchors_are_a_warning():
    finding = checked(crowd(6), settings(anchors=5))[1]["more people in a cell than anchors"]
    assert finding.where == "a, frame 0: 6 people in one of 32 pixels, 5 anchors" and finding.times == 2
    assert "more people in a cell than anchors" not in checked(crowd(6), settings(anchors=6))[1]


@pytest.mark.parametrize(
    ("limits", "where"),
    [
        ({"top_k": 40}, "a, frame 0: 14 people, postprocess.top_k=40"),
        ({"top_k": 42}, None),
        ({"max_detections": 13}, "a, frame 0: 14 people, postprocess.max_detections=13"),
        ({"max_detections": 14}, None),
        ({}, None),
    ],
)
def test_more_people_on_a_frame_than_are_kept_are_a_warning(limits, where):
    finding = checked(crowd(14), settings(**limits))[1].get("more people on a frame than are kept")
    assert (finding.where if finding else None) == where and (finding is None or finding.times == 2)


def test_people_are_measured_at_the_size_that_is_used_and_a_better_one_is_suggested():
    report, findings = checked([(20, 10, 23, 30)], settings(image_size=(96, 96)))  # 3 of 64 pixels wide
    assert findings["small people"].where == "at 96 x 96 the median person is 40 high and 4 wide"
    assert findings["small people"].advice == "dataset.image_size=[96,128] enlarges them"
    assert list(report.inputs) == ["experiment=mine", "suggested"] and report.suggested == (96, 128)
    report, findings = checked([(20, 10, 23, 30)], InputSettings())
    assert list(report.inputs) == ["suggested", "dataset=custom"]
    assert report.inputs["dataset=custom"].widths[1] == pytest.approx(3 / 64 * 224)


@pytest.mark.parametrize(("size", "times"), [((96, 96), 2), ((96, 128), 0)])
def test_a_tiny_box_has_less_than_four_pixels_of_the_input(size, times):
    findings = checked([(20, 10, 22, 30)], settings(image_size=size))[1]
    assert ("tiny box" in findings) is bool(times)
    assert not times or (findings["tiny box"].where, findings["tiny box"].times) == (
        "a, frame 0: 3.0 pixels at 96 x 96",
        times,
    )


def test_nobody_is_not_measured():
    assert checked([], settings())[0] == ProjectReport()


def test_the_size_of_custom_data_is_that_of_the_configuration():
    line = f"image_size: ${{oc.select:model.image_size,{USUAL_SIZE[0]}}} "  # of networks that bring none
    assert line in (ROOT / "conf" / "data_module.yaml").read_text()
    assert "image_size" not in (ROOT / "conf" / "dataset" / "custom.yaml").read_text()
