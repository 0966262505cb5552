import pytest
import torch

from tests.inference.scenes import found_on
from tests.inference.watching.test_watch import HOW, Network, Source
from yowo.inference.stream_meter import StreamMeter
from yowo.inference.watching.two_passes import SeenBefore
from yowo.inference.watching.watch import seen_frames
from yowo.tubes.linkers import make_linker


@pytest.mark.parametrize("stride", [1, 3])
def test_frames_come_again_with_what_was_found_and_tubes_are_linked_of_all(stride):
    how, meter = HOW._replace(stride=stride), StreamMeter()
    with SeenBefore() as before:
        for seen in seen_frames(Source(), Network(), how, meter):
            before.add(seen, how)
        tubes = before.tubes(make_linker("trimmed"), 1)
        assert len(tubes) == 2 and {len(tube.boxes) for tube in tubes} == {-(-33 // stride)}
        again = list(before.again(Source(), 4, meter))
    assert [seen.frame for seen in again] == [seen.picture[0, 0, 0] for seen in again] == list(range(33))
    assert [round(seen.seconds * 25) for seen in again] == list(range(33))
    for seen in again:
        assert (seen.found is not None) == (seen.frame % stride == 0)
        if seen.found is not None:
            assert all(torch.equal(value, found_on(seen.frame)[name]) for name, value in seen.found.items())


def test_the_second_pass_ends_where_the_first_did():
    with SeenBefore() as before:
        for seen, _ in zip(seen_frames(Source(), Network(), HOW, StreamMeter()), range(11), strict=False):
            before.add(seen, HOW)
        source = Source()
        assert len(list(before.again(source, 8, StreamMeter()))) == 11 and source.asked == [8, 3]


def test_nothing_gives_no_tubes():
    with SeenBefore() as before:
        assert before.tubes(make_linker("trimmed"), 1) == [] and list(before.again(Source(0), 8, StreamMeter())) == []
