import json

import pytest
from PIL import Image

from tests.make_data import pictures, write_video
from yowo.errors import AnnotationError
from yowo.importing.annotated import ImportOptions
from yowo.importing.coco import read_coco
from yowo.video.reader import open_video
from yowo.video.video_folder import VideoFolder

CATEGORIES = [{"id": 3, "name": "jump"}, {"id": 1, "name": "sit"}]


@pytest.fixture
def read(tmp_path):
    for seed, name in enumerate(("a", "far/b")):
        write_video(tmp_path / "videos" / f"{name}.mp4", pictures(6, seed))

    folder = VideoFolder(tmp_path / "videos")

    def reader(images, annotations, categories=CATEGORIES, videos=None, **options):
        content = {"images": images, "annotations": annotations, "categories": categories}
        if videos is not None:
            content["videos"] = videos
        (tmp_path / "coco.json").write_text(json.dumps(content))
        return read_coco(tmp_path / "coco.json", folder, ImportOptions(**options))

    return reader


def annotation(image=1, category=3, box=(4, 5, 10, 20), **more):
    return {"id": 1, "image_id": image, "category_id": category, "bbox": list(box), **more}


def test_films_and_frame_ids_count_from_zero(read):
    found = read(
        [{"id": 1, "video_id": 8, "frame_id": 2, "width": 128, "height": 96, "file_name": "x"}],
        [annotation(track_id=6), annotation(category=1, iscrowd=1)],
        videos=[{"id": 8, "name": "far/b.mp4"}],
    )
    assert [tuple(row) for row in found.rows] == [("far/b", 2, (2, 2.5, 7, 12.5), "jump", "6")]
    assert found.classes == ("jump", "sit") and "1 crowd annotations" in found.notes[0]


def test_frame_ids_count_from_the_first_frame_that_is_given(read):
    image = {"id": 1, "video_id": 8, "frame_id": 2, "width": 128, "height": 96, "file_name": "x"}
    found = read([image], [annotation()], videos=[{"id": 8, "name": "far/b.mp4"}], first_frame=1)
    assert [(row.video, row.frame) for row in found.rows] == [("far/b", 1)]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("a/000001.jpg", "b/000003.jpg"), [("a", 0), ("far/b", 2)]),
        (("a_0000.png", "far/b_0002.png"), [("a", 0), ("far/b", 2)]),
        (("a/frame_000000.PNG", "far/b/frame_000005.PNG"), [("a", 0), ("far/b", 5)]),
        (("frames\\a\\img_1.jpg", "a-2.jpg"), [("a", 0), ("a", 1)]),
    ],
)
def test_names_of_pictures_tell_video_and_frame(read, names, expected):
    images = [{"id": number, "file_name": name} for number, name in enumerate(names)]
    found = read(images, [annotation(image=number) for number in range(2)])
    assert [(row.video, row.frame) for row in found.rows] == expected
    assert "start at" in found.notes[0]


def test_the_first_frame_may_be_given(read):
    found = read([{"id": 1, "file_name": "a/000003.jpg"}], [annotation()], first_frame=0)
    assert found.rows[0].frame == 3


def test_ticked_attributes_are_the_actions(read):
    attributes = {"phoning": True, "occluded": True, "eating": False, "track_id": 4}
    found = read([{"id": 1, "file_name": "a/1.jpg"}], [annotation(attributes=attributes)])
    assert [(row.label, row.track) for row in found.rows] == [("phoning", "4")]
    assert found.classes == ("sit", "phoning")


def test_flags_that_tools_write_are_no_actions_and_boxes_outside_are_not_seen(read):
    flags = {"keyframe": True, "Occluded": True, "truncated": True, "rotation": 0.0}
    annotations = [
        annotation(attributes=flags),
        annotation(attributes={**flags, "outside": True}, id=7),
        annotation(attributes={**flags, "phoning": "true"}, id=8),
    ]
    found = read([{"id": 1, "file_name": "a/1.jpg"}], annotations)
    assert [row.label for row in found.rows] == ["jump", "phoning"] and found.classes == ("jump", "sit", "phoning")
    assert found.notes[1].startswith("1 boxes are marked as outside and were left out; the first: ")
    assert found.notes[1].endswith("annotation 7")
    assert read([{"id": 1, "file_name": "a/1.jpg"}], annotations, keep_occluded=False).rows == []


def test_boxes_without_area_are_left_out_and_all_damage_is_one_list(read):
    images = [{"id": 1, "file_name": "a/1.jpg"}]
    found = read(images, [annotation(box=(4, 5, 20, 0.0)), annotation()])
    assert len(found.rows) == 1 and "annotation 1: 4,5,24,5" in found.notes[1]
    damaged = [annotation(box=(1, 2, -3, 4), id=5), annotation(image=2, id=6), annotation(box=(1, 2, "wide", 4), id=7)]
    with pytest.raises(AnnotationError, match=r"(?s)4 problems.*annotation 5.*annotation 6.*annotation 7.*images\[1\]"):
        read([*images, {"file_name": "a/2.jpg"}], damaged)


