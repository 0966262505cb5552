import numpy as np
import pytest

from tests.inference.scenes import GHOST, boxes_of, scene
from yowo.inference.frame_tracks import CurrentTracks, FinalTracks, LinkedTracks
from yowo.inference.tracks import NO_TRACK
from yowo.tubes.linkers import make_linker
from yowo.tubes.linking import VideoDetections

FRAMES, DELAY = 40, 10
ONLINE = make_linker("online", max_delay=DELAY)


def passed(tracks, stride=1, frames=FRAMES, multi_hot=False):
    """All frames, and how many came back with each."""
    done, came = [], []
    for frame in range(frames):
        result, rows = scene(frame, multi_hot)
        some = tracks.add(result, rows if frame % stride == 0 else None)
        came.append(len(some))
        done += some
    done += tracks.finish()
    assert [one.result.frame for one in done] == list(range(frames))
    assert [one.result.picture[0, 0, 0] for one in done] == list(range(frames))
    return done, came


def linked(stride=1, frames=FRAMES):
    """A linker of whole videos on the frames that the network saw."""
    rows = [scene(frame)[1] for frame in range(0, frames, stride)]
    counts = [len(one.labels) for one in rows]
    every = VideoDetections(
        np.repeat(np.arange(len(rows)), counts),
        *(np.concatenate([getattr(one, name) for one in rows]) for name in ("labels", "scores", "boxes_xyxy")),
        num_frames=len(rows),
    )
    return LinkedTracks(make_linker("trimmed")(every, 1), 1)


def test_final_tubes_come_a_bounded_time_later_and_every_frame_comes_once():
    tracks = FinalTracks(ONLINE, 1)
    done, came = passed(tracks)
    assert came == [0] * DELAY + [1] * (FRAMES - DELAY)
    assert {tuple(one.tracks[:2]) for one in done} == {tuple(done[5].tracks[:2])}
    assert sorted(done[5].tracks.tolist()) == [1, 2] and sorted(done[5].people.tolist()) == [1, 2]
    assert done[GHOST].tracks[2] == done[GHOST].people[2] == NO_TRACK
    assert (tracks.tubes, tracks.people) == (2, 2)


def test_current_tubes_come_at_once_with_the_numbers_of_the_final_ones():
    tracks = CurrentTracks(ONLINE, 1)
    done, came = passed(tracks)
    assert came == [1] * FRAMES and tracks.finish() == []
    assert sorted(done[-1].tracks.tolist()) == [1, 2] and not done[0].tracks.any()
    assert len({tuple(one.tracks[:2]) for one in done if one.tracks[:2].all()}) == 1
    assert {number: tube.start for number, tube in tracks.current.items()} == {1: 0, 2: 0}


def test_a_linker_of_whole_videos_gives_its_tubes_on_a_second_pass():
    tracks = linked()
    done, came = passed(tracks)
    assert came == [1] * FRAMES and {tuple(one.tracks[:2]) for one in done} == {tuple(done[0].tracks)}
    assert sorted(done[0].tracks.tolist()) == [1, 2] and done[GHOST].tracks[2] == NO_TRACK


@pytest.mark.parametrize("make", [lambda stride: FinalTracks(ONLINE, 1, stride), linked])
@pytest.mark.parametrize(("stride", "frames"), [(2, 40), (3, 41), (5, 39)])
def test_tubes_are_carried_over_frames_that_the_network_did_not_see(make, stride, frames):
    done, _ = passed(make(stride), stride, frames)
    last = (frames - 1) // stride * stride
    for one in done:
        frame = min(one.result.frame, last)
        assert sorted(one.tracks[one.tracks > 0].tolist()) == [1, 2]
        by_x = one.rows.boxes_xyxy[one.tracks > 0][np.argsort(one.tracks[one.tracks > 0])]
        true = boxes_of(frame)[:2]
        near = min(np.abs(by_x - true).max(), np.abs(by_x[::-1] - true).max())
        assert near < 1e-3, "people walk evenly, so the way between two seen frames is known"
        assert len(one.result.detections["boxes"]) == len(one.rows.labels)


def test_frames_that_wait_are_bounded_by_the_delay_and_the_stride():
    tracks = FinalTracks(make_linker("online"), 1, 4)
    _, came = passed(tracks, 4, 200)
    waiting = np.arange(1, 201) - np.cumsum(came)
    assert waiting.max() <= 6 * 4 + 4


def test_live_tubes_stay_in_place_between_frames_that_the_network_sees():
    done, came = passed(CurrentTracks(ONLINE, 1, 4), 4)
    assert came == [1] * FRAMES
    assert done[37].rows.boxes_xyxy.tolist() == done[38].rows.boxes_xyxy.tolist()
    assert sorted(done[37].tracks.tolist()) == [1, 2]
    np.testing.assert_allclose(np.sort(done[37].rows.boxes_xyxy[:, 0]), np.sort(boxes_of(36)[:, 0]))


@pytest.mark.parametrize("stride", [1, 3])
def test_the_actions_of_a_person_have_a_tube_each_and_one_person(stride):
    tracks = FinalTracks(ONLINE, 3, stride)
    done, _ = passed(tracks, stride, multi_hot=True)
    assert tracks.tubes == 4 and tracks.people == 2
    for one in done[:37]:
        acting = one.tracks > 0
        assert len(set(one.tracks[acting].tolist())) == 4
        for person in (1, 2):
            assert len(set(one.rows.owners[one.people == person].tolist())) == 1
        assert one.result.detections["scores"].shape[1] == 3


def test_frames_without_any_detection_pass():
    empty = scene(0)[1]
    empty = empty._replace(**{name: getattr(empty, name)[:0] for name in empty._fields})
    for tracks in (FinalTracks(ONLINE, 1, 2), CurrentTracks(ONLINE, 1, 2), LinkedTracks([], 1)):
        done = [one for frame in range(5) for one in tracks.add(scene(frame)[0], None if frame % 2 else empty)]
        done += tracks.finish()
        assert [one.result.frame for one in done] == list(range(5)) and tracks.tubes == tracks.people == 0


@pytest.mark.parametrize("make", [lambda: FinalTracks(ONLINE, 1), linked])
def test_a_frame_tells_its_tubes_with_the_boxes_of_the_linker(make):
    done, _ = passed(make())
    for one in done[:-1]:
        people = dict(zip(one.tracks.tolist(), one.people.tolist(), strict=True))
        assert sorted(tube.track for tube in one.tubes) == [1, 2]
        for tube in one.tubes:
            assert tube.person == people[tube.track] and tube.label == 0 and tube.score > 0
            row = one.rows.boxes_xyxy[one.tracks.tolist().index(tube.track)]
            assert np.abs(np.array(tube.box) - row).max() < 10
