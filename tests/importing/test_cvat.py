import zipfile

import numpy as np
import pytest

from tests.make_data import pictures, write_video
from yowo.errors import AnnotationError
from yowo.importing.annotated import ImportOptions
from yowo.importing.cvat import read_cvat
from yowo.video.video_folder import VideoFolder

PERSON = """<label><name>person</name><attributes>
<attribute><name>phoning</name><mutable>True</mutable><input_type>checkbox</input_type><values></values></attribute>
<attribute><name>pose</name><mutable>True</mutable><input_type>select</input_type><values>none\nsit\nstand</values></attribute>
<attribute><name>age</name><mutable>False</mutable><input_type>number</input_type><values>0\n99\n1</values></attribute>
</attributes></label><label><name>jump</name></label>"""


def box(frame, x, *values, outside=0, occluded=0, keyframe=1, size=20, more=""):
    attributes = "".join(f'<attribute name="{name}">{value}</attribute>' for name, value in values)
    return (
        f'<box frame="{frame}" keyframe="{keyframe}" outside="{outside}" occluded="{occluded}" xtl="{x}" ytl="5" '
        f'xbr="{x + size}" ybr="35" z_order="0" {more}>{attributes}</box>'
    )


def document(*tracks, meta=""):
    meta = meta or f"<task><name>first</name><start_frame>0</start_frame>{PERSON}</task><source>a.mp4</source>"
    body = "".join(f'<track id="{i}" {head}>{"".join(boxes)}</track>' for i, (head, *boxes) in enumerate(tracks))
    return f'<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version><meta>{meta}</meta>{body}</annotations>'


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("videos")
    for seed, name in enumerate("ab"):
        write_video(folder / f"{name}.mp4", pictures(12, seed))
    return VideoFolder(folder)


@pytest.fixture
def read(tmp_path, videos):
    def reader(text, **options):
        path = tmp_path / "annotations.xml"
        path.write_text(text)
        return read_cvat(path, videos, ImportOptions(**options))

    return reader


def test_a_track_between_its_boxes_is_interpolated_until_it_is_outside(read):
    found = read(document(('label="jump"', box(2, 0), box(6, 8), box(8, 8, outside=1))))
    assert [(row.video, row.frame, row.label, row.track) for row in found.rows] == [
        ("a", frame, "jump", "0") for frame in range(2, 8)
    ]
    assert np.allclose([row.box[0] for row in found.rows], [0, 2, 4, 6, 8, 8])


def test_a_track_that_comes_back_has_a_gap(read):
    found = read(document(('label="jump"', box(0, 0), box(2, 0, outside=1), box(5, 4), box(6, 4, outside=1))))
    assert [row.frame for row in found.rows] == [0, 1, 5]


def test_every_listed_frame_is_taken_as_it_is_and_the_last_one_ends_the_track(read):
    found = read(document(('label="jump"', *(box(frame, frame**2, keyframe=int(frame == 0)) for frame in range(4)))))
    assert [(row.frame, row.box[0]) for row in found.rows] == [(0, 0), (1, 1), (2, 4), (3, 9)]


def test_frames_between_are_those_of_the_task(read):
    meta = "<task><name>t</name><start_frame>1</start_frame><frame_filter>step=3</frame_filter></task><source>a.mp4</source>"
    found = read(document(('label="jump"', box(1, 1), box(10, 10)), meta=meta))
    assert [(row.frame, row.box[0]) for row in found.rows] == [(1, 1), (4, 4), (7, 7), (10, 10)]


def test_attributes_are_actions_several_of_a_person_and_hold_until_they_change(read):
    found = read(
        document(
            (
                'label="person"',
                box(0, 0, ("phoning", "true"), ("pose", "sit"), ("age", "40")),
                box(2, 0, ("pose", "stand")),
                box(3, 0, ("phoning", "false"), ("pose", "none")),
                box(4, 0, outside=1),
            )
        )
    )
    assert [(row.frame, row.label) for row in found.rows] == [
        (0, "phoning"), (0, "sit"), (1, "phoning"), (1, "sit"), (2, "phoning"), (2, "stand"),
    ]  # fmt: skip
    assert {row.track for row in found.rows} == {"0"}
    assert found.classes == ("phoning", "sit", "stand", "jump")
    assert len(found.notes) == 1 and "frames without an action" in found.notes[0] and "1 of 4" in found.notes[0]


def test_the_user_may_say_what_the_actions_are(read):
    text = document(('label="person"', box(0, 0, ("phoning", "true"), ("pose", "sit"), ("age", "40"))))
    assert [row.label for row in read(text, actions="labels").rows] == ["person"]
    assert [row.label for row in read(text, attributes=("pose",)).rows] == ["sit"]
    assert [row.label for row in read(text, attributes=("age",)).rows] == ["40"]
    with_label = document(('label="jump"', box(0, 0)))
    assert read(with_label, actions="attributes").rows == []


def test_occluded_boxes_may_be_left_out(read):
    text = document(('label="jump"', box(0, 0), box(1, 0, occluded=1), box(2, 0, occluded=1), box(3, 0)))
    assert [row.frame for row in read(text).rows] == [0, 1, 2, 3]
    assert [row.frame for row in read(text, keep_occluded=False).rows] == [0, 3]


