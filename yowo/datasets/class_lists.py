"""Class names of the published data sets and protocols (`class_lists.yaml` in this folder), or from a user's file."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from yowo.datasets.ava_annotation import read_class_list
from yowo.errors import AnnotationError, ConfigError

PROTOCOLS = ("ucf24", "jhmdb21", "ava")


def class_names(protocol: str, labels: Path | str | None = None) -> dict[int, str]:
    """Return the evaluated classes of a protocol.

    Args:
        protocol: ucf24, jhmdb21 or ava.
        labels: File with other classes to use instead: an official `.pbtxt` (AVA), or a text file with one name per
            line.

    Returns:
        Class names by class number as in annotation files, from 1, in ascending order.

    Raises:
        AnnotationError: The protocol is unknown, or the file cannot be read.

    Examples:
        >>> class_names("jhmdb21")[1]
        'brush_hair'
        >>> len(class_names("ava"))
        60
    """
    if protocol not in PROTOCOLS:
        raise AnnotationError(f"protocol {protocol}: expected one of {', '.join(PROTOCOLS)}")
    if labels is not None:
        return _listed(Path(labels))
    names = class_list(protocol)
    return {number: names[number - 1] for number in evaluated_classes(protocol)}


def class_list(dataset: str) -> list[str]:
    """Return the names of all classes of a published data set, in the order of their 0-based numbers.

    Args:
        dataset: ucf24, jhmdb21 or ava.

    Raises:
        ConfigError: The data set is unknown.

    Examples:
        >>> class_list("ucf24")[:2]
        ['Basketball', 'BasketballDunk']
        >>> len(class_list("ava"))
        80
    """
    return list(_entry(dataset)["classes"])


def evaluated_classes(dataset: str) -> list[int]:
    """Return the numbers, from 1, of the classes that are included in the mean AP; the argument is as in `class_list`.

    Examples:
        >>> len(evaluated_classes("ava")), evaluated_classes("ava")[:3]
        (60, [1, 3, 4])
    """
    entry = _entry(dataset)
    return list(entry.get("evaluated", range(1, len(entry["classes"]) + 1)))


def _entry(dataset: str) -> dict[str, Any]:
    lists = _lists()
    if dataset not in lists:
        raise ConfigError(f"class list: expected one of {', '.join(lists)}, got {dataset}")
    return lists[dataset]


@cache
def _lists() -> dict[str, dict[str, Any]]:
    content: dict[str, dict[str, Any]] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
    return content


def _listed(path: Path) -> dict[int, str]:
    if path.suffix == ".pbtxt":
        return dict(sorted(read_class_list(path).items()))
    try:
        names = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except FileNotFoundError as error:
        raise AnnotationError(f"{path}: class list not found; check the path") from error
    except (OSError, UnicodeDecodeError) as error:
        raise AnnotationError(f"{path}: not a readable class list ({error})") from error
    if not names or len(set(names)) < len(names):
        raise AnnotationError(f"{path}: expected one class name per line, without duplicates")
    return dict(enumerate(names, 1))
