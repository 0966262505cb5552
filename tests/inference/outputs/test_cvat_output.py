import json
import re
from xml.etree.ElementTree import fromstring

import numpy as np
import pytest

from tests.inference.outputs.made_frames import CLASSES, SIZE, facts, names, tracked, written
from yowo.importing.annotated import ImportOptions
from yowo.importing.cvat import read_cvat
from yowo.inference.outputs.cvat_output import CvatOutput
from yowo.video.video_folder import VideoFolder
from yowo.video.writer import VideoWriter


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A video, for its name, length and size."""
    path = tmp_path_factory.mktemp("videos") / "match.mp4"
    with VideoWriter(path, fps=25, size=SIZE) as writer:
        for frame in range(100):
            writer.write(np.full((SIZE[1], SIZE[0], 3), frame, np.uint8))
    return path


def acted(frames=100, people=3, seed=0):
    """People who come and go, with classes that change; some detections without a person."""
    random = np.random.default_rng(seed)
    corner = random.uniform(20, 120, (people, 2))
    speed = random.normal(0, 1, (people, 2))
    seen, doing = np.ones(people, bool), random.random((people, 3)) < 0.5
    for frame in range(frames):
        seen ^= random.random(people) < 0.04
        doing ^= random.random((people, 3)) < 0.05
        corner = corner + speed + random.normal(0, 0.3, (people, 2))
        rows = [((200, 150, 260, 230), 0.4, 0, 0, 0)]
        for person in np.flatnonzero(seen):
            box = (*corner[person], *(corner[person] + (40, 90)))
            rows += [(box, 0.9, label, 10 * person + label + 1, person + 1) for label in np.flatnonzero(doing[person])]
        yield tracked(frame, rows)


def expected(frames):
    """{(frame, person): (box, names of classes)}, as read back."""
    found = {}
    for frame in frames:
        for tube in frame.tubes:
            box = np.clip(tube.box, 0, [*SIZE, *SIZE])
            if (box[2:] - box[:2]).min() >= 0.1:
                found.setdefault((frame.result.frame, tube.person), (box, set()))[1].add(CLASSES[tube.label])
    return found


@pytest.mark.parametrize("seed", range(4))
def test_the_import_has_the_same_boxes_within_a_pixel_and_the_same_actions_on_every_frame(film, tmp_path, seed):
    frames = list(acted(seed=seed))
    written(CvatOutput(tmp_path / "match.xml", facts(len(frames), file=film)), frames)
    read = read_cvat(tmp_path / "match.xml", VideoFolder(film.parent), ImportOptions())
    wanted = expected(frames)
    tracks = {}
    for row in read.rows:
        tracks.setdefault(row.track, []).append(row)
    for own in tracks.values():  # whose is it?
        person = {
            p for (frame, p), (box, _) in wanted.items() if frame == own[0].frame and abs(box - own[0].box).max() < 1
        }
        assert len(person) == 1
        own_frames = {}
        for row in own:
            box, labels = wanted[(row.frame, *person)]
            assert abs(box - row.box).max() < 1
            own_frames.setdefault(row.frame, set()).add(row.label)
            assert row.label in labels
        assert own_frames == {frame: labels for (frame, p), (_, labels) in wanted.items() if {p} == person}
    assert len(tracks) == len({person for _, person in wanted})
    assert read.classes == CLASSES and not [note for note in read.notes if "without an action" not in note]


def test_key_frames_are_sparse_and_ends_are_outside(tmp_path):
    rows = [[((10 + f, 20, 60 + f, 120), 0.9, int(f >= 50), 1 + int(f >= 50), 1)] if f < 80 else [] for f in range(100)]
    written(CvatOutput(tmp_path / "a.xml", facts(100)), (tracked(f, row) for f, row in enumerate(rows)))
    (track,) = fromstring((tmp_path / "a.xml").read_text()).findall("track")
    boxes = [(box.get("frame"), box.get("outside"), [a.text for a in box]) for box in track]
    assert boxes == [
        ("0", "0", ["true"]),
        ("50", "0", ["false", "true"]),
        ("79", "0", ["false", "true"]),
        ("80", "1", ["false", "true"]),
    ]
    assert track.get("label") == "person"


@pytest.mark.parametrize(("length", "outside"), [(5, 0), (None, 0), (9, 1)])
def test_a_track_ends_with_the_video_or_where_detection_was_interrupted(tmp_path, length, outside):
    frames = [tracked(f, [((10, 20, 60, 120), 0.9, 0, 1, 1)]) for f in range(5)]
    written(CvatOutput(tmp_path / "a.xml", facts(length)), frames)
    assert len(re.findall('outside="1"', (tmp_path / "a.xml").read_text())) == outside


def test_the_third_line_has_the_labels_for_cvat(tmp_path):
    odd = ("a--b", "<&>", "carry/hold (an object)", "ж", "a]]>")
    written(CvatOutput(tmp_path / "a.xml", facts(1, classes=odd)), [tracked(0, [((1, 2, 9, 9), 0.9, 1, 1, 1)])])
    text = (tmp_path / "a.xml").read_text()
    (label,) = json.loads(text.splitlines()[2].removeprefix("<!--").removesuffix("-->"))
    declared = [name.text for name in fromstring(text).findall("meta/task/labels/label/attributes/attribute/name")]
    assert [attribute["name"] for attribute in label["attributes"]] == list(odd) == declared
    assert fromstring(text).find("track/box/attribute").get("name") == "<&>"


def test_a_video_without_people_gives_a_file_without_tracks_and_no_frame_gives_none(tmp_path):
    output = written(CvatOutput(tmp_path / "a.xml", facts(2)), [tracked(0, []), tracked(1, [])])
    assert not fromstring((tmp_path / "a.xml").read_text()).findall("track") and output.kept()
    assert written(CvatOutput(tmp_path / "b.xml", facts()), []).kept() is None
    assert names(tmp_path) == ["a.xml"]


def test_boxes_are_cut_at_the_picture_and_those_without_an_area_left_out(tmp_path):
    frames = [tracked(0, [((-30, 20, 400, 120), 0.9, 0, 1, 1), ((-30, 20, -1, 120), 0.9, 0, 2, 2)])]
    written(CvatOutput(tmp_path / "a.xml", facts(1)), frames)
    (track,) = fromstring((tmp_path / "a.xml").read_text()).findall("track")
    assert [track[0].get(key) for key in ("xtl", "ytl", "xbr", "ybr")] == ["0.00", "20.00", "320.00", "120.00"]


def test_a_track_has_the_boxes_of_the_tube_also_where_there_is_no_detection(tmp_path):
    seen, empty = tracked(0, [((9, 21, 61, 119), 0.9, 0, 1, 1)]), tracked(1, [])
    path = seen.tubes[0]._replace(box=(10.0, 20.0, 60.0, 120.0))
    frames = [seen._replace(tubes=[path]), empty._replace(tubes=[path])]
    written(CvatOutput(tmp_path / "a.xml", facts(2)), frames)
    (track,) = fromstring((tmp_path / "a.xml").read_text()).findall("track")
    assert [(box.get("frame"), box.get("xtl"), box.get("ybr")) for box in track] == [
        ("0", "10.00", "120.00"),
        ("1", "10.00", "120.00"),
    ]


def test_of_two_boxes_of_a_person_the_one_is_taken_whose_tube_had_it_before(tmp_path):
    one, two = (10, 20, 60, 120), (30, 20, 80, 120)
    frames = [tracked(f, [(one, 0.9, 0, 1, 1), (two, 0.8, 1, 2, 1)]) for f in range(3)]
    for frame, score in zip(frames, (0.9, 0.5, 0.3), strict=True):
        frame.tubes[0] = frame.tubes[0]._replace(score=score)  # of the other one 0.75
    written(CvatOutput(tmp_path / "a.xml", facts(3)), frames)
    (track,) = fromstring((tmp_path / "a.xml").read_text()).findall("track")
    assert {box.get("xtl") for box in track} == {"10.00"}
