import json
import socket
import urllib.error
import urllib.request
from time import sleep

import numpy as np
import pytest

from yowo.errors import ConfigError
from yowo.inference.outputs import page_server
from yowo.inference.outputs.live_picture import LivePicture
from yowo.inference.outputs.page_address import PageAddress
from yowo.inference.outputs.page_server import PageServer

SECONDS = 20
NOISE = np.random.default_rng(1).integers(0, 256, (480, 640, 3), np.uint8)


@pytest.fixture
def serve():
    """Serves with a token, or without one."""
    opened = []

    def begin(token=None):
        picture = LivePicture()
        opened.append((picture, PageServer(PageAddress("127.0.0.1", 0), token, picture, lambda: {"frames": 3})))
        return opened[-1]

    yield begin
    for picture, server in opened:
        picture.end()
        server.stop()


def get(server, path, **headers):
    request = urllib.request.Request(f"http://127.0.0.1:{server.address.port}{path}", headers=headers)
    return urllib.request.urlopen(request, timeout=SECONDS)


def refused(server, path, **headers):
    with pytest.raises(urllib.error.HTTPError, match=r"HTTP Error 40") as error:
        get(server, path, **headers)
    return error.value.code, error.value.read().decode()


def connected(server, path):
    viewer = socket.create_connection(("127.0.0.1", server.address.port), timeout=SECONDS)
    viewer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    viewer.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
    return viewer


def awaited(condition):
    for _ in range(2000):
        if condition():
            return True
        sleep(0.01)
    return False


def test_page_state_and_picture_are_served_and_nothing_is_stored(serve):
    picture, server = serve()
    picture.offer(NOISE)
    with get(server, "/") as answer:
        page = answer.read().decode()
        assert "Tubes of the last minute" in page and answer.headers["Cache-Control"] == "no-store"
        assert "http://" not in page.replace("http://www.w3.org/2000/svg", "") and "https://" not in page
    with get(server, "/state?n=1") as answer:
        assert json.load(answer) == {"frames": 3}
    with get(server, "/picture.jpg") as answer:
        assert answer.headers["Content-Type"] == "image/jpeg" and answer.read().startswith(b"\xff\xd8\xff")
    assert refused(server, "/../../etc/passwd") == (404, "there is no such page; / is the page\n")


def test_with_a_token_nothing_is_served_without_it(serve, monkeypatch):
    monkeypatch.setattr(page_server, "WRONG_TOKEN_SECONDS", 0)
    _, server = serve("gehe im/Wörter")
    for path in ("/", "/state", "/state?token=", "/pictures?token=gehe", "/nothing"):
        assert refused(server, path) == (
            403,
            "this page needs its token: open the whole address that yowo detect printed\n",
        )
    with get(server, "/state?" + server.url.partition("?")[2], Host="elsewhere.example") as answer:
        assert answer.status == 200
    with get(server, "/state", Authorization="Bearer gehe im/W\u00f6rter".encode().decode("latin-1")) as answer:
        assert answer.status == 200


def test_without_a_token_only_names_of_this_machine_for_itself_are_answered(serve):
    _, server = serve()
    for host in ("localhost:1234", "127.0.0.1", "[::1]:8000"):
        with get(server, "/state", Host=host) as answer:
            assert answer.status == 200
    code, words = refused(server, "/state", Host="rebound.example:8000")
    assert code == 403 and words.startswith("this page is for this machine alone;")


def test_a_viewer_who_takes_nothing_holds_up_nobody(serve):
    picture, server = serve()
    with connected(server, "/pictures") as asleep:
        assert asleep.recv(1)
        for _ in range(40):  # more than fits on the way to it
            picture.offer(NOISE)
            newest = picture.newest(after=picture.newest().number, timeout=SECONDS).number
        with get(server, "/pictures") as other:
            head = b"".join(other.readline() for _ in range(4))
            assert head.startswith(b"--picture\r\nContent-Type: image/jpeg\r\n") and newest == 40


def test_the_newest_picture_ends_with_the_line_that_makes_browsers_show_it(serve):
    picture, server = serve()
    picture.offer(NOISE[:16, :16])
    with get(server, "/pictures") as answer:
        assert answer.headers["Content-Type"] == "multipart/x-mixed-replace; boundary=picture"
        lines = [answer.readline() for _ in range(4)]
        size = int(lines[2].split(b":")[1])
        assert answer.read(size) == picture.newest().jpeg and answer.read(13) == b"\r\n--picture\r\n"
        picture.end()
        assert answer.read() == b""


def test_viewers_who_went_are_forgotten(serve, monkeypatch):
    monkeypatch.setattr(page_server, "REPEAT", 0.02)
    picture, server = serve()
    picture.offer(NOISE[:16, :16])
    viewer = connected(server, "/pictures")
    assert awaited(lambda: picture.viewers == 1)
    viewer.close()
    assert awaited(lambda: picture.viewers == 0)


def test_of_too_many_connections_the_last_are_closed_and_room_comes_back(serve, monkeypatch):
    monkeypatch.setattr(page_server, "MOST_CONNECTIONS", 2)
    monkeypatch.setattr(page_server, "REPEAT", 0.02)
    picture, server = serve()
    picture.offer(NOISE[:16, :16])
    viewers = [connected(server, "/pictures") for _ in range(2)]
    assert all(viewer.recv(1) for viewer in viewers)
    with connected(server, "/state") as late:
        assert late.recv(100) == b""
    for viewer in viewers:
        viewer.close()
    for _ in range(200):
        with connected(server, "/state") as again:
            answers = again.recv(15)
        if answers:
            break
    assert answers == b"HTTP/1.0 200 OK"


def test_two_pages_at_one_address_are_one_line_and_a_stopped_one_gives_its_port_back(serve):
    picture, server = serve()
    with pytest.raises(ConfigError, match=r"^serve=127\.0\.0\.1:\d+: another program has this port; give another one"):
        PageServer(server.address, None, picture, dict)
    server.stop()
    PageServer(server.address, None, picture, dict).stop()
