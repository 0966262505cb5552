import os
import signal
import time

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from tests.make_data import pictures, write_video
from yowo.contracts import Tube
from yowo.data.breadcrumbs import CUT_OFF, Breadcrumbs
from yowo.data.dataset import ClipDataset, collate
from yowo.data.key_frames import AnnotatedVideo, KeyFrames
from yowo.errors import VideoError

FATAL = 5
DEATH = r"DataLoader worker \(pid|Connection|No such file|^$"

pytestmark = pytest.mark.slow


class Killed(ClipDataset):
    """Its worker is killed at one sample, as by the system when memory runs out."""

    def _frames(self, key, indices):
        if key.frame == FATAL:
            os.kill(os.getpid(), signal.SIGKILL)
        return super()._frames(key, indices)


class Broken(ClipDataset):
    """A decoder raises something of its own at one sample."""

    def _frames(self, key, indices):
        if key.frame == FATAL:
            raise MemoryError("no room")
        return super()._frames(key, indices)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    path = tmp_path_factory.mktemp("clips") / "v.avi"
    write_video(path, pictures(8, 0))
    tube = Tube(1, 0, np.full((8, 4), 0.25, dtype=np.float32))
    return KeyFrames.annotated([AnnotatedVideo("Diving/v", str(path), 8, (320, 240), (tube,))])


def load(dataset, start):
    loader = DataLoader(dataset, 2, num_workers=1, collate_fn=collate, multiprocessing_context=start)
    return [position for batch in loader for position in batch.positions]


def load_until_killed(dataset, start):
    try:
        load(dataset, start)
    except CUT_OFF:
        time.sleep(
            1
        )  # torch's signal handler tells of the worker too, at any moment: here, and not while it is compared
        raise


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_a_killed_worker_is_told_by_the_sample_it_was_on(keys, start):
    dataset = Killed(keys, 4)
    with pytest.raises((RuntimeError, *CUT_OFF), match=DEATH) as caught:
        load_until_killed(dataset, start)
    told = dataset.killed_on(caught.value)
    assert told == f"video Diving/v, key frame {FATAL} (counted from 0): {keys[0].path}"


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_an_error_in_a_worker_names_video_frame_and_file_in_one_line(keys, start):
    message = rf"^video Diving/v, key frame {FATAL} .* cannot be read: .*v\.avi: MemoryError: no room \(in DataLoader"
    with pytest.raises(VideoError, match=message):
        load(Broken(keys, 4), start)


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_readers_are_opened_in_workers_however_these_start(keys, start):
    dataset = ClipDataset(keys, 4)
    assert dataset[0].frames.shape == dataset[7].frames.shape == (4, 3, 48, 64)
    assert load(dataset, start) == list(range(8))


def test_the_main_process_is_told_only_while_it_reads():
    trace = Breadcrumbs()
    trace.leave(3)
    time.sleep(0.02)
    process, position, seconds = trace.reading()[0]
    assert (process, position) == (os.getpid(), 3) and 0.01 < seconds < 60
    assert trace.last_of_killed(ConnectionResetError()) == []
    trace.finish()
    assert trace.reading() == []


def test_other_errors_leave_no_trace():
    trace = Breadcrumbs()
    trace._table[1] = torch.tensor([77, 9, 1, 0])
    assert trace.last_of_killed(ValueError("pid 77")) == []
    assert trace.last_of_killed(RuntimeError("DataLoader worker (pid(s) 12, 77) exited unexpectedly")) == [9]


def test_a_connection_that_breaks_is_told_by_the_dead_worker_that_was_at_a_sample(keys):
    dataset = Killed(keys, 4)
    with pytest.raises((RuntimeError, *CUT_OFF), match=DEATH):
        load_until_killed(dataset, "fork")
    told = f"video Diving/v, key frame {FATAL} (counted from 0): {keys[0].path}"
    assert dataset.killed_on(ConnectionResetError(104, "Connection reset by peer")) == told
    assert dataset.killed_on(EOFError()) == told


def test_workers_that_ended_well_are_not_blamed(keys):
    dataset = ClipDataset(keys, 4)
    load(dataset, "fork")
    assert not dataset.killed_on(ConnectionResetError(104, "Connection reset by peer"))
