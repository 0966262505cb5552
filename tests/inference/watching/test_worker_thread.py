import _thread
import threading
import time

import pytest

from yowo.inference.watching import worker_thread
from yowo.inference.watching.worker_thread import WorkerThread


def test_items_are_worked_off_in_order_in_another_thread():
    done, threads = [], set()

    def work(item):
        threads.add(threading.get_ident())
        done.append(item)

    with WorkerThread(work, lambda: done.append("end"), room=1) as worker:
        for item in range(20):
            worker.give(item)
    assert done == [*range(20), "end"] and len(threads) == 1 and threading.get_ident() not in threads


def test_no_more_items_wait_than_there_is_room_for():
    going, given = threading.Event(), []
    with WorkerThread(lambda item: going.wait(), lambda: None, room=2) as worker:

        def give():
            for item in range(9):
                worker.give(item)
                given.append(item)

        giver = threading.Thread(target=give)
        giver.start()
        giver.join(0.3)
        assert len(given) == 3  # one is worked on, two wait
        going.set()
        giver.join()
    assert len(given) == 9


def test_an_error_of_the_thread_is_raised_where_items_are_given_and_the_end_is_reached(monkeypatch):
    monkeypatch.setattr(worker_thread, "PATIENCE", 0.01)
    ended = []

    def work(item):
        raise OSError(f"disk full at {item}")

    with pytest.raises(OSError, match="disk full at 0"), WorkerThread(work, lambda: ended.append(1), room=1) as worker:
        for item in range(1000):
            worker.give(item)
            time.sleep(0.01)
    assert ended == [1]


def test_an_error_of_the_last_item_or_of_the_end_is_raised_too():
    def fail(*_):
        raise ValueError("cannot be completed")

    with pytest.raises(ValueError, match="cannot be completed"), WorkerThread(fail, lambda: None) as worker:
        worker.give(1)
    with pytest.raises(ValueError, match="cannot be completed"), WorkerThread(lambda item: None, fail) as worker:
        worker.give(1)


def test_an_error_of_the_block_goes_on_when_what_was_given_is_done():
    done = []
    worker = WorkerThread(done.append, lambda: done.append("end"))
    with pytest.raises(KeyError, match="gone"), worker:
        worker.give(1)
        raise KeyError("gone")
    assert done == [1, "end"]


def test_an_interruption_while_the_rest_is_worked_off_does_not_cut_it():
    done = []

    def slow(item):
        if item == 0:
            _thread.interrupt_main()  # as Ctrl-C
        time.sleep(0.05)
        done.append(item)

    with (
        pytest.raises(KeyboardInterrupt, match=r"^$"),
        WorkerThread(slow, lambda: done.append("end"), room=4) as worker,
    ):
        for item in range(3):
            worker.give(item)
    assert done[-1] == "end" and done[:-1] == list(range(len(done) - 1))
