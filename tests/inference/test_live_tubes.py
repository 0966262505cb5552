import numpy as np
import pytest

from tests.inference.scenes import boxes_of, found_on, picture_of
from yowo.errors import YowoError
from yowo.inference.frame_tracks import CurrentTracks
from yowo.inference.live_tubes import LiveTubes
from yowo.tubes.linkers import make_linker


class Network:
    """Finds the people of the scene, and notes what it is asked."""

    def __init__(self):
        self.wanted, self.resets = [], 0

    def add(self, pictures, wanted):
        assert pictures.shape[1:] == (240, 320, 3) and len(pictures) == 1
        self.wanted += wanted
        return [found_on(len(self.wanted) - 1) if wanted[0] else None]

    def reset(self):
        self.wanted, self.resets = [], self.resets + 1


def live(stride=1):
    network = Network()
    linker = make_linker("online", max_delay=10)
    return LiveTubes(network, lambda: CurrentTracks(linker, 1, stride), ["walk"], 0.3, stride), network


def test_each_frame_gives_its_tubes_at_once_with_numbers_that_stay():
    detector, _ = live()
    found = [detector.step(picture_of(frame)) for frame in range(30)]
    assert found[0] == [] and len(found[-1]) == 2 and detector.frame == 30
    assert {(tube.number, tube.person) for tubes in found for tube in tubes} == {(1, 1), (2, 2)}
    tube = next(tube for tube in found[-1] if tube.number == 1)
    assert (tube.label, tube.name, tube.start) == (0, "walk", 0) and tube.score == pytest.approx(0.9)
    assert any(np.allclose(tube.box, box, atol=1e-3) for box in boxes_of(29)[:2])


def test_tubes_stay_in_place_on_frames_that_the_network_does_not_see():
    detector, network = live(stride=3)
    found = [detector.step(picture_of(frame)) for frame in range(30)]
    assert network.wanted == [frame % 3 == 0 for frame in range(30)]
    assert found[27] == found[28] == found[29] and len(found[27]) == 2
    assert {tube.start for tube in found[27]} == {0}


def test_results_hold_frame_picture_and_detections():
    detector, _ = live()
    picture = picture_of(0)
    first = detector.result(picture)
    assert first.picture is picture and first.frame == 0 and len(first.detections["boxes"]) == 2


def test_another_source_begins_anew():
    detector, network = live()
    for frame in range(12):
        detector.step(picture_of(frame))
    detector.reset()
    assert network.resets == 1 and detector.frame == 0 and detector.step(picture_of(0)) == []


@pytest.mark.parametrize(
    "frame", [np.zeros((240, 320), np.uint8), np.zeros((240, 320, 4), np.uint8), np.zeros((240, 320, 3)), [[1]]]
)
def test_what_is_no_picture_is_told(frame):
    with pytest.raises(YowoError, match=r"^frame 0: expected uint8 \[H, W, 3\], got "):
        live()[0].step(frame)


def test_a_frame_of_another_size_is_told():
    detector, _ = live()
    detector.step(picture_of(0))
    with pytest.raises(
        YowoError, match=r"^frame 1: expected the size of the frames before, \[240, 320, 3\], got \[8, 8"
    ):
        detector.step(np.zeros((8, 8, 3), np.uint8))
