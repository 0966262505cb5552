"""The classes of each protocol, as the data set's configuration and the official lists have them."""

from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from yowo.conf_files import conf_dir
from yowo.data.ava_annotation import read_class_list
from yowo.errors import AnnotationError

PROTOCOLS = ("ucf24", "jhmdb21", "ava")


def class_names(protocol: str, labels: Path | str | None = None) -> dict[int, str]:
    """Return the evaluated classes of a protocol.

    Args:
        protocol: ucf24, jhmdb21 or ava.
        labels: A list of classes to take instead: an official `.pbtxt` (AVA), or a text file with one name a line.

    Returns:
        Names by the number that files use for the class: from 1, in rising order.

    Raises:
        AnnotationError: The protocol is not known, or the list cannot be read.
    """
    if protocol not in PROTOCOLS:
        raise AnnotationError(f"protocol {protocol}: expected one of {', '.join(PROTOCOLS)}")
    if labels is not None:
        return _listed(Path(labels))
    names: Any = OmegaConf.load(conf_dir() / ("ava_classes.yaml" if protocol == "ava" else f"dataset/{protocol}.yaml"))
    if protocol == "ava":
        return {number: names.classes[number - 1] for number in names.evaluated}
    return dict(enumerate(names.dataset.classes, 1))


def _listed(path: Path) -> dict[int, str]:
    if path.suffix == ".pbtxt":
        return dict(sorted(read_class_list(path).items()))
    try:
        names = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except FileNotFoundError as error:
        raise AnnotationError(f"{path}: there is no such list of classes") from error
    except (OSError, UnicodeDecodeError) as error:
        raise AnnotationError(f"{path}: not a readable list of classes ({error})") from error
    if not names or len(set(names)) < len(names):
        raise AnnotationError(f"{path}: expected one name a line, each once")
    return dict(enumerate(names, 1))
