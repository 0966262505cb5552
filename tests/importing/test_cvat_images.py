import pytest
from PIL import Image

from tests.make_data import pictures, write_video
from yowo.errors import AnnotationError
from yowo.importing.annotated import ImportOptions
from yowo.importing.cvat import read_cvat
from yowo.video.video_folder import VideoFolder

META = "<meta><task><name>walk</name><mode>annotation</mode></task></meta>"


@pytest.fixture
def read(tmp_path, quick_probe):
    """A folder of pictures with gaps in their numbers, and a video."""
    (tmp_path / "videos" / "stills").mkdir(parents=True)
    for number in (2, 5, 9):
        Image.new("RGB", (64, 48)).save(tmp_path / "videos" / "stills" / f"{number:04d}.jpg")
    write_video(tmp_path / "videos" / "clip.mp4", pictures(6, 0))

    def reader(*images, meta=META, **options):
        (tmp_path / "a.xml").write_text(f"<annotations>{meta}{''.join(images)}</annotations>")
        return read_cvat(tmp_path / "a.xml", VideoFolder(tmp_path / "videos"), ImportOptions(**options))

    return reader


def image(number, name, *shapes, size=(64, 48)):
    return f'<image id="{number}" name="{name}" width="{size[0]}" height="{size[1]}">{"".join(shapes)}</image>'


def box(label="run", inside="", corners=(4, 5, 20, 30), **more):
    sides = " ".join(f'{key}="{value}"' for key, value in zip(("xtl", "ytl", "xbr", "ybr"), corners, strict=True))
    extra = " ".join(f'{key}="{value}"' for key, value in more.items())
    return f'<box label="{label}" {sides} {extra}>{inside}</box>'


def test_boxes_go_by_the_names_of_the_pictures(read):
    found = read(image(0, "stills/0002.jpg", box()), image(1, "stills/0009.jpg", box("walk"), box()))
    assert [(row.video, row.frame, row.label) for row in found.rows] == [
        ("stills", 0, "run"), ("stills", 2, "walk"), ("stills", 2, "run"),
    ]  # fmt: skip
    assert found.rows[0].box == (4, 5, 20, 30) and not found.notes


def test_pictures_that_are_not_there_are_counted_and_if_none_is_the_import_is_refused(read):
    found = read(image(0, "stills/0003.jpg", box()), image(1, "stills/0009.jpg", box()))
    assert [row.frame for row in found.rows] == [2]
    assert "1 boxes are on pictures that are not there" in found.notes[0] and "0003.jpg" in found.notes[0]
    with pytest.raises(AnnotationError, match=r"a\.xml: not one of the named pictures is there"):
        read(image(0, "stills/0003.jpg", box()))


def test_sizes_of_the_export_are_scaled_and_tracks_and_occlusion_kept(read):
    inside = '<attribute name="track_id">7</attribute>'
    shapes = box(inside=inside, corners=(8, 10, 40, 60)), box(occluded=1)
    (row,) = read(image(0, "stills/0005.jpg", *shapes, size=(128, 96)), keep_occluded=False).rows
    assert (row.frame, row.box, row.track) == (1, (4, 5, 20, 30), "7")


def test_frames_of_a_video_task_count_from_zero(read):
    meta = "<meta><task><mode>interpolation</mode></task><source>clip.mp4</source></meta>"
    (row,) = read(image(3, "frame_000003", box()), meta=meta).rows
    assert (row.video, row.frame) == ("clip", 3)


def test_damage_is_named(read):
    with pytest.raises(AnnotationError, match=r"image 0 'stills/0002\.jpg': <box>: expected numbers"):
        read(image(0, "stills/0002.jpg", box(corners=("wide", 1, 2, 3))))
    with pytest.raises(AnnotationError, match=r"image 0 'stills/0002\.jpg': expected x1 < x2"):
        read(image(0, "stills/0002.jpg", box(corners=(30, 5, 20, 30))))
    found = read(image(0, "stills/0002.jpg", box(), "<points/>"))
    assert "shapes of type points were skipped" in found.notes[0]
