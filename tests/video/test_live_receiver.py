import time
from types import SimpleNamespace

import av
import pytest

from yowo.errors import ConfigError, VideoError
from yowo.video import live_receiver
from yowo.video.live_address import Opening
from yowo.video.live_connection import Picture
from yowo.video.live_receiver import LivePolicy, LiveReceiver

FRAME = SimpleNamespace(width=64, height=48)
LOST = av.ConnectionResetError(104, "Connection reset by peer", "rtsp://me:pw@host")
REFUSED = av.ConnectionRefusedError(111, "Connection refused", "rtsp://me:pw@host")


@pytest.fixture
def receive(monkeypatch):
    """Receives what is made up: for each connection an error, or a list of stamps that may end with one."""
    made = []
    monkeypatch.setattr(live_receiver, "FIRST_DELAY", 0.0)
    monkeypatch.setattr(live_receiver, "opening", lambda *given: Opening("x", None, {}, interruptible=True))

    def start(*plans, address="rtsp://me:pw@host/1", finite=(), tables=False, **policy):
        waiting = list(plans)

        class Connection:
            fps, codec, stamped, piecewise, damaged = 25.0, "h264", True, tables, 0

            def __init__(self, opened, patience):
                self.number, self.plan = len(plans) - len(waiting), waiting.pop(0) if waiting else REFUSED
                if isinstance(self.plan, Exception):
                    raise self.plan
                self.finite = self.number in finite

            def pictures(self):
                for stamp in self.plan:
                    if isinstance(stamp, Exception):
                        raise stamp
                    if stamp is None:
                        self.damaged += 1
                    else:
                        yield Picture(FRAME, stamp)

            def __enter__(self):
                return self

            def __exit__(self, *error):
                pass

        monkeypatch.setattr(live_receiver, "LiveConnection", Connection)
        made.append(LiveReceiver(address, LivePolicy(**policy), {}))
        return made[-1]

    yield start
    for one in made:
        one.close()


def stamps(receiver):
    found = []
    while got := receiver.queue.get():
        found.append((got[0].connection, got[0].stamp))
    return found


def test_a_recording_is_read_to_its_end_and_nothing_is_left_out(receive):
    receiver = receive(list(range(900)), finite=(0,))
    receiver.queue.first()
    assert not receiver.live
    time.sleep(0.25)  # longer than a frame of a live source may wait
    assert len(stamps(receiver)) == 900 and receiver.queue.dropped == 0


def test_a_stream_that_breaks_off_is_connected_again(receive, caplog):
    receiver = receive([1, 2, LOST], REFUSED, REFUSED, [5, None], [7], reconnect=3, latency="none")
    seen = []
    with pytest.raises(
        VideoError, match=r"^rtsp://me:\*\*\*@host/1: broke off after 4 frames, and 3 attempts to .* fail"
    ):
        while got := receiver.queue.get():
            seen.append((got[0].connection, got[0].stamp))
    assert seen == [(0, 1), (0, 2), (3, 5), (4, 7)] and receiver.damaged == 1
    words = [record.getMessage() for record in caplog.records]
    assert "lost (Connection reset by peer); connecting again in 0 s (attempt 1 of 3)" in words[0]
    assert "lost (Connection refused)" in words[1] and "attempt 2 of 3" in words[1]
    assert any("connected again after 0 s" in one for one in words) and not any("pw" in one for one in words)


def test_attempts_without_a_limit_go_on(receive, monkeypatch):
    monkeypatch.setattr(live_receiver.log, "warning", lambda *words: None)
    assert stamps(receive([1], *[REFUSED] * 1100, [2], *[REFUSED] * 5, [], finite=(1107,), reconnect=None)) == [
        (0, 1),
        (1101, 2),
    ]


@pytest.mark.parametrize("error", [REFUSED, VideoError("it holds no pictures")])
def test_what_was_never_there_is_not_waited_for(receive, error):
    with pytest.raises(
        VideoError, match=r"cannot be opened \((Connection refused|it holds no pictures)\); check the add"
    ):
        stamps(receive(error, [1]))
    with pytest.raises(VideoError, match=r"cannot be opened \(the stream ended\); check the address$"):
        stamps(receive([], [1]))


def test_without_attempts_an_end_is_an_end_and_a_break_an_error(receive):
    assert len(stamps(receive([1, 2], [3], reconnect=0))) == 2
    with pytest.raises(VideoError, match=r"broke off after 2 frames \(Connection reset by peer\)$"):
        stamps(receive([1, 2, LOST], [3], reconnect=0))


