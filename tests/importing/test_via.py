import json

import pytest
from PIL import Image

from tests.make_data import pictures, write_video
from yowo.errors import AnnotationError
from yowo.importing.annotated import ImportOptions
from yowo.importing.via import read_via
from yowo.video.video_folder import VideoFolder

ATTRIBUTES = {
    "1": {"aname": "action", "anchor_id": "FILE1_Z1_XY1", "type": 4, "options": {"1": "run", "2": "walk"}},
    "2": {"aname": "Person ID", "anchor_id": "FILE1_Z1_XY1", "type": 1, "options": {}},
    "3": {"aname": "doing", "anchor_id": "FILE1_Z2_XY0", "type": 2, "options": {"a": "eat", "b": "drink"}},
}


@pytest.fixture
def read(tmp_path, quick_probe):
    """A video of 64 x 48 pixels with 12 frames at 25 frames per second, and pictures with gaps in their numbers."""
    write_video(tmp_path / "videos" / "a.mp4", pictures(12, 0))
    (tmp_path / "videos" / "stills").mkdir()
    for number in (3, 8, 9):
        Image.new("RGB", (64, 48)).save(tmp_path / "videos" / "stills" / f"{number:04d}.jpg")

    def reader(*entries, attributes=ATTRIBUTES, files=None, views=None, **options):
        files = files or {"7": {"fid": 7, "fname": "a.mp4", "type": 4, "loc": 1, "src": ""}}
        views = views or {str(number): {"fid_list": [int(file)]} for number, file in enumerate(files)}
        metadata = {f"m{number}": entry for number, entry in enumerate(entries)}
        project = {"attribute": attributes, "file": files, "view": views, "metadata": metadata, "project": {}}
        (tmp_path / "via.json").write_text(json.dumps(project))
        return read_via(tmp_path / "via.json", VideoFolder(tmp_path / "videos"), ImportOptions(**options))

    return reader


def entry(seconds=(0.2,), shape=(2, 10, 5, 20, 30), view="0", **values):
    return {"vid": view, "flg": 0, "z": list(seconds), "xy": list(shape), "av": {k[1:]: v for k, v in values.items()}}


def test_boxes_are_in_pixels_on_the_frame_of_their_time(read):
    (row,) = read(entry(_1="2", _2="5")).rows
    assert tuple(row) == ("a", 5, (10, 5, 30, 35), "walk", "5")


@pytest.mark.parametrize(
    ("second", "frame"), [(0, 0), (0.0399, 1), (0.04, 1), (0.06, 1), (0.079, 1), (0.44, 11), (0.9, 11)]
)
def test_times_are_those_at_which_a_frame_is_shown_rounding_aside(read, second, frame):
    assert [row.frame for row in read(entry((second,), _1="1")).rows] == [frame]


def test_checkboxes_give_several_actions_and_text_counts_where_nothing_has_options(read):
    assert [row.label for row in read(entry(_3="a,b")).rows] == ["eat", "drink"]
    text = {"1": {"aname": "what", "type": 1, "options": {}}}
    assert [row.label for row in read(entry(_1="jumping"), attributes=text).rows] == ["jumping"]
    assert [row.label for row in read(entry(_1="1", _3="a"), attributes=ATTRIBUTES).rows] == ["run", "eat"]


def test_attributes_may_be_chosen(read, tmp_path):
    read(entry(_1="1", _3="b"))
    found = read_via(tmp_path / "via.json", VideoFolder(tmp_path / "videos"), ImportOptions(attributes=("doing",)))
    assert [row.label for row in found.rows] == ["drink"]
    with pytest.raises(AnnotationError, match=r"has no attribute none; there are action, Person ID, doing"):
        read_via(tmp_path / "via.json", VideoFolder(tmp_path / "videos"), ImportOptions(attributes=("none",)))


