import numpy as np
import torch

from yowo.inference.streaming import FrameResult
from yowo.inference.tracks import NO_TRACK, FrameRows, FrameTracks, tracks_of
from yowo.tubes.linkers import make_linker

FRAMES, DELAY = 40, 10


def scene(frame):
    """Two people who walk apart, and a box that is there once."""
    boxes = [[10 + frame, 10, 40 + frame, 90], [200 - frame, 10, 230 - frame, 90]]
    boxes += [[100, 200, 120, 240]] if frame == 20 else []
    count = len(boxes)
    nothing = {"boxes": torch.zeros(0, 4), "scores": torch.zeros(0), "labels": torch.zeros(0, dtype=torch.int64)}
    rows = FrameRows(
        np.array(boxes, np.float32), np.full(count, 0.9, np.float32), np.zeros(count, np.int64), np.arange(count)
    )
    return FrameResult(frame, np.zeros((4, 4, 3), np.uint8), nothing), rows


def tracked(linker):
    tracks = FrameTracks(linker, num_classes=1)
    came = [[done.result.frame for done in tracks.add(*scene(frame))] for frame in range(FRAMES)]
    return tracks, came


def test_online_tracks_come_a_bounded_time_later_and_every_frame_comes_once():
    tracks = FrameTracks(make_linker("online", max_delay=DELAY), num_classes=1)
    done = []
    for frame in range(FRAMES):
        done += tracks.add(*scene(frame))
        assert len(done) == max(0, frame + 1 - DELAY)
    done += tracks.finish()
    assert [one.result.frame for one in done] == list(range(FRAMES))
    assert {tuple(one.tracks[:2]) for one in done} == {tuple(done[5].tracks[:2])}
    assert len(set(done[5].tracks.tolist())) == 2 and NO_TRACK not in done[5].tracks
    assert done[20].tracks[2] == NO_TRACK and tracks.count == 2 and tracks.later() == []


def test_a_linker_of_whole_videos_gives_its_tracks_in_the_end():
    tracks, came = tracked(make_linker("trimmed"))
    assert came == [[frame] for frame in range(FRAMES)] and tracks.finish() == []
    found = tracks.later()
    assert len(found) == FRAMES and {tuple(numbers[:2]) for _, numbers in found} == {tuple(found[0][1])}
    assert sorted(found[0][1].tolist()) == [1, 2] and found[20][1][2] == NO_TRACK


def test_a_tube_goes_to_one_detection_of_its_class():
    box = np.array([10, 10, 30, 30], np.float32)
    rows = FrameRows(np.stack([box + 1, box, box]), np.ones(3, np.float32), np.array([0, 0, 1]), np.arange(3))
    assert tracks_of(rows, [(4, 0, box)]).tolist() == [NO_TRACK, 4, NO_TRACK]
    assert tracks_of(rows, []).tolist() == [NO_TRACK] * 3
