import threading
from time import monotonic

import pytest

from yowo.errors import VideoError
from yowo.video import frame_queue
from yowo.video.frame_queue import FrameQueue


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is moved."""
    now = [0.0]
    monkeypatch.setattr(frame_queue, "monotonic", lambda: now[0])
    return now


def test_items_come_in_order_and_nothing_is_left_out_however_slow_the_reader_is():
    queue = FrameQueue[int](3)
    largest = []

    def write():
        for number in range(50):
            queue.put(number)
            largest.append(len(queue._items))
        queue.end()

    writer = threading.Thread(target=write)
    writer.start()
    seen = []
    while got := queue.get(4, whole=True):
        seen.append(got)
    writer.join()
    assert [one for got in seen for one in got] == list(range(50)) and [len(got) for got in seen] == [4] * 12 + [2]
    assert max(largest) <= 3 and queue.dropped == 0


def test_a_reader_that_is_behind_gets_the_newest_and_the_others_are_counted(clock):
    queue = FrameQueue[int](9, late=0.1)
    for number in range(4):
        queue.put(number)
    assert queue.get() == [0]  # a burst that is read in time is kept
    clock[0] = 0.2
    queue.put(4)
    assert queue.get() == [4] and queue.dropped == 3
    queue.put(5)
    clock[0] = 9.0
    assert queue.get(3) == [5] and queue.dropped == 3  # the newest is taken, however old


def test_a_full_queue_of_a_live_source_leaves_out_the_oldest(clock):
    queue = FrameQueue[int](2, late=0.1)
    for number in range(5):
        queue.put(number)
    assert queue.get(5) == [3, 4] and queue.dropped == 3


def test_what_has_come_is_read_before_the_error_that_ended_it():
    queue = FrameQueue[int](9)
    queue.put(1)
    queue.end(VideoError("broken"))
    assert queue.first() == 1 and queue.get(5, whole=True) == [1]
    assert queue.get(raising=False) == []
    for _ in range(2):
        with pytest.raises(VideoError, match="broken"):
            queue.get()
    with pytest.raises(VideoError, match="broken"):
        queue.first()


def test_closing_frees_a_writer_that_waits_and_a_reader_that_waits():
    queue = FrameQueue[int](1)
    assert queue.put(0)
    answers = []
    writer = threading.Thread(target=lambda: answers.append(queue.put(1)))
    writer.start()
    queue.close()
    writer.join(5)
    assert answers == [False] and queue.get() == [] and queue.first() is None
    empty = FrameQueue[int](1)
    reader = threading.Thread(target=lambda: answers.append(empty.get()))
    reader.start()
    empty.close()
    reader.join(5)
    assert answers == [False, []]


def test_a_waiting_reader_can_give_up(monkeypatch):
    monkeypatch.setattr(frame_queue, "TICK", 0.01)
    calls = []

    def waiting():
        calls.append(monotonic())
        if len(calls) == 3:
            raise VideoError("nothing came")

    with pytest.raises(VideoError, match="nothing came"):
        FrameQueue[int](1).get(waiting=waiting)
    assert len(calls) == 3