def test_a_segment_labels_the_boxes_in_it_that_have_no_label(read):
    found = read(
        entry((0.0, 0.3), (), _3="a"),
        entry((0.1,)),
        entry((0.12,), _1="1"),
        entry((0.4,)),
        entry((0.5, 0.6), (), _3="b"),
    )
    assert [(row.frame, row.label) for row in found.rows] == [(2, "eat"), (3, "run")]
    assert any(note.startswith("1 boxes have no label") for note in found.notes)
    assert any(note.startswith("1 time segments have no box") for note in found.notes)


def test_a_box_over_a_segment_is_on_all_its_frames(read):
    assert [row.frame for row in read(entry((0.08, 0.16), _1="1")).rows] == [2, 3, 4]


@pytest.mark.parametrize(
    ("shape", "box"),
    [
        ((3, 30, 20, 10), (20, 10, 40, 30)),
        ((4, 30, 20, 10, 5), (20, 15, 40, 25)),
        ((7, 10, 10, 30, 5, 20, 40), (10, 5, 30, 40)),
        ((8, 10, 20, 20, 10, 30, 20, 20, 30), (10, 10, 30, 30)),
        ((1, 10, 20), None),
    ],
)
def test_shapes_become_the_boxes_around_them_and_points_are_counted(read, shape, box):
    found = read(entry(shape=shape, _1="1"))
    assert [row.box for row in found.rows] == ([box] if box else [])
    assert bool(found.notes) == (box is None)


def test_pictures_are_found_by_their_names(read):
    files = {
        "1": {"fid": 1, "fname": "stills/0008.jpg", "type": 2},
        "2": {"fid": 2, "fname": "stills/0004.jpg", "type": 2},
    }
    found = read(entry((), _1="1"), entry((), view="1", _1="1"), files=files)
    assert [(row.video, row.frame) for row in found.rows] == [("stills", 1)]
    assert "1 boxes are on pictures that are not there" in found.notes[0] and "0004.jpg" in found.notes[0]
    with pytest.raises(AnnotationError, match="not one of the named pictures is there"):
        read(entry((), view="1", _1="1"), entry((), view="1", _1="2"), files={**files, "1": files["2"]})


def test_sound_is_left_out_and_projects_without_attributes_show_persons(read):
    assert read(entry(), attributes={}).classes == ("person",)
    files = {"7": {"fid": 7, "fname": "a.wav", "type": 8}}
    assert "1 files are sound" in read(entry((0.1, 0.2), (), _3="a"), files=files).notes[0]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (entry((5.0,), _1="1"), r"metadata m0: z: expected a time within a, 0 to 0\.5 s, got 5"),
        (entry((), _1="1"), "metadata m0: z: expected the time of the box"),
        (entry(("x",), _1="1"), "metadata m0: z: expected a list of numbers"),
        (entry(shape=(2, 1, 2), _1="1"), "metadata m0: xy: expected at least 4 coordinates"),
        (entry(shape=(2, 30, 5, -20, 30), _1="1"), "metadata m0: expected x1 < x2"),
        (entry(view="9", _1="1"), "metadata m0: expected the vid of a view with a file"),
        ("text", "metadata m0: expected the vid of a view with a file"),
    ],
)
def test_damage_is_named(read, wrong, words):
    with pytest.raises(AnnotationError, match=words):
        read(wrong)


def test_views_without_a_list_of_files_are_damage(read):
    with pytest.raises(AnnotationError, match="metadata m0: expected the vid of a view with a file"):
        read(entry(_1="1"), views={"0": {"fid_list": 7}})


def test_other_files_are_named(tmp_path, read):
    read(entry(_1="1"))
    videos = VideoFolder(tmp_path / "videos")
    for content, words in (
        ("{", "expected JSON"),
        ("[]", "expected the parts"),
        ('{"_via_img_metadata": {}}', "VIA 2"),
    ):
        (tmp_path / "other.json").write_text(content)
        with pytest.raises(AnnotationError, match=words):
            read_via(tmp_path / "other.json", videos, ImportOptions())


def test_options_may_be_a_list(read):
    listed = {"1": {"aname": "action", "type": 3, "options": ["run", "walk"]}}
    assert [row.label for row in read(entry(_1="1"), attributes=listed).rows] == ["walk"]
