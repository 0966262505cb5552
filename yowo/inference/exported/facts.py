"""What an exported file says of itself, and how it is read without the program that the file is for, and without torch.

It is one text in JSON: in the metadata of an ONNX file, in the runtime information of an OpenVINO model, and beside the
program in a file of torch.export. The key is `KEY` in all of them.
"""

import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree import ElementTree

from yowo.errors import WeightsError

KEY = "yowo"
VERSION = 1
"""Of the facts; a file with a higher one was written by a later version of this package."""
FORMATS = {"onnx": ".onnx", "openvino": ".xml", "torch_export": ".pt2"}
"""Formats and the endings of their files."""
METADATA_PROPS = 14
"""Number of the field of an ONNX ModelProto that holds its metadata, see onnx.proto."""
CLIP, EXACT, STATE = "clip", "exact", "state"
"""What a file computes: clips, each anew; frames, with what is kept of those before; or frames, and a state."""


@dataclass(frozen=True)
class ExportFacts:
    """What a user of the file must know.

    Attributes:
        classes: Names of the C classes.
        exclusive_classes: Of the first classes, how many share a softmax; C where a person does one thing at a time.
        clip_len: K, frames of a clip, key frame last.
        dilation: Steps in frames between the frames of a clip.
        image_size: Height and width in pixels of the input that the network was trained for.
        mean: Subtracted from RGB values of 0..1, three numbers.
        std: What the difference is divided by, three numbers.
        levels: Of each level of predictions, finest first: its `stride` in pixels, and its `anchors`, pairs of width
            and height in pixels, or null for each prediction of a cell that has none.
        outputs: Names of the outputs, see `RawOutput`.
        detections: The rule inside the file: names of the `columns` of its rows, and its thresholds; None without one.
        model: Name of the network.
        dataset: Name of the data set.
        precision: "fp32" or "int8".
        streaming: `CLIP`, `EXACT` or `STATE`.
        states: Of a file that takes frames (`EXACT`, `STATE`): facts of its states.
        config: The configuration that the network was built from.
        written_by: Version of this package.
        version: `VERSION`.
    """

    classes: list[str]
    exclusive_classes: int
    clip_len: int
    dilation: int
    image_size: list[int]
    mean: list[float]
    std: list[float]
    levels: list[dict[str, Any]]
    outputs: list[str]
    model: str
    dataset: str
    config: dict[str, Any]
    detections: dict[str, Any] | None = None
    precision: str = "fp32"
    streaming: str = CLIP
    states: dict[str, Any] = field(default_factory=dict)
    written_by: str = ""
    version: int = VERSION

    def text(self) -> str:
        """Return the facts as JSON in ASCII, one line."""
        return json.dumps(asdict(self))


def read_facts(path: str | Path) -> ExportFacts:
    """Read what a file of `yowo export` says of itself.

    Args:
        path: A file that ends in .onnx, .xml or .pt2.

    Raises:
        WeightsError: There is no such file, it is damaged, or `yowo export` did not write it.
    """
    path = Path(path)
    readers = {".onnx": _of_onnx, ".xml": _of_openvino, ".pt2": _of_torch_export}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise WeightsError(f"{path}: expected a file that ends in {', '.join(readers)}")
    if not path.is_file():
        raise WeightsError(f"model={path}: there is no such file; check the path")
    try:
        text = reader(path)
    except (OSError, ValueError, EOFError, ElementTree.ParseError, zipfile.BadZipFile) as error:
        raise WeightsError(f"model={path}: damaged, or not a {path.suffix} file ({error}); export it again") from error
    if text is None:
        raise WeightsError(
            f"model={path}: expected a file of yowo export, got one that names no classes, anchors and normalisation"
        )
    return _facts(text, path)


def is_exported(name: str) -> bool:
    """Return whether a name is that of an exported file, by its ending."""
    return Path(name).suffix.lower() in FORMATS.values()


def _facts(text: str, path: Path) -> ExportFacts:
    try:
        content: Mapping[str, Any] = json.loads(text)
        if content["version"] > VERSION:
            raise WeightsError(f"model={path}: a later version of this package wrote it ({content['written_by']})")
        known = {item.name for item in fields(ExportFacts)}
        return ExportFacts(**{key: value for key, value in content.items() if key in known})
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"model={path}: its metadata is damaged ({error}); export it again") from error


def _of_openvino(path: Path) -> str | None:
    found = ElementTree.parse(path).getroot().find(f"rt_info/{KEY}")
    return None if found is None else found.get("value")


def _of_torch_export(path: Path) -> str | None:
    with zipfile.ZipFile(path) as archive:
        name = next((name for name in archive.namelist() if name.rpartition("/")[2] == f"{KEY}.json"), None)
        return None if name is None else archive.read(name).decode("utf-8")


def _of_onnx(path: Path) -> str | None:
    """Return the text from the metadata of a file in the wire format of protocol buffers; the weights are skipped."""
    with path.open("rb") as file:
        for number, content in _fields(file, path.stat().st_size):
            if number == METADATA_PROPS:
                key, value = _pair(content)
                if key == KEY:
                    return value
    return None


def _fields(file: BinaryIO, size: int) -> Iterator[tuple[int, bytes]]:
    """Yield number and content of the fields of a message; of fields other than the metadata nothing is read.

    Raises:
        ValueError: The file is no such message.
    """
    while file.tell() < size:
        tag = _varint(file)
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            _varint(file)
        elif kind in (1, 5):
            file.seek(8 if kind == 1 else 4, 1)
        elif kind == 2:
            length = _varint(file)
            if file.tell() + length > size:
                raise ValueError("its end is missing")
            if number == METADATA_PROPS:
                yield number, file.read(length)
            else:
                file.seek(length, 1)
        else:
            raise ValueError("it is no protocol buffer")


def _pair(content: bytes) -> tuple[str, str]:
    """Return key and value of a StringStringEntryProto."""
    file, found = BytesIO(content), {1: "", 2: ""}
    while file.tell() < len(content):
        number = _varint(file) >> 3
        found[number] = file.read(_varint(file)).decode("utf-8")
    return found[1], found[2]


def _varint(file: BinaryIO) -> int:
    """Read a number of seven bits a byte, the lowest first.

    Raises:
        ValueError: The file ends inside it, or it is longer than 64 bits.
    """
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            raise ValueError("its end is missing")
        value |= (byte[0] & 127) << shift
        if byte[0] < 128:
            return value
    raise ValueError("it is no protocol buffer")
