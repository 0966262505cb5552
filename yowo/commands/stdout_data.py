"""Standard output for data alone: what people read goes to standard error then."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from typing import IO

from yowo.errors import YowoError

_streams: list[IO[bytes]] = []


@contextmanager
def data_on_stdout(wanted: bool = True) -> Iterator[None]:
    """Keep standard output free for `data_stream` in the block: everything else that is printed goes to stderr.

    That holds for the descriptor too, so also for what libraries in C print.

    Args:
        wanted: Whether data are written; if not, nothing changes.
    """
    if not wanted:
        yield
        return
    sys.stdout.flush()
    with ExitStack() as stack:
        stream = stack.enter_context(os.fdopen(os.dup(1), "wb"))
        os.dup2(2, 1)
        stack.callback(os.dup2, stream.fileno(), 1)
        stack.enter_context(redirect_stdout(sys.stderr))
        _streams.append(stream)
        stack.callback(_streams.remove, stream)
        yield


def data_stream() -> IO[bytes]:
    """Return the standard output for data.

    Raises:
        YowoError: It was not kept free.
    """
    if not _streams:
        raise YowoError("output=-: standard output holds other lines already; give a file")
    return _streams[-1]
