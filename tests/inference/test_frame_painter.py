import numpy as np
import pytest

from yowo.inference.colours import NEUTRAL, class_colour, identity_colour
from yowo.inference.frame_painter import TRAIL, FramePainter, draw_ways
from yowo.inference.streaming import FrameResult
from yowo.inference.tracks import FrameRows, FrameTube, TrackedFrame

NAMES = ["walk", "run", "sit", "talk to (e.g., self, a person, a group)"]
NOBODY = np.zeros(0, np.int64)


def tracked(frame, rows, size=(320, 240)):
    """Rows are (box, score, class, owner, person)."""
    picture = np.full((size[1], size[0], 3), 90, np.uint8)
    boxes, scores, labels, owners, people = zip(*rows, strict=True) if rows else ((), (), (), (), ())
    found = FrameRows(
        np.array(boxes, np.float32).reshape(-1, 4), np.array(scores, np.float32), np.array(labels, np.int64),
        np.array(owners, np.int64),
    )  # fmt: skip
    people = np.array(people, np.int64)
    return TrackedFrame(FrameResult(frame, picture, {}, frame / 25), found, people, people)


def person(number, x=100, y=100, label=0, score=0.8, owner=None, width=60, height=100):
    return (x, y, x + width, y + height), score, label, number if owner is None else owner, number


def painter(**options):
    return FramePainter(NAMES, (320, 240), **options)


def has(picture, colour):
    return (picture == colour).all(axis=2)


def test_a_person_has_a_box_and_a_label_in_one_colour_and_the_frame_is_not_changed():
    frame = tracked(0, [person(1)])
    picture = painter().paint(frame)
    assert picture.shape == (240, 320, 3) and (frame.result.picture == 90).all()
    shown = has(picture, identity_colour(1))
    assert shown[100:200, 100].all() and shown[200, 100:160].all()  # left and lower side
    assert shown[90:99, 102:160].any() and (picture[90:99, 102:160] < 60).any()  # label with text
    assert (picture[120:190, 110:150] == 90).all()


def test_people_have_different_colours_and_keep_them():
    ours = painter()
    rows = [person(2, 200), person(1), person(3, 20)]
    shown = [ours.people(tracked(frame, rows[: 2 + frame % 2])) for frame in range(5)]
    colours = {(one.person, one.colour) for people in shown for one in people}
    assert len(colours) == 3


def test_two_people_who_are_there_together_never_share_one_of_the_palettes_colours():
    ours = painter()
    together = [person(number, 10 * number) for number in (1, 21, 41)]  # the same colour if it were by number alone
    shown = ours.people(tracked(0, together))
    assert len({one.colour for one in shown}) == 3
    assert ours.colours(tracked(0, together)) == [one.colour for one in sorted(shown, key=lambda s: s.person)]


def test_colours_of_people_who_have_gone_are_free_again_and_nothing_grows():
    ours = painter()
    for number in range(1, 25):
        for frame in range(TRAIL + 2):
            ours.paint(tracked(number * 100 + frame, [person(number)] if frame == 0 else []))
    assert len(ours._colours) <= 1 and len(ours._ways) <= 1 and len(ours._places) <= 1


def test_colours_can_be_those_of_classes():
    ours = painter(colour="class")
    frame = tracked(0, [person(1, label=1), person(2, 200, label=1)])
    assert {one.colour for one in ours.people(frame)} == {class_colour(1)}
    assert ours.colours(frame) == [class_colour(1)] * 2
    assert has(ours.paint(frame), class_colour(1)).any()


def test_a_detection_in_no_tube_is_neutral_and_has_no_number():
    ours = painter()
    (one,) = ours.people(tracked(0, [person(0)]))
    assert (one.person, one.colour) == (0, NEUTRAL)
    assert has(ours.paint(tracked(0, [person(0)])), NEUTRAL)[120:190, 100].all()


def test_the_actions_of_a_person_stand_together_the_best_three_first():
    """Rows of one box (AVA), of which some are in tubes, and rows of tubes of one person with other boxes."""
    rows = [
        person(7, label=0, score=0.3, owner=0),
        person(0, label=1, score=0.9, owner=0),
        person(7, 104, label=2, score=0.5, owner=1),
        person(7, 104, label=3, score=0.4, owner=1),
    ]
    (one,) = painter().people(tracked(0, rows))
    assert one.person == 7 and one.box == (100, 100, 160, 200)
    assert [label for label, _ in one.actions] == [1, 2, 3] and one.score == pytest.approx(0.9)


