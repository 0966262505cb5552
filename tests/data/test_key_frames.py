import pickle

import numpy as np
import pytest

from yowo.contracts import Tube
from yowo.data.key_frames import AnnotatedVideo, KeyFrames


def boxes(count, value):
    return np.full((count, 4), value, dtype=np.float32)


VIDEOS = [
    AnnotatedVideo("a", "a.mp4", 20, (320, 240), (Tube(1, 2, boxes(3, 0.1)), Tube(0, 4, boxes(2, 0.2)))),
    AnnotatedVideo("empty", "e.mp4", 9, (320, 240), ()),
    AnnotatedVideo("b", "b.mp4", 10, (64, 48), (Tube(2, 0, boxes(5, 0.3)),), "pyav"),
]


def test_every_frame_that_a_tube_covers_is_a_key_frame_with_the_boxes_of_all_tubes():
    keys = KeyFrames.annotated(VIDEOS)
    assert [(k.video, k.frame) for k in keys] == [("a", 2), ("a", 3), ("a", 4), ("a", 5)] + [("b", i) for i in range(5)]
    assert keys[2].labels.tolist() == [1, 0]
    assert keys[2].boxes_norm[:, 0].tolist() == pytest.approx([0.1, 0.2])
    assert (keys[4].path, keys[4].size, keys[4].backend, keys[4].num_frames) == ("b.mp4", (64, 48), "pyav", 10)


def test_key_frames_of_a_class_are_found_by_their_place():
    found = KeyFrames.annotated(VIDEOS).positions_of_classes()
    assert [positions.tolist() for positions in found] == [[2, 3], [0, 1, 2], [4, 5, 6, 7, 8]]
    assert KeyFrames.annotated(VIDEOS[1:2]).positions_of_classes() == []


@pytest.mark.parametrize(("count", "chosen"), [(1, [0]), (3, [0, 4, 8]), (9, list(range(9))), (50, list(range(9)))])
def test_some_are_taken_from_all_over_the_split_with_their_boxes(count, chosen):
    keys = KeyFrames.annotated(VIDEOS)
    some = keys.spread(count)
    assert len(some) == len(chosen) and len(keys) == 9
    for place, position in enumerate(chosen):
        one, other = some[place], keys[position]
        assert (one.video, one.frame, one.labels.tolist()) == (other.video, other.frame, other.labels.tolist())
        assert np.array_equal(one.boxes_norm, other.boxes_norm)


def test_it_is_a_sequence():
    keys = KeyFrames.annotated(VIDEOS)
    assert keys[-1].frame == 4
    assert [k.frame for k in keys[:2]] == [2, 3]
    with pytest.raises(IndexError, match="key frame 9: there are only 9 key frames"):
        keys[9]


def test_no_annotation_gives_no_key_frame():
    assert len(KeyFrames.annotated(VIDEOS[1:2])) == 0


def test_a_worker_gets_it_in_a_few_bytes_a_key_frame():
    video = AnnotatedVideo("v", "v.mp4", 10_000, (320, 240), (Tube(0, 0, boxes(10_000, 0.5)),))
    assert len(pickle.dumps(KeyFrames.annotated([video]))) < 60 * 10_000


def test_boxes_past_the_end_of_a_video_are_left_out_and_do_not_reach_the_next_one():
    videos = [
        AnnotatedVideo("short", "s.mp4", 3, (320, 240), (Tube(0, 1, boxes(4, 0.1)),)),
        AnnotatedVideo("next", "n.mp4", 4, (320, 240), (Tube(1, 2, boxes(5, 0.2)),)),
    ]
    keys = KeyFrames.every_frame(videos)
    found = [(key.video, key.frame, key.labels.tolist(), key.boxes_norm[:, 0].tolist()) for key in keys]
    a, b = pytest.approx([0.1]), pytest.approx([0.2])
    assert found == [
        ("short", 0, [], []), ("short", 1, [0], a), ("short", 2, [0], a),
        ("next", 0, [], []), ("next", 1, [], []), ("next", 2, [1], b), ("next", 3, [1], b),
    ]  # fmt: skip
    assert sum(len(positions) for positions in keys.positions_of_classes()) == 4
