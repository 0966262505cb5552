"""The process that shows a window: pictures come on standard input, each as a PPM file after its length.

It is a process of its own because toolkits want the main thread, and because a window that hangs must not hold up
anything else. It runs without torch and without the rest of the package: `python window.py TITLE`.
"""

import signal
import struct
import sys
import threading
from typing import BinaryIO

HEADER = struct.Struct("<I")
"""Length in bytes of the picture that follows."""
READY = b"ready\n"
PAUSE = 15
"""Milliseconds between looks at what has come."""
KEYS = ("<Escape>", "q")
"""Keys that close the window."""


class Newest:
    """The newest picture that has come; earlier ones that were not shown are dropped.

    Attributes:
        ended: Whether no more will come.
    """

    def __init__(self) -> None:
        """Start without a picture."""
        self._picture: bytes | None = None
        self.ended = False

    def read_from(self, stream: BinaryIO) -> None:
        """Read pictures until the stream ends."""
        while len(header := stream.read(HEADER.size)) == HEADER.size:
            (length,) = HEADER.unpack(header)
            picture = stream.read(length)
            if len(picture) < length:
                break
            self._picture = picture
        self.ended = True

    def take(self) -> bytes | None:
        """Return the newest picture if it was not taken yet."""
        picture, self._picture = self._picture, None
        return picture


def show(title: str) -> None:
    """Open a window and show what comes until it ends, or until the window is closed."""
    import tkinter

    root = tkinter.Tk()
    root.title(title)
    label = tkinter.Label(root, borderwidth=0)
    label.pack()
    for key in KEYS:
        root.bind(key, lambda _: root.destroy())
    newest = Newest()
    threading.Thread(target=newest.read_from, args=(sys.stdin.buffer,), daemon=True).start()

    def look() -> None:
        if (picture := newest.take()) is not None:
            image = tkinter.PhotoImage(data=picture, format="ppm")
            label.configure(image=image)
            label.image = image  # type: ignore[attr-defined]  # Tk does not keep it
        if newest.ended:
            root.destroy()
        else:
            root.after(PAUSE, look)

    root.after(0, look)
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    root.mainloop()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the detection, whose end ends this
    try:
        show(sys.argv[1])
    except Exception as error:  # whatever is missing, the parent says it in one line
        raise SystemExit(f"{error}") from None