def test_a_person_whom_the_network_missed_is_where_the_tubes_are():
    """Tubes bridge gaps; one of a person with a detection is not drawn again."""
    box = (200.0, 50.0, 250.0, 150.0)
    tubes = [FrameTube(3, 5, 1, box, 0.4), FrameTube(4, 5, 2, box, 0.6), FrameTube(1, 1, 0, box, 0.9)]
    frame = tracked(0, [person(1)])._replace(tubes=tubes)
    one, other = painter().people(frame)
    assert (one.person, one.box) == (1, (100, 100, 160, 200))
    assert (other.person, other.box, other.actions) == (5, (200, 50, 250, 150), [(2, 0.6), (1, 0.4)])


def test_the_way_of_a_person_is_drawn_and_vanishes_when_it_has_gone():
    ours = painter()
    for frame in range(60):
        picture = ours.paint(tracked(frame, [person(1, 20 + 3 * frame, 60)]))
    shown = has(picture, identity_colour(1))[110]
    now, before = 20 + 3 * 59 + 30, 20 + 3 * (59 - TRAIL) + 30
    assert shown[before + 2 : now].all() and not shown[: before - 4].any()
    for frame in range(60, 61 + TRAIL):
        picture = ours.paint(tracked(frame, []))
    assert (picture == 90).all()


def test_small_pictures_are_enlarged_and_a_scale_can_be_chosen():
    assert FramePainter(NAMES, (160, 120)).size == (320, 240)
    assert FramePainter(NAMES, (320, 240)).size == (320, 240)
    assert FramePainter(NAMES, (1920, 1080)).size == (1920, 1080)
    assert FramePainter(NAMES, (1, 1)).size == (240, 240)
    assert FramePainter(NAMES, (3, 500)).size == (9, 1500)
    assert FramePainter(NAMES, (1921, 1081), scale=0.5).size == (960, 540)
    picture = painter(scale=2).paint(tracked(0, [person(1)]))
    assert picture.shape == (480, 640, 3) and has(picture, identity_colour(1))[201:399, 200].all()


def test_a_frame_is_painted_once_for_all_who_ask_for_it():
    ours, frame = painter(), tracked(0, [person(1)])
    first = ours.paint(frame)
    assert ours.paint(frame) is first and not first.flags.writeable
    assert ours.paint(tracked(1, [person(1)])) is not first


@pytest.mark.parametrize("size", [(1, 1), (97, 61), (3, 500), (64, 2)])
def test_boxes_beyond_any_edge_and_tiny_pictures_are_drawn(size):
    ours = FramePainter(NAMES, size)
    rows = [((-50, -50, 2 * size[0], 2 * size[1]), 0.9, 3, 0, 1), ((size[0], size[1], 0, 0), 0.5, 1, 1, 2)]
    for frame in range(3):
        assert ours.paint(tracked(frame, rows, size)).shape == (*ours.size[::-1], 3)


def test_a_frame_without_detections_is_as_it_was():
    assert (painter().paint(tracked(0, [])) == 90).all()


def test_of_a_way_under_a_pixel_nothing_is_drawn_and_ways_are_not_joined():
    picture = np.zeros((40, 60, 3), np.uint8)
    draw_ways(
        picture, [([(20.0, 20.0)], (255, 0, 0)), ([(20.0, 20.0), (20.4, 20.0)] * 2, (255, 0, 0)), ([], (0, 0, 9))], 2
    )
    assert picture.any()  # back and forth by 0.4 three times is more than a pixel
    picture[:] = 0
    draw_ways(picture, [([(20.0, 20.0)], (255, 0, 0)), ([(20.0, 20.0), (20.4, 20.0)], (255, 0, 0)), ([], (0, 0, 9))], 2)
    assert not picture.any()
    draw_ways(picture, [([(5.0, 5.0), (15.0, 5.0)], (255, 0, 0)), ([(5.0, 30.0), (15.0, 30.0)], (0, 255, 0))], 2)
    assert picture[5, 10].tolist() == [255, 0, 0] and picture[30, 10].tolist() == [0, 255, 0]
    assert not picture[12:24].any()
