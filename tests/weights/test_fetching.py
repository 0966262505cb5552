import dataclasses
import hashlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch

from tests.foreign_weights import foreign, small_shufflenet
from yowo.errors import WeightsError
from yowo.weights.fetching import fetch
from yowo.weights.loading import load_weights
from yowo.weights.registry import Published, published

WEIGHTS = Published("small", "small.pth", "", "backbone3d", "backbone3d=shufflenetv2_0.25x", "a test")


class Server:
    """Serves one file; can stop halfway, ignore ranges, answer with an error or a web page."""

    def __init__(self, data):
        self.data, self.ranges, self.stop_after, self.takes_ranges, self.status = data, [], None, True, 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                wanted = self.headers.get("Range")
                outer.ranges.append(wanted)
                if outer.status != 200:
                    self.send_error(outer.status)
                    return
                start = int(wanted[6:-1]) if wanted and outer.takes_ranges else 0
                if start and start >= len(outer.data):
                    self.send_error(416)
                    return
                body = outer.data[start:]
                self.send_response(206 if start else 200)
                if start:
                    self.send_header("Content-Range", f"bytes {start}-{len(outer.data) - 1}/{len(outer.data)}")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: outer.stop_after])

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/small.pth"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("source") / "k.pth"
    torch.save({"state_dict": foreign(small_shufflenet(1), "yowo_nano_ucf24", "backbone3d", "module.")}, path)
    return path.read_bytes()


@pytest.fixture
def server(data, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    made = Server(data)
    yield made
    made.http.shutdown()
    made.http.server_close()


def at(server, **changes):
    return dataclasses.replace(WEIGHTS, url=server.url, **changes)


def test_a_file_arrives_whole_and_loads(server, data, tmp_path):
    seen = []
    path = fetch(
        at(server, size=len(data), sha256=hashlib.sha256(data).hexdigest()),
        tmp_path / "w",
        lambda *now: seen.append(now),
    )
    assert path == tmp_path / "w" / "small.pth" and path.read_bytes() == data
    assert seen[-1] == (len(data), len(data)) and not list(path.parent.glob("*.part"))
    fetch(at(server, sha256=hashlib.sha256(data).hexdigest()[:8]), tmp_path / "w", lambda *_: None)  # as in file names
    net = small_shufflenet(2)
    load_weights(net, path)
    assert torch.equal(net.conv1[0].weight, small_shufflenet(1).conv1[0].weight)


def test_a_download_goes_on_where_it_stopped(server, data, tmp_path):
    server.stop_after = 100_000
    with pytest.raises(
        WeightsError,
        match=rf"small: the download was interrupted after 100,000 of {len(data):,} bytes .*again to resume",
    ):
        fetch(at(server), tmp_path, lambda *_: None)
    assert (tmp_path / "small.pth.part").stat().st_size == 100_000 and not (tmp_path / "small.pth").exists()
    server.stop_after = None
    assert fetch(at(server), tmp_path, lambda *_: None).read_bytes() == data
    assert server.ranges == [None, "bytes=100000-"]


def test_a_server_without_ranges_starts_over(server, data, tmp_path):
    (tmp_path / "small.pth.part").write_bytes(b"rubbish")
    server.takes_ranges = False
    assert fetch(at(server), tmp_path, lambda *_: None).read_bytes() == data


def test_a_part_that_is_already_whole_gets_its_name(server, data, tmp_path):
    (tmp_path / "small.pth.part").write_bytes(data)
    assert fetch(at(server), tmp_path, lambda *_: None).read_bytes() == data


def test_a_file_that_is_there_is_checked_and_not_fetched(server, data, tmp_path):
    (tmp_path / "small.pth").write_bytes(data)
    assert fetch(at(server), tmp_path, lambda *_: None) == tmp_path / "small.pth" and not server.ranges
    (tmp_path / "small.pth").write_bytes(data[:-9])
    with pytest.raises(WeightsError, match=r"small\.pth: incomplete PyTorch file"):
        fetch(at(server), tmp_path, lambda *_: None)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"size": 5}, r"expected 5 bytes, got .*; remove the file"),
        ({"sha256": "0" * 64}, r"its SHA-256 checksum is not that of small\.pth"),
        ({"part": "backbone2d"}, r"expected small \(a backbone2d\), got a 3D ShuffleNet-v2 \(Kinetics\)"),
    ],
)
def test_what_is_not_the_published_file_does_not_get_its_name(server, tmp_path, changes, words):
    with pytest.raises(WeightsError, match=words):
        fetch(at(server, **changes), tmp_path, lambda *_: None)
    assert not list(tmp_path.iterdir())


def test_a_web_page_in_place_of_the_file_is_named(server, tmp_path):
    server.data = b"<html>please confirm</html>"
    with pytest.raises(WeightsError, match=r"a web page, not weights"):
        fetch(at(server), tmp_path, lambda *_: None)
    assert not list(tmp_path.iterdir())


def test_changed_bytes_are_noticed(server, data, tmp_path):
    middle = len(data) // 2
    server.data = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
    with pytest.raises(WeightsError, match=r"damaged \(in|has NaN|incomplete or damaged"):
        fetch(at(server), tmp_path, lambda *_: None)
    assert not list(tmp_path.iterdir())


def test_a_server_that_has_no_such_file_says_so(server, tmp_path):
    server.status = 404
    with pytest.raises(WeightsError, match=r"small\.pth: the server answered 404 Not Found"):
        fetch(at(server), tmp_path, lambda *_: None)


def test_without_a_network_there_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/small.pth"
    with pytest.raises(WeightsError, match=r"small: 127\.0\.0\.1:\d+ cannot be reached \(.*copy it to") as caught:
        fetch(dataclasses.replace(WEIGHTS, url=url), tmp_path / "w", lambda *_: None)
    assert "\n" not in str(caught.value) and not list(tmp_path.iterdir())


def test_shared_folders_are_left_to_a_browser(tmp_path):
    chosen = dataclasses.replace(WEIGHTS, url="https://example.org/folder", by_hand="it is in a shared folder")
    with pytest.raises(
        WeightsError, match=r"small: .* is in a shared folder; download small\.pth from https://example"
    ):
        fetch(chosen, tmp_path, lambda *_: None)


def test_yolov8s_weights_are_the_users_to_download(tmp_path):
    with pytest.raises(
        WeightsError, match=r"yolov8_n_coco: .* AGPL-3\.0, which is yours to accept; download v8_n\.pth"
    ):
        fetch(published("yolov8_n_coco"), tmp_path, lambda *_: None)


def test_a_place_that_cannot_be_written_is_named(server, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WeightsError, match=r"cannot be written .*choose another folder"):
        fetch(at(server), tmp_path / "file", lambda *_: None)