def test_standard_input_ends_when_it_ends(receive):
    assert len(stamps(receive([1, 2], [3], address="-"))) == 2


def test_a_stream_that_has_become_a_recording_of_itself_is_not_read_again(receive):
    assert stamps(receive([1, 2], [1, 2, 3], finite=(1,))) == [(0, 1), (0, 2)]


def test_a_playlist_that_does_not_grow_any_more_is_not_read_again_and_again(receive):
    again = [4.0, 5.0, 6.0]
    receiver = receive(
        [*again, 7.0], [*again, 7.0, 8.0], *[[*again, 7.0, 8.0]] * 9, tables=True, reconnect=2, latency="none"
    )
    seen = []
    with pytest.raises(VideoError, match=r"broke off after 5 frames, and 2 attempts .* \(the stream ended\)"):
        while got := receiver.queue.get():
            seen.append(got[0].stamp)
    assert seen == [4.0, 5.0, 6.0, 7.0, 8.0]
    receiver = receive([1000.0], [1.0, 2.0], tables=True, reconnect=2, latency="none", finite=(2,))
    assert [receiver.queue.get()[0].stamp for _ in range(3)] == [1000.0, 1.0, 2.0]


def test_a_broken_recording_is_an_error_after_its_frames(receive):
    receiver = receive([1, 2, LOST], [1], finite=(0,))
    assert [receiver.queue.get(), receiver.queue.get()][1][0].stamp == 2
    with pytest.raises(VideoError, match="broke off after 2 frames"):
        receiver.queue.get()


def test_frames_that_nobody_reads_in_time_are_dropped_only_with_low_latency(receive, monkeypatch):
    monkeypatch.setattr(live_receiver, "FIRST_DELAY", 60.0)
    for latency, dropped in (("low", True), ("none", False)):
        receiver = receive(list(range(200)), [LOST], reconnect=None, latency=latency)
        receiver.queue.first()
        time.sleep(0.25)
        receiver.queue.get()
        assert bool(receiver.queue.dropped) == dropped
        receiver.close()


def test_a_mistake_of_the_program_ends_the_wait(receive):
    with pytest.raises(VideoError, match=r"rtsp://me:\*\*\*@host/1: ZeroDivisionError: oh"):
        stamps(receive([1, ZeroDivisionError("oh")]))


@pytest.fixture
def silent(receive, monkeypatch):
    """Receives from a device that has given nothing for 9 seconds."""
    monkeypatch.setattr(live_receiver, "FIRST_DELAY", 60.0)

    def start(address):
        receiver = receive([1], address=address, timeout=0.5)
        assert receiver.queue.get()
        while address != "-" and not receiver._pausing:
            time.sleep(0.01)
        receiver._opening = Opening("x", None, {}, interruptible=False)
        receiver.waiting()
        receiver._heard = time.monotonic() - 9
        return receiver

    return start


def test_a_camera_that_gives_nothing_is_an_error_unless_it_is_to_be_opened_again(silent):
    receiver = silent("camera:0")
    receiver.waiting()
    receiver._pausing = False
    with pytest.raises(
        VideoError, match=r"camera:0: nothing came for 0\.5 seconds; check whether another program uses it"
    ):
        receiver.waiting()


def test_a_silent_pipe_is_told_once(silent, caplog):
    receiver = silent("-")
    receiver.waiting()
    receiver.waiting()
    assert [one.getMessage() for one in caplog.records] == ["standard input: nothing came for 0.5 seconds; waiting"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"latency": "high"}, "latency: expected low or none, got high"),
        ({"transport": "ip"}, r"reader\.transport: expected tcp or udp, got ip"),
        ({"timeout": 0}, r"reader\.timeout: expected a number of seconds above 0, got 0"),
        ({"timeout": True}, r"reader\.timeout: expected a number"),
        ({"reconnect": -1}, r"reader\.reconnect: expected a number of attempts of at least 0, or null, got -1"),
        ({"reconnect": 1.5}, r"reader\.reconnect: expected"),
    ],
)
def test_a_policy_that_is_not_possible_is_told_by_its_key(given, words):
    LivePolicy().check()
    with pytest.raises(ConfigError, match=words):
        LivePolicy(**given).check()