def test_turned_boxes_and_outlines_get_the_box_around_them(read):
    turned = box(0, 10, size=20, more='rotation="90"')
    outline = '<polygon frame="1" outside="0" occluded="0" keyframe="1" points="3,4;30,8;12,40"></polygon>'
    ellipse = '<ellipse frame="2" outside="0" occluded="0" keyframe="1" cx="20" cy="20" rx="5" ry="8"></ellipse>'
    rows = read(document(('label="jump"', turned, outline, ellipse))).rows
    assert np.allclose([row.box for row in rows], [[5, 10, 35, 30], [3, 4, 30, 40], [15, 12, 25, 28]])


def test_what_is_left_out_is_counted(read):
    mask = '<mask frame="0" outside="0" occluded="0" rle="1" left="0" top="0" width="2" height="2"></mask>'
    found = read(document(('label="jump"', mask), ('label="jump"', box(3, 1, outside=1)), ('label="jump"', box(3, 1))))
    assert len(found.rows) == 1
    assert any("shapes of type mask" in note and "track 0" in note for note in found.notes)
    assert any(note.startswith("2 tracks have no box on any frame; the first:") for note in found.notes)


def test_projects_name_the_video_of_each_track(read):
    meta = (
        "<project><name>p</name><tasks><task><id>7</id><name>x</name><source>a.mp4</source></task>"
        f"<task><id>9</id><name>b.mp4</name></task></tasks><labels>{PERSON}</labels></project>"
    )
    found = read(document(('label="jump" task_id="9"', box(0, 0)), ('label="jump" task_id="7"', box(0, 0)), meta=meta))
    assert [(row.video, row.track) for row in found.rows] == [("b", "0"), ("a", "1")]


def test_zips_and_folders_are_read_and_tracks_of_several_files_stay_apart(tmp_path, videos):
    with zipfile.ZipFile(tmp_path / "one.zip", "w") as archive:
        archive.writestr("annotations.xml", document(('label="jump"', box(0, 0))))
    (tmp_path / "two.xml").write_text(document(('label="jump"', box(0, 9))))
    rows = read_cvat(tmp_path, videos, ImportOptions()).rows
    assert [(row.track, row.box[0]) for row in rows] == [("0", 0), ("1", 9)]


def test_a_task_of_another_name_is_about_the_only_video(tmp_path):
    write_video(tmp_path / "v" / "clip.mp4", pictures(4, 0))
    (tmp_path / "x.xml").write_text(document(('label="jump"', box(0, 0))))
    found = read_cvat(tmp_path / "x.xml", VideoFolder(tmp_path / "v"), ImportOptions())
    assert found.rows[0].video == "clip" and "assigned to the only video" in found.notes[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<annotations><track>", 'not well-formed XML .*export the task as "CVAT for video 1.1"'),
        ("no xml", "not well-formed XML"),
        ("<note/>", "expected <annotations>, got <note>"),
        ('<annotations><image id="0" name="a.png"></image></annotations>', "image 0 'a.png': file_name: expected"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><annotations/>', "contains a DOCTYPE, which CVAT's files do not have"),
        (
            document(('label="jump"', box(0, 0).replace('xtl="0"', 'xtl="wide"'))),
            "track 0, frame 0: <box>: expected numbers",
        ),
        (document(('label="jump"', box(0, 0, size=-3))), "track 0, frame 0: expected xtl < xbr and ytl < ybr"),
        (
            document(('label="jump"', box(0, 0).replace('frame="0"', 'frame="-1"', 1))),
            "frame: expected a whole number, got '-1'",
        ),
        (
            document(('label="jump" task_id="5"', box(0, 0)), meta="<project><tasks></tasks></project>"),
            "track 0: expected the task_id of a task in <meta>, got 5",
        ),
        (
            document(("", box(0, 0)), meta="<task><name>t</name></task><source>z.mp4</source>"),
            "has no video 'z.mp4'; there are 2",
        ),
    ],
)
def test_damage_is_named(read, text, words):
    with pytest.raises(AnnotationError, match=words):
        read(text)


def test_nothing_to_read_is_said(tmp_path, videos):
    with pytest.raises(AnnotationError, match="file or folder not found"):
        read_cvat(tmp_path / "gone.xml", videos, ImportOptions())
    with pytest.raises(AnnotationError, match="expected a CVAT XML file, or a zip or folder"):
        read_cvat(tmp_path, videos, ImportOptions())


def test_boxes_outside_may_be_anything_and_those_without_area_are_left_out(read):
    found = read(
        document(
            ('label="jump"', box(0, 0), box(2, 64, size=0), box(4, 4), box(6, 70, outside=1, size=-5)),
            meta=f"<task><name>t</name>{PERSON}</task><source>a.mp4</source>",
        )
    )
    assert [row.frame for row in found.rows] == [0, 1, 3, 4, 5] and found.rows[-1].box == (4, 5, 24, 35)
    assert found.notes[0].startswith("1 boxes have no area and were left out") and "track 0, frame 2" in found.notes[0]


def test_all_damage_of_all_files_is_one_list(tmp_path, videos):
    (tmp_path / "one.xml").write_text(document(('label="jump"', box(0, 0, size=-3), box(1, float("nan")))))
    (tmp_path / "two.xml").write_text("<annotations>")
    with pytest.raises(
        AnnotationError, match=r"(?s)3 problems.*one\.xml.*frame 0: .*frame 1: .*two\.xml: not well-formed"
    ):
        read_cvat(tmp_path, videos, ImportOptions())
