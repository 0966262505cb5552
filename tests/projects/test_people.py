import numpy as np
import pytest

from yowo.projects.people import People, cells, input_report, people_of, size_text, suggested_size
from yowo.projects.table import Extent, TableRow


def people(boxes, frames=None, picture=(640, 480)):
    """People by boxes as fractions of the picture."""
    frames = np.zeros(len(boxes), int) if frames is None else np.array(frames)
    places = [("clip", number) for number in range(frames.max() + 1)]
    return People(frames, np.array(boxes, float), places, picture)


def centred(x, y, width, height):
    return (x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def test_a_person_with_several_actions_counts_once():
    box, other = (10, 10, 30, 50), (30, 10, 50, 50)
    rows = [TableRow("a", 3, box, label, "1") for label in ("run", "wave")]
    rows += [
        TableRow("a", 3, other, "run", "2"),
        TableRow("a", 4, box, "run", "1"),
        TableRow("gone", 3, box, "run", "1"),
    ]
    found = people_of(rows, {"a": Extent(9, (100, 50))})
    assert found.frames.tolist() == [0, 0, 1] and found.places == [("a", 3), ("a", 4)]
    assert found.boxes_norm.tolist() == [[0.1, 0.2, 0.3, 1], [0.3, 0.2, 0.5, 1], [0.1, 0.2, 0.3, 1]]
    assert found.picture == (100, 50)


def test_rows_without_area_and_no_rows_at_all_are_nobody():
    rows = [TableRow("a", 0, (10, 10, 10, 50), "run", "1"), TableRow("a", 0, (-9, 0, -1, 50), "run", "2")]
    assert len(people_of(rows, {"a": Extent(9, (100, 50))}).frames) == len(people_of([], {}).frames) == 0


def test_sizes_are_in_pixels_of_the_input():
    report = input_report(people([centred(0.5, 0.5, side, 0.5) for side in np.linspace(0.1, 0.2, 11)]), (96, 160))
    assert report.widths == pytest.approx((0.11 * 160, 0.15 * 160, 0.19 * 160))
    assert report.heights == pytest.approx((48, 48, 48)) and report.short_side == pytest.approx(24)
    assert "96" in report.sentence() and "48 pixels high" in report.sentence()


def test_people_with_their_middle_in_one_cell_share_it_on_the_same_frame_only():
    left, right = centred(0.1, 0.5, 0.1, 0.4), centred(0.15, 0.5, 0.1, 0.4)
    group = people([left, right, right, centred(0.9, 0.9, 0.1, 0.1)], [0, 0, 1, 0])
    frame, count = cells(group, (96, 128))
    assert sorted(zip(frame.tolist(), count.tolist(), strict=True)) == [(0, 1), (0, 2), (1, 1)]
    assert input_report(group, (96, 128)).sharing == 0.5
    assert input_report(group, (96, 1280)).sharing == 0


def test_a_middle_on_the_last_edge_is_in_the_last_cell():
    frame, count = cells(people([(0.9, 0.9, 1.1, 1.1)]), (64, 64))
    assert frame.tolist() == [0] and count.tolist() == [1]


@pytest.mark.parametrize(
    ("picture", "width", "size"),
    [
        ((640, 480), 0.3, (96, 128)),  # large people: the cheapest size
        ((480, 640), 0.3, (128, 96)),  # on end
        ((512, 512), 0.3, (128, 128)),
        ((1920, 1080), 0.05, (192, 352)),  # small ones: 16 pixels of width
        ((1920, 1080), 0.01, (192, 352)),  # not more than is affordable
        ((384, 288), 0.02, (224, 288)),
        ((160, 120), 0.02, (128, 160)),  # not more pixels than the videos have
    ],
)
def test_the_suggested_size_suits_people_and_videos(picture, width, size):
    assert suggested_size(people([centred(0.5, 0.5, width, 0.6)], picture=picture)) == size


@pytest.mark.parametrize("picture", [(1, 1), (4000, 40), (40, 4000), (3, 1000), (100000, 20)])
def test_pictures_of_any_shape_get_multiples_of_the_stride(picture):
    size = suggested_size(people([centred(0.5, 0.5, 0.01, 0.01)], picture=picture))
    assert min(size) >= 32 and size[0] % 32 == size[1] % 32 == 0 and size[0] * size[1] <= 224 * 320


def test_people_who_share_cells_ask_for_a_larger_size():
    crowd = [centred(x, 0.5, 0.2, 0.6) for x in (0.27, 0.42, 0.55, 0.72)]
    assert input_report(people(crowd), (96, 128)).sharing == 1
    assert suggested_size(people(crowd)) > (96, 128)


def test_sizes_are_written_as_they_are_typed():
    assert size_text((224, 224)) == "dataset.image_size=224" and size_text((96, 128)) == "dataset.image_size=[96,128]"
