import numpy as np
import pytest

from yowo.errors import YowoError
from yowo.tubes.identities import PersonNumbers

BOX = np.array([100, 50, 160, 210], np.float32)


def numbers(people, frame, *tubes):
    """The people of tubes, each (number, class, shift of the box to the right in pixels)."""
    boxes = np.array([BOX + np.array([by, 0, by, 0]) for _, _, by in tubes], np.float32).reshape(-1, 4)
    columns = [np.array([tube[place] for tube in tubes], np.int64) for place in (0, 1)]
    return people.of_frame(frame, *columns, boxes).tolist()


def test_several_actions_of_a_person_share_the_number_and_a_neighbour_has_another():
    people = PersonNumbers()
    assert numbers(people, 0, (0, 3, 0), (1, 12, 1), (2, 3, 200), (3, 60, 201), (4, 60, 2)) == [1, 1, 2, 2, 1]
    assert people.count == 2


def test_a_person_who_crosses_another_keeps_the_number():
    people = PersonNumbers()
    for frame in range(41):
        assert numbers(people, frame, (0, 1, 5 * frame), (1, 2, 200 - 5 * frame)) == [1, 2]


def test_an_action_that_begins_belongs_to_the_person_whom_it_overlaps_most():
    people = PersonNumbers()
    assert numbers(people, 0, (0, 0, 0), (1, 0, 20)) == [1, 2]
    assert numbers(people, 1, (0, 0, 0), (1, 0, 20), (2, 5, 18), (3, 6, 1)) == [1, 2, 2, 1]


def test_a_person_has_one_tube_of_a_class_at_a_time():
    people = PersonNumbers()
    assert numbers(people, 0, (0, 4, 0)) == [1]
    assert numbers(people, 1, (0, 4, 0), (1, 4, 6)) == [1, 2]


def test_actions_that_follow_each_other_are_of_one_person_until_memory_ends():
    people = PersonNumbers(memory=10)
    assert numbers(people, 0, (0, 1, 0)) == [1]
    assert numbers(people, 9, (1, 2, 30)) == [1]
    assert numbers(people, 20, (2, 2, 30)) == [2]
    assert numbers(people, 25, (3, 2, 200)) == [3]


def test_the_better_of_two_earlier_people_is_taken():
    people = PersonNumbers()
    assert numbers(people, 0, (0, 1, 0), (1, 1, 70)) == [1, 2]
    assert numbers(people, 5) == []
    assert numbers(people, 6, (2, 1, 60)) == [2]


def test_a_tube_that_is_not_given_for_some_frames_keeps_its_person():
    people = PersonNumbers()
    assert numbers(people, 0, (7, 1, 0), (9, 1, 300)) == [1, 2]
    assert numbers(people, 3, (9, 1, 300)) == [2]
    assert numbers(people, 8, (7, 1, 150), (9, 1, 300)) == [1, 2]


def test_a_tube_that_began_while_two_people_overlapped_goes_with_its_own_when_they_part():
    people = PersonNumbers()
    assert numbers(people, 0, (0, 1, 0), (1, 1, 200)) == [1, 2]
    assert numbers(people, 1, (0, 1, 0), (1, 1, 4)) == [1, 2]
    assert numbers(people, 2, (0, 1, 0), (1, 1, 4), (2, 5, 1)) == [1, 2, 1]
    assert numbers(people, 3, (0, 1, 0), (1, 1, 30), (2, 5, 27)) == [1, 2, 1], "still near to both"
    assert numbers(people, 9, (0, 1, 0), (1, 1, 60), (2, 5, 61)) == [1, 2, 2]
    assert numbers(people, 10, (2, 5, 300), (1, 1, 60), (0, 1, 0)) == [3, 2, 1]


def test_memory_does_not_grow_with_the_stream():
    people = PersonNumbers(memory=5)
    for frame in range(200):
        numbers(people, frame, (frame, 1, 90 * frame))
    assert people.count == 200
    assert len(people._people) <= 6 and len(people._tubes) <= 6


def test_frames_must_go_forward():
    people = PersonNumbers()
    numbers(people, 3)
    with pytest.raises(YowoError, match=r"frame 3: expected a frame after 3"):
        numbers(people, 3)
