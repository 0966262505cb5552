"""Downloads published weights: resumes an interrupted download, and checks a file before it gets its final name."""

import hashlib
import http.client
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from yowo.errors import WeightsError
from yowo.weights.opening import Weights, open_weights
from yowo.weights.registry import Published

CHUNK = 1 << 20
TIMEOUT = 30.0
"""Seconds without data after which the connection is given up."""
PARTIAL, COMPLETE, NOTHING_LEFT = 206, 200, 416
"""HTTP status codes: the requested range, the whole file, and no bytes left in the requested range."""
Progress = Callable[[int, int | None], None]
"""Called with the bytes downloaded so far and the size of the file in bytes (None if the server does not tell it)."""


def fetch(chosen: Published, folder: Path, progress: Progress) -> Path:
    """Download a published file, or check the existing one.

    Args:
        chosen: The published file.
        folder: Folder to write it to; created if it does not exist. An unfinished download is kept there as
            `FILE.part`.
        progress: Called after each chunk.

    Returns:
        Path of the complete, checked file.

    Raises:
        WeightsError: The file is the user's to download, the server cannot be reached or does not have
            the file, the download was interrupted, or the downloaded file is not the published one.
    """
    target = folder / chosen.file
    if target.is_file():
        check(chosen, target)
        return target
    if chosen.by_hand:
        raise WeightsError(
            f"{chosen.name}: cannot be downloaded automatically, because {chosen.by_hand}; download {chosen.file} from "
            f"{chosen.url} in a browser, then use it with weights=FILE"
        )
    part = folder / f"{chosen.file}.part"
    try:
        download(chosen, part, progress)
    except OSError as error:
        raise WeightsError(f"{part}: cannot be written ({error.strerror or error}); choose another folder") from error
    try:
        check(chosen, part)
    except WeightsError:
        part.unlink()
        raise
    part.replace(target)
    return target


def download(chosen: Published, part: Path, progress: Progress) -> None:
    """Download the bytes that are not in `part` yet, with an HTTP range request.

    Args:
        chosen: The published file.
        part: The unfinished download; bytes are appended to it.
        progress: Called after each chunk.

    Raises:
        WeightsError: The server cannot be reached or does not have the file, or the connection was interrupted.
        OSError: `part` cannot be written.
    """
    start = part.stat().st_size if part.is_file() else 0
    headers = {"User-Agent": "yowo", **({"Range": f"bytes={start}-"} if start else {})}
    try:
        response = urlopen(Request(chosen.url, headers=headers), timeout=TIMEOUT)
    except HTTPError as error:
        if error.code == NOTHING_LEFT and start:
            return
        raise WeightsError(
            f"{chosen.url}: the server answered {error.code} {error.reason}; check the address in a browser"
        ) from error
    except (URLError, OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise WeightsError(
            f"{chosen.name}: {urlsplit(chosen.url).netloc} cannot be reached ({reason}); without a network connection, "
            f"download {chosen.url} on another machine and copy it to {part.parent}"
        ) from error
    with response:
        if response.status != PARTIAL or not _goes_on_at(start, response.headers.get("Content-Range")):
            start = 0 if response.status == COMPLETE else _impossible(chosen, response.status)
        left = response.headers.get("Content-Length")
        total = None if left is None else start + int(left)
        _copy(chosen, response, part, start, total, progress)


def _goes_on_at(start: int, content_range: str | None) -> bool:
    """Return whether the range in a partial response starts at byte `start`."""
    return content_range is not None and content_range.startswith(f"bytes {start}-")


def _impossible(chosen: Published, status: int) -> int:
    raise WeightsError(
        f"{chosen.url}: expected the rest of the file (status {PARTIAL}), got status {status}; remove the .part file "
        "and run the command again"
    )


def _copy(
    chosen: Published,
    response: http.client.HTTPResponse,
    part: Path,
    start: int,
    total: int | None,
    progress: Progress,
) -> None:
    """Append the body of a response to `part`.

    Raises:
        WeightsError: The connection was interrupted; the bytes received so far are kept.
    """
    done, reason, broken = start, "the connection ended", False
    part.parent.mkdir(parents=True, exist_ok=True)
    with part.open("ab" if start else "wb") as file:
        while True:
            try:
                chunk = response.read(CHUNK)
            except (OSError, http.client.HTTPException) as error:
                reason, broken, chunk = str(error) or type(error).__name__, True, b""
            if not chunk:
                break
            file.write(chunk)
            done += len(chunk)
            progress(done, total)
    if broken or (total is not None and done < total):
        of = "" if total is None else f" of {total:,}"
        raise WeightsError(
            f"{chosen.name}: the download was interrupted after {done:,}{of} bytes ({reason}); run the same command "
            "again to resume it"
        )


def check(chosen: Published, path: Path) -> Weights:
    """Check that a file is the published one.

    Args:
        chosen: The published file.
        path: The file to check.

    Returns:
        The opened weights.

    Raises:
        WeightsError: The size or checksum differs, the file cannot be opened, or it contains other weights.
    """
    size = path.stat().st_size
    if chosen.size is not None and size != chosen.size:
        raise WeightsError(f"{path}: expected {chosen.size:,} bytes, got {size:,}; remove the file and fetch it again")
    if chosen.sha256 is not None and not _sha256(path).startswith(chosen.sha256):
        raise WeightsError(
            f"{path}: its SHA-256 checksum is not that of {chosen.file}; remove the file and fetch it again"
        )
    weights = open_weights(path)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
        if damaged is not None:
            raise WeightsError(f"{path}: damaged (in {damaged}); remove the file and fetch it again")
    if weights.kind.part != chosen.part:
        raise WeightsError(
            f"{path}: expected {chosen.name} (a {chosen.part}), got {weights.kind.words}; remove the file and fetch it "
            "again"
        )
    return weights


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
