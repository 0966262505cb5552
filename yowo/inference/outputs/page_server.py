"""A small web server in threads: a page, its state, and pictures as they come; viewers never hold anything up."""

import hmac
import json
import logging
import socket
import threading
from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from socketserver import TCPServer
from time import sleep
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from yowo.inference.outputs.live_picture import LivePicture
from yowo.inference.outputs.page_address import PageAddress, cannot_serve, is_loopback

log = logging.getLogger(__name__)
MOST_CONNECTIONS = 64
"""Connections at once; more are closed unanswered."""
PATIENCE = 10.0
"""Seconds after which a viewer that neither asks nor takes anything is given up."""
REPEAT = 3.0
"""Seconds after which a picture that has not changed is sent again: then a viewer who has gone is noticed."""
SEND_BUFFER = 1 << 17
"""Bytes on the way to a viewer: more would only make the picture old where the network is slow."""
WRONG_TOKEN_SECONDS = 1.0
"""Seconds that the answer to a wrong token takes, so that trying many words takes long."""
BOUNDARY = "picture"
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self' data:; connect-src 'self'; style-src 'unsafe-inline'; "
        "script-src 'unsafe-inline'; frame-ancestors 'none'"
    ),
}
"""Headers of every answer: nothing is stored, and pages of other sites can neither read nor show it."""


class PageServer(ThreadingHTTPServer):
    """Serves in threads of its own from the moment it is made until `stop`.

    Attributes:
        address: Where it is reached, with the port that it has got.
        token: Word that every request must bring; None asks for none, and then only requests to a name of this machine
            for itself are answered: a page of another site that points its own name here gets nothing.
    """

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = not hasattr(socket, "SO_EXCLUSIVEADDRUSE")  # Windows would share a port that is taken
    request_queue_size = 32

    def __init__(
        self, address: PageAddress, token: str | None, picture: LivePicture, state: Callable[[], dict[str, Any]]
    ) -> None:
        """Take the port and begin to serve.

        Args:
            address: Where to serve; port 0 takes a free one.
            token: Word to ask for.
            picture: The newest picture.
            state: Returns what the page shows beside it, as plain values; called from threads of the server.

        Raises:
            ConfigError: The port is taken, or the machine has no such address.
        """
        self.address_family = address.family
        self.picture, self.state, self.token = picture, state, token
        self._free = threading.BoundedSemaphore(MOST_CONNECTIONS)
        try:
            super().__init__((address.host, address.port), _Handler)
        except OSError as error:
            raise cannot_serve(address, error) from error
        self.address = address._replace(port=int(self.server_address[1]))
        self._thread = threading.Thread(target=self.serve_forever, args=(0.1,), name="page", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The address for a browser, with the token."""
        return self.address.url + (f"?token={quote(self.token, safe='')}" if self.token else "")

    def stop(self) -> None:
        """Give the port back; those who watch are not waited for."""
        self.shutdown()
        self._thread.join()
        self.server_close()

    def server_bind(self) -> None:
        """Take the port; `HTTPServer` would look up the machine's full name, which takes long in some networks."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer a request in a thread of its own, or close the connection if there are too many."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:  # no thread could be started
            self._free.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer a request."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Note that a connection broke, which viewers do all the time; nothing is printed."""
        log.debug("page: the connection to %s broke", client_address, exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: PageServer
    server_version, sys_version = "yowo", ""
    timeout = PATIENCE

    def do_GET(self) -> None:
        """Answer with the page, its state, the picture, or the pictures as they come."""
        target = urlsplit(self.path)
        answers = {
            "/": lambda: self._send(_page(), "text/html; charset=utf-8"),
            "/state": lambda: self._send(json.dumps(self.server.state()).encode(), "application/json"),
            "/picture.jpg": self._send_picture,
            "/pictures": self._send_pictures,
        }
        if not self._may(target.query):
            return
        if target.path not in answers:
            self._refuse(HTTPStatus.NOT_FOUND, "there is no such page; / is the page")
            return
        answers[target.path]()

    def do_HEAD(self) -> None:
        """Answer without a body."""
        self.do_GET()

    def log_message(self, format: str, *values: Any) -> None:
        """Note a request in the debug log only; it may hold the token."""
        log.debug("page: %s", format % values)

    def _may(self, query: str) -> bool:
        """Return whether the request may see anything; if not, answer why."""
        token = self.server.token
        if token is None:
            host = urlsplit(f"//{self.headers.get('Host', '')}").hostname or ""
            if is_loopback(host):
                return True
            self._refuse(
                HTTPStatus.FORBIDDEN, "this page is for this machine alone; for others serve it with token=WORD"
            )
            return False
        kind, _, word = (self.headers.get("Authorization") or "").partition(" ")  # http.server reads it as Latin-1
        given = word.strip().encode("latin-1") if kind == "Bearer" else _word(query).encode()
        if hmac.compare_digest(given, token.encode()):
            return True
        sleep(WRONG_TOKEN_SECONDS)
        self._refuse(HTTPStatus.FORBIDDEN, "this page needs its token: open the whole address that yowo detect printed")
        return False

    def _refuse(self, status: HTTPStatus, words: str) -> None:
        self._send(f"{words}\n".encode(), "text/plain; charset=utf-8", status)

    def _send(self, body: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._head(kind, status, length=len(body))
        if self.command != "HEAD":
            self.wfile.write(body)

    def _head(self, kind: str, status: HTTPStatus = HTTPStatus.OK, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.end_headers()

    def _send_picture(self) -> None:
        newest = self.server.picture.newest(timeout=PATIENCE)
        if newest.number:
            self._send(newest.jpeg, "image/jpeg")
        else:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "there is no picture yet")

    def _send_pictures(self) -> None:
        """Send pictures until the viewer goes or no more come: always the newest, however many were left out.

        The line that ends a picture is sent with it, because browsers show it when they have read that line.
        """
        self._head(f"multipart/x-mixed-replace; boundary={BOUNDARY}")
        if self.command == "HEAD":
            return
        self.wfile.write(f"--{BOUNDARY}\r\n".encode())
        pictures, sent = self.server.picture, 0
        with pictures.watched():
            while True:
                number, jpeg, is_last = pictures.newest(after=sent, timeout=REPEAT)
                if number and (number > sent or not is_last):
                    head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                    self.wfile.write(head.encode() + jpeg + f"\r\n--{BOUNDARY}\r\n".encode())
                if is_last:
                    return
                sent = number


def _word(query: str) -> str:
    """Return the token of a query; empty if it has none."""
    return parse_qs(query).get("token", [""])[0]


@cache
def _page() -> bytes:
    return (files(__package__) / "live_page.html").read_bytes()