@pytest.mark.parametrize(
    ("images", "annotations", "words"),
    [
        (
            [{"id": 1, "file_name": "a/1.jpg"}],
            [annotation(image=2)],
            "annotation 1: expected an image_id and a category_id that are listed",
        ),
        ([{"id": 1, "file_name": "a/1.jpg"}], [annotation(box=(1, 2, -3, 4))], "annotation 1: expected x1 < x2"),
        (
            [{"id": 1, "file_name": "a/1.jpg"}],
            [annotation(box=(1, 2))],
            "annotation 1: expected four numbers for the box",
        ),
        ([{"id": 1, "file_name": "a/x.jpg"}], [], r"image 1: file_name: expected <video>/<frame>\.jpg"),
        ([{"id": 1, "file_name": "z/1.jpg"}], [], "image 1: .* has no video 'z'"),
        ([{"file_name": "a/1.jpg"}], [], r"images\[0\]: expected id, got"),
        ([{"id": [1], "file_name": "a/1.jpg"}], [], r"images\[0\]: id: expected a number"),
        (5, [], "images: expected a list, got 5"),
        ([{"id": 1, "file_name": "a/1.jpg", "width": "wide", "height": 4}], [], "image 1: width, height: expected"),
        ([{"id": 1, "file_name": "a/1.jpg"}], [annotation(box=[1, 2, None, 4])], "annotation 1: expected four numbers"),
    ],
)
def test_damage_is_named(read, images, annotations, words):
    with pytest.raises(AnnotationError, match=words):
        read(images, annotations)


def test_other_files_are_named(tmp_path, read):
    with pytest.raises(AnnotationError, match="expected a JSON file"):
        read_coco(tmp_path / "gone.json", VideoFolder(tmp_path / "videos"), ImportOptions())
    for text in ("{", "[1]"):
        (tmp_path / "x.json").write_text(text)
        with pytest.raises(AnnotationError, match=r"x\.json: expected (JSON|COCO's keys images)"):
            read_coco(tmp_path / "x.json", VideoFolder(tmp_path / "videos"), ImportOptions())


def test_a_later_job_counts_frames_as_the_first_one(tmp_path, read):
    """CVAT's export of the second job names its pictures frame_000003 and so on, none of them 0."""
    for name, numbers in (("one", (0, 3)), ("two", (3, 5))):
        images = [{"id": number, "file_name": f"a/frame_{number:06}.PNG"} for number in numbers]
        read(images, [annotation(image=number) for number in numbers])
        (tmp_path / "jobs").mkdir(exist_ok=True)
        (tmp_path / "coco.json").rename(tmp_path / "jobs" / f"{name}.json")
    videos = VideoFolder(tmp_path / "videos")
    found = read_coco(tmp_path / "jobs", videos, ImportOptions())
    assert [row.frame for row in found.rows] == [0, 3, 3, 5] and "start at 0" in found.notes[0]
    second = ImportOptions(together=(tmp_path / "jobs" / "one.json", tmp_path / "jobs" / "two.json"))
    assert [row.frame for row in read_coco(tmp_path / "jobs" / "two.json", videos, second).rows] == [3, 5]


@pytest.fixture
def read_pictures(tmp_path, quick_probe):
    """Two folders of pictures of the same names, every fifth frame of a film; the number is the brightness."""
    for name in ("a", "b"):
        (tmp_path / "stills" / name).mkdir(parents=True)
        for number in range(0, 50, 5):
            Image.new("RGB", (40, 60), (number,) * 3).save(tmp_path / "stills" / name / f"frame_{number:06d}.png")

    def reader(images, annotations, videos=None):
        content = {"images": images, "annotations": annotations, "categories": CATEGORIES}
        (tmp_path / "coco.json").write_text(json.dumps(content if videos is None else {**content, "videos": videos}))
        return read_coco(tmp_path / "coco.json", VideoFolder(tmp_path / "stills"), ImportOptions())

    return reader


def test_boxes_are_on_the_pictures_that_their_file_names_name(read_pictures, tmp_path):
    files = [f"{name}/frame_{number:06d}.png" for name in "ab" for number in range(0, 50, 5)]
    images = [{"id": place, "file_name": file} for place, file in enumerate(files)]
    found = read_pictures(images, [annotation(image=place) for place in range(20)])
    assert not found.notes
    for row, file in zip(found.rows, files, strict=True):
        with open_video(tmp_path / "stills" / row.video) as reader:
            assert f"{row.video}/frame_{reader.get_frames([row.frame])[0, 0, 0, 0]:06d}.png" == file


def test_boxes_on_pictures_that_are_not_there_are_counted_and_if_all_are_the_import_is_refused(read_pictures):
    images = [{"id": 1, "file_name": "a/frame_000005.png"}, {"id": 2, "file_name": "a/frame_000007.png"}]
    found = read_pictures(images, [annotation(image=1), annotation(image=2), annotation(image=2)])
    assert [row.frame for row in found.rows] == [1]
    assert found.notes[0].startswith("2 boxes are on pictures that are not there and were left out; the first: ")
    assert "a/frame_000007.png" in found.notes[0]
    with pytest.raises(AnnotationError, match=r"not one of the named pictures is there .*frame_000007\.png"):
        read_pictures(images[1:], [annotation(image=2)])


def test_file_names_have_the_word_where_frame_ids_count_pictures(read_pictures):
    image = {"id": 1, "video_id": 3, "frame_id": 4, "file_name": "elsewhere/frame_000045.png"}
    film = [{"id": 3, "name": "b"}]
    assert [(row.video, row.frame) for row in read_pictures([image], [annotation()], film).rows] == [("b", 9)]
    image["file_name"] = ""
    assert [row.frame for row in read_pictures([image], [annotation()], film).rows] == [4]


def test_boxes_drawn_on_a_picture_before_it_was_turned_are_turned_with_it(read_pictures, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    for path in (tmp_path / "stills" / "a").iterdir():
        Image.new("RGB", (60, 40)).save(path, exif=exif)
    image = {"id": 1, "file_name": "a/frame_000000.png", "width": 60, "height": 40}
    (row,) = read_pictures([image], [annotation(box=(20, 5, 30, 10))]).rows
    assert row.box == (25, 20, 35, 50)
    (row,) = read_pictures([{**image, "width": 40, "height": 60}], [annotation(box=(20, 5, 10, 10))]).rows
    assert row.box == (20, 5, 30, 15)
