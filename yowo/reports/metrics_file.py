"""Write metrics.json: results for programs to read."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from yowo.errors import YowoError
from yowo.whole_file import whole_file


def write_metrics(path: Path | str, metrics: Mapping[str, Any]) -> None:
    """Write metrics.json; it appears when it is complete.

    Args:
        path: The file; its folder is made if there is none.
        metrics: Results by name, fractions 0..1, such as {"protocol": "ucf24", "frame_map": {"0.5": x}, "frame_ap":
            {"0.5": {class: x}}}. NaN becomes null; scalars of numpy and torch become plain numbers.

    Raises:
        YowoError: A value is infinite or of a type that JSON does not have, or the file cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_metrics(f"{folder}/metrics.json", {"frame_ap": {"0.5": {"run": 0.5, "jump": math.nan}}})
    ...     Path(f"{folder}/metrics.json").read_text().split()
    ['{', '"frame_ap":', '{', '"0.5":', '{', '"run":', '0.5,', '"jump":', 'null', '}', '}', '}']
    """
    text = json.dumps(_plain(metrics, ""), indent=1, ensure_ascii=False) + "\n"
    with whole_file(Path(path)) as unfinished:
        unfinished.write_text(text, encoding="utf-8")


def _plain(value: Any, where: str) -> Any:
    """Return a value in types that JSON has; `where` is its key, for errors."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item, f"{where}.{key}".lstrip(".")) for key, item in value.items()}
    if hasattr(value, "tolist"):
        return _plain(value.tolist(), where)
    if isinstance(value, (list, tuple)):
        return [_plain(item, f"{where}[{row}]") for row, item in enumerate(value)]
    if isinstance(value, float):
        if math.isinf(value):
            raise YowoError(f"metrics: {where}: expected a number, got {value}")
        return None if math.isnan(value) else value
    if value is None or isinstance(value, (str, int)):
        return value
    raise YowoError(f"metrics: {where}: expected numbers, text, lists and dicts, got {type(value).__name__}")
