"""Recognises the format of a weights file from its first bytes; its name is not used."""

import struct
import zipfile
from pathlib import Path

from yowo.errors import WeightsError

PYTORCH, LEGACY, SAFETENSORS, DARKNET = "PyTorch", "PyTorch before 1.6", "safetensors", "darknet"
"""The supported formats."""
HEAD = 512
"""Number of bytes that are read to recognise the format."""
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C.to_bytes(10, "little")
"""The pickled number at the start of files of PyTorch before 1.6."""
TAR_MAGIC, TAR_MAGIC_AT = b"ustar", 257
"""The mark of a tar archive, and its position in bytes."""
VERSION_BYTES, NEW_HEADER = 12, 20
"""Bytes of a darknet file's version, and of its whole header since version 0.2."""
HIGHEST = 10
"""Upper bound (exclusive) of the version numbers that darknet writes."""

# the first bytes of other formats, and the end of the error message for them
FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"version https://git-lfs", "a pointer of Git LFS, not the file that it points to; run `git lfs pull`"),
    (b"\x1f\x8b", "packed with gzip; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "packed with 7-Zip; unpack it first"),
    (b"Rar!", "packed with RAR; unpack it first"),
    (b"\x89HDF", "an HDF5 file (Keras); expected weights of PyTorch, safetensors or darknet"),
)


def file_format(path: Path) -> str:
    """Return the format of a weights file: one of `PYTORCH`, `LEGACY`, `SAFETENSORS`, `DARKNET`.

    Args:
        path: The file.

    Raises:
        WeightsError: There is no such file, or it has another format; the message says which.
    """
    if path.is_dir():
        raise WeightsError(f"{path}: expected a weights file, got a folder; give the file in it")
    if not path.is_file():
        raise WeightsError(f"{path}: there is no such weights file; check the path")
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read ({error.strerror or error})") from error
    size = path.stat().st_size
    if not size:
        raise WeightsError(f"{path}: the file is empty; download it again")
    if head.startswith(b"PK\x03\x04"):
        return _zip_format(path)
    if LEGACY_MAGIC in head[:16]:
        return LEGACY
    if head[8:9] == b"{":
        return SAFETENSORS
    if looks_like_darknet(head, size):
        return DARKNET
    raise WeightsError(f"{path}: {_other(head)}")


def looks_like_darknet(head: bytes, size: int) -> bool:
    """Return whether a file of `size` bytes whose first bytes are `head` can be a darknet file."""
    if len(head) < NEW_HEADER:
        return False
    version = struct.unpack("<3i", head[:VERSION_BYTES])
    return all(0 <= v < HIGHEST for v in version) and any(version[:2]) and size % 4 == 0


def _zip_format(path: Path) -> str:
    """Return `PYTORCH` for a zip file written by `torch.save`.

    Raises:
        WeightsError: It is another zip file, or damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError) as error:
        raise WeightsError(f"{path}: incomplete PyTorch file (its end is missing); download it again") from error
    if any(name.endswith("/constants.pkl") for name in names):
        raise WeightsError(f"{path}: a TorchScript program, not weights; save model.state_dict() with torch.save")
    if not any(name.endswith("/data.pkl") for name in names):
        first = ", ".join(names[:3]) or "nothing"
        raise WeightsError(f"{path}: a zip archive, but not one of PyTorch (it holds {first}); unpack it, or check it")
    return PYTORCH


def _other(head: bytes) -> str:
    """Describe a file of no supported format, for the error message."""
    for magic, words in FOREIGN:
        if head.startswith(magic):
            return words
    if head[TAR_MAGIC_AT : TAR_MAGIC_AT + len(TAR_MAGIC)] == TAR_MAGIC:
        return "a tar archive; unpack it, or, if PyTorch 0.1 wrote it, save it again with a newer PyTorch"
    if head.lstrip()[:1] == b"<":
        return "a web page, not weights (does the download need a confirmation or login?); download it in a browser"
    if head.startswith(b"\x80"):
        return "incomplete PyTorch file, or a pickle that torch.save did not write; download it again"
    if all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in head):
        return f"a text file, not weights: it starts with {head[:30].decode('ascii')!r}"
    return "expected weights of PyTorch, safetensors or darknet, got an unknown format; download it again"
