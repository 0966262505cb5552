"""Reads which rows the files of a W&B run hold that are on this disk, whether they were uploaded or not.

A file is a sequence of records in the form of LevelDB's log: blocks of 32 KiB with pieces, each of which has a checksum
(4 bytes), its length (2) and its kind (1: a whole record, 2, 3 and 4: its first, middle and last piece).
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BLOCK, HEADER = 32768, 7
WHOLE, FIRST, MIDDLE, LAST = 1, 2, 3, 4
STEP, NUMBER = "trainer/global_step", "_step"
"""Names in a row: of the optimizer's step, which Lightning makes the x-axis of all others, and of W&B's own number."""


def logged_rows(folder: Path, identity: str) -> dict[int, tuple[int, set[str]]]:
    """Return what the run has, as far as its files in a folder tell.

    Args:
        folder: The folder with W&B's folder `wandb`.
        identity: The run's id.

    Returns:
        By step of the optimizer: W&B's own number of the last row of this step, and the names of all its numbers.
    """
    rows: dict[int, tuple[int, set[str]]] = {}
    for path in sorted((folder / "wandb").glob(f"*run-*-{identity}/run-{identity}.wandb")):
        for row in history(path):
            if isinstance(row.get(STEP), int):
                _, names = rows.get(row[STEP], (0, set()))
                rows[row[STEP]] = (int(row.get(NUMBER, -1)), names | set(row))
    return rows


def history(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file of W&B, in their order; a file that ends in the middle of a row gives those before."""
    from wandb.proto import wandb_internal_pb2

    for content in records(path.read_bytes()):
        record: Any = wandb_internal_pb2.Record()  # type: ignore[attr-defined]
        record.ParseFromString(content)
        if record.WhichOneof("record_type") == "history":
            yield {item.key or ".".join(item.nested_key): json.loads(item.value_json) for item in record.history.item}


def records(content: bytes) -> Iterator[bytes]:
    """Yield the records of a log, without checking their sums."""
    place, parts = HEADER, b""  # the file's own header has the length of a piece's
    while place + HEADER <= len(content):
        left = BLOCK - place % BLOCK
        if left < HEADER:
            place += left
            continue
        length = int.from_bytes(content[place + 4 : place + 6], "little")
        kind = content[place + 6]
        piece = content[place + HEADER : place + HEADER + length]
        if kind not in (WHOLE, FIRST, MIDDLE, LAST) or len(piece) < length:
            return
        place += HEADER + length
        parts = piece if kind in (WHOLE, FIRST) else parts + piece
        if kind in (WHOLE, LAST):
            yield parts
