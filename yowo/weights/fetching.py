"""Published weights onto this machine: resumed where a download stopped, checked before they get their name."""

import hashlib
import http.client
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from yowo.errors import WeightsError
from yowo.weights.loading import Weights, open_weights
from yowo.weights.registry import Published

CHUNK = 1 << 20
TIMEOUT = 30.0
"""Seconds without a byte after which a server counts as gone."""
PARTIAL, COMPLETE, NOTHING_LEFT = 206, 200, 416
Progress = Callable[[int, int | None], None]
"""Is told the bytes that are there and those in all, None where the server does not say."""


def fetch(chosen: Published, folder: Path, progress: Progress) -> Path:
    """Download a published file, or check the one that is there.

    Args:
        chosen: The file.
        folder: Where to put it; made where it is not there. An unfinished download is `FILE.part` in it.
        progress: Is told how far it is.

    Returns:
        The whole file.

    Raises:
        WeightsError: The file lies in a shared folder, the server is out of reach or has no such file, the download
            stopped, or what came is not what was published.
    """
    target = folder / chosen.file
    if target.is_file():
        check(chosen, target)
        return target
    if chosen.by_hand:
        raise WeightsError(
            f"{chosen.name}: lies in a shared folder; get {chosen.file} from {chosen.url} in a browser, then use it "
            "with weights=FILE"
        )
    part = folder / f"{chosen.file}.part"
    try:
        download(chosen, part, progress)
    except OSError as error:
        raise WeightsError(f"{part}: cannot be written ({error.strerror or error}): choose another place") from error
    try:
        check(chosen, part)
    except WeightsError:
        part.unlink()
        raise
    part.replace(target)
    return target


def download(chosen: Published, part: Path, progress: Progress) -> None:
    """Fetch the bytes that are not in `part` yet.

    Raises:
        WeightsError: The server is out of reach, has no such file, or stopped on the way.
        OSError: `part` cannot be written.
    """
    start = part.stat().st_size if part.is_file() else 0
    headers = {"User-Agent": "yowo", **({"Range": f"bytes={start}-"} if start else {})}
    try:
        response = urlopen(Request(chosen.url, headers=headers), timeout=TIMEOUT)
    except HTTPError as error:
        if error.code == NOTHING_LEFT and start:
            return
        raise WeightsError(f"{chosen.url}: the server answers {error.code} {error.reason}; see its page") from error
    except (URLError, OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise WeightsError(
            f"{chosen.name}: {urlsplit(chosen.url).netloc} is out of reach ({reason}); without a network, get "
            f"{chosen.url} elsewhere and put it into {part.parent}"
        ) from error
    with response:
        if response.status != PARTIAL or not _goes_on_at(start, response.headers.get("Content-Range")):
            start = 0 if response.status == COMPLETE else _impossible(chosen, response.status)
        left = response.headers.get("Content-Length")
        total = None if left is None else start + int(left)
        _copy(chosen, response, part, start, total, progress)


def _goes_on_at(start: int, content_range: str | None) -> bool:
    """Tell whether a partial answer begins where the file ends."""
    return content_range is not None and content_range.startswith(f"bytes {start}-")


def _impossible(chosen: Published, status: int) -> int:
    raise WeightsError(
        f"{chosen.url}: the server's answer ({status}) is not the rest of the file; remove the .part file"
    )


def _copy(
    chosen: Published,
    response: http.client.HTTPResponse,
    part: Path,
    start: int,
    total: int | None,
    progress: Progress,
) -> None:
    """Write what comes to the end of `part`.

    Raises:
        WeightsError: The connection broke; what came is kept.
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
            f"{chosen.name}: stopped at {done:,}{of} bytes ({reason}); run the same command again to go on from there"
        )


def check(chosen: Published, path: Path) -> Weights:
    """Check that a file is what was published.

    Returns:
        The opened file.

    Raises:
        WeightsError: Size or checksum differ, it cannot be opened, or it holds something else.
    """
    size = path.stat().st_size
    if chosen.size is not None and size != chosen.size:
        raise WeightsError(
            f"{path}: {size:,} bytes, but {chosen.file} has {chosen.size:,}; remove it and fetch it again"
        )
    if chosen.sha256 is not None and _sha256(path) != chosen.sha256:
        raise WeightsError(f"{path}: its checksum is not that of {chosen.file}; remove it and fetch it again")
    weights = open_weights(path)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
        if damaged is not None:
            raise WeightsError(f"{path}: damaged on the way (in {damaged}); remove it and fetch it again")
    if weights.kind.part != chosen.part:
        raise WeightsError(f"{path}: holds {weights.kind.words}, not the {chosen.part} that {chosen.name} is")
    return weights


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
