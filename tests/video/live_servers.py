"""Servers on this machine that streams are received from."""

import io
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

import numpy as np
import pytest
from PIL import Image

RTSP = """
import sys, gi
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer
Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(sys.argv[1])
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(
    "( videotestsrc is-live=true pattern=ball ! video/x-raw,width=%s,height=%s,framerate=25/1 "
    "! x264enc tune=zerolatency key-int-max=12 speed-preset=ultrafast ! rtph264pay name=pay0 )" % tuple(sys.argv[2:])
)
factory.set_shared(True)
server.get_mount_points().add_factory("/cam", factory)
server.attach(None)
print("ready", flush=True)
GLib.MainLoop().run()
"""
"""A server of GStreamer: a port, and width and height of its pictures."""
SYSTEM_PYTHON = "/usr/bin/python3"
"""Has GStreamer's bindings, which are packages of the system."""


def jpeg(number, size=(64, 48)):
    """A grey picture whose level is its number."""
    kept = io.BytesIO()
    Image.fromarray(np.full((size[1], size[0], 3), number % 250, np.uint8)).save(kept, "JPEG")
    return kept.getvalue()


class Camera:
    """A camera with MJPEG over HTTP, one viewer after the other.

    Attributes:
        parts: What each viewer gets: a function of the number of the viewer that yields pictures as bytes; a number
            among them is a pause in seconds.
        viewers: How many have come.
    """

    def __init__(self, parts):
        self.parts, self.viewers, self.over = parts, 0, threading.Event()
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                camera.viewers += 1
                for part in camera.parts(camera.viewers - 1):
                    if camera.over.wait(part if isinstance(part, float) else 0.004):
                        return
                    if not isinstance(part, float):
                        head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(part)}\r\n\r\n"
                        try:
                            self.wfile.write(head.encode() + part + b"\r\n")
                        except OSError:
                            return

            def log_message(self, *words):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/cam"


@contextmanager
def camera(parts=lambda viewer: map(jpeg, count())):
    """Serve pictures, see `Camera`."""
    made = Camera(parts)
    threading.Thread(target=made.server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield made
    finally:
        made.over.set()
        made.server.shutdown()
        made.server.server_close()


@contextmanager
def files_over_http(folder):
    """Serve a folder as `python -m http.server` does; gives the address."""

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(folder))

        def log_message(self, *words):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def has_rtsp_server():
    """Whether GStreamer's RTSP server is installed."""
    script = "import gi; gi.require_version('GstRtspServer', '1.0')"
    try:
        return not subprocess.run([SYSTEM_PYTHON, "-c", script], capture_output=True, check=False).returncode
    except OSError:
        return False


def rtsp_server(port, width=320, height=240):
    """Start a server and wait until it listens; the test is skipped where there is none."""
    if sys.platform != "linux" or not has_rtsp_server():
        pytest.skip("needs GStreamer's RTSP server (gir1.2-gst-rtsp-server-1.0, gstreamer1.0-plugins-ugly)")
    started = subprocess.Popen(
        [SYSTEM_PYTHON, "-c", RTSP, str(port), str(width), str(height)], stdout=subprocess.PIPE, text=True
    )
    assert started.stdout.readline() == "ready\n"
    time.sleep(0.2)
    return started
