"""What `yowo detect` writes of a video, and where: the meaning of the keys `save` and `output`."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from omegaconf import DictConfig, OmegaConf

from yowo.commands.output_paths import check_outputs, inputs_of
from yowo.errors import ConfigError

KINDS = {
    "video": "_detected.mp4",
    "boxes": "_detected.csv",
    "tubes": "_tubes.csv",
    "jsonl": ".jsonl",
    "npz": ".npz",
    "gif": ".gif",
    "cvat": "_cvat.xml",
    "crops": "_crops",
}
"""The kinds of files, and how the name of each ends after that of the video."""
BESIDE = {**KINDS, "video": "", "boxes": ".csv"}
"""The same after the stem of a video that is named by `output`."""
USUAL = ("video", "boxes")
"""What is saved if neither `save` nor `output` says it."""
BY_ENDING = {
    **dict.fromkeys((".mp4", ".mkv", ".mov", ".m4v", ".avi"), "video"),
    **{".csv": "boxes", ".jsonl": "jsonl", ".npz": "npz", ".gif": "gif", ".xml": "cvat"},
}
"""The kind of a file that is named by `output`. Other endings may be those of containers of videos."""
STDOUT = "-"
NOT_IN_NAMES = re.compile(r'[<>:"\\|?*\x00-\x1f\x7f]')
"""Signs that a system does not take in the names of files."""
LONGEST = 180
"""Bytes of a name of a video that are used in the names of files; a file's name has at most 255."""


class OutputFile(NamedTuple):
    """A file to write.

    Attributes:
        kind: One of `KINDS`.
        path: The file, or the folder of crops; None for standard output.
        words: What names it, such as "output=out.mp4", for errors.
    """

    kind: str
    path: Path | None
    words: str


def check_output(config: DictConfig, name: str) -> None:
    """Check `save` and `output` before anything is read.

    Args:
        config: Uses these, `source`, and what names other files to read.
        name: Name of the video.

    Raises:
        ConfigError: A kind is unknown, or a file cannot be written or is an input.
        VideoError: Nothing writes a video of that ending.
    """
    files = output_files(config, name, None)
    check_files(files, config)
    for file in files:
        if file.kind == "video" and file.path is not None:
            from yowo.video.writer import check_ending  # what writes videos takes a while to load

            check_ending(file.path)


def output_files(config: DictConfig, name: str, folder: Path | None) -> list[OutputFile]:
    """Return the files that are written of a video.

    Files that `output` names are written to, and the kinds of `save` lie beside a video among them, with its stem; in
    the folder that it names; or else in the folder of the run. A kind that `output` gives is not written twice. Without
    `save`, files named by `output` are all, but a video has its table of boxes beside it.

    Args:
        config: Uses `save` and `output`.
        name: Name of the video; of "a/b" the files lie in a folder a.
        folder: Folder of the run; None leaves out what lies in it.

    Raises:
        ConfigError: A key has a value that means nothing, or a folder's name is that of a file.
    """
    named, below = _named(config), folder
    video = next((file for file in named if file.kind == "video"), None)
    for text in listed(config.output):
        if text != STDOUT and kind_of(text) is None:
            below = _folder(text)
    given = {file.kind for file in named}
    files = list(named)
    for kind in saved_kinds(config):
        if kind in given:
            continue
        if video is not None and video.path is not None:
            path = video.path.with_name(f"{video.path.stem}{BESIDE[kind]}")
            words = f"{path}, beside {video.words}"
        elif below is not None:
            path = below / f"{file_name(name)}{KINDS[kind]}"
            words = f"{path}, of save={kind}"
        else:
            continue
        files.append(OutputFile(kind, path, words))
    return files


def check_files(files: Sequence[OutputFile], config: DictConfig, source: Path | None = None) -> None:
    """Check that files can be written, and that none of them is read.

    Args:
        files: The files.
        config: Names what is read.
        source: The video file that is read, where `source` names several.

    Raises:
        ConfigError: A file is an input, or cannot be written; the folder of crops holds something already.
    """
    inputs = inputs_of(config) if source is None else {**inputs_of(config), f"source={source}": source}
    for file in files:
        if file.kind == "crops" and file.path is not None and file.path.is_dir() and any(file.path.iterdir()):
            raise ConfigError(f"{file.words}: holds files already; move them, or write elsewhere with output=FOLDER")
    named = {f.words: f.path for f in files if f.path is not None and not (f.kind == "crops" and f.path.is_dir())}
    check_outputs(named, inputs, (*BY_ENDING,))


def saved_kinds(config: DictConfig) -> list[str]:
    """Return the kinds that `save` names, or those that are usual.

    Raises:
        ConfigError: A kind is unknown.
    """
    if config.save is None:
        named = [kind_of(text) for text in listed(config.output)]
        return list(USUAL) if not named or None in named or "video" in named else []
    kinds = [] if config.save is False else listed(config.save)
    for kind in kinds:
        if kind not in KINDS:
            raise ConfigError(f"save={kind}: expected false, or some of {', '.join(KINDS)}, as save=[video,npz]")
    return list(dict.fromkeys(kinds))


def writes_to_stdout(config: DictConfig) -> bool:
    """Return whether detections are written to standard output, which then holds nothing else."""
    return STDOUT in listed(config.output)


def unlike_eval(config: DictConfig) -> str | None:
    """Return a warning if an npz is written whose detections are not those that `yowo eval` stores; else None.

    Where detections are shown, the threshold is higher and a person has one box, with the best class.
    """
    if "npz" not in (*saved_kinds(config), *map(kind_of, listed(config.output))):
        return None
    stored = {"score_threshold": config.dataset.score_threshold}
    if config.dataset.exclusive_classes == len(config.dataset.classes or ()):
        of_rule = {"top_k": config.dataset.top_k, "class_agnostic_nms": False, "every_class": True}
        stored |= {f"postprocess.{key}": value for key, value in of_rule.items() if key in config.postprocess}
    other = {key: value for key, value in stored.items() if OmegaConf.select(config, key) != value}
    if not other:
        return None
    words = " ".join(f"{key}={json.dumps(value)}" for key, value in other.items())
    return f"the npz will hold the detections that are shown; for those that yowo eval stores add {words}"


def listed(value: Any) -> list[str]:
    """Return a value of the configuration, none, one or several, as texts."""
    if value is None:
        return []
    return [str(value)] if isinstance(value, (str, int, float)) else [str(part) for part in value]


def kind_of(text: str) -> str | None:
    """Return the kind of what `output` names; None for a folder.

    Examples:
        >>> kind_of("a/out.MP4"), kind_of("-"), kind_of("results"), kind_of("runs/v1.2/")
        ('video', 'jsonl', None, None)
    """
    if text == STDOUT:
        return "jsonl"
    path = Path(text)
    if text.endswith(("/", "\\")) or not path.suffix or path.is_dir():
        return None
    return BY_ENDING.get(path.suffix.lower(), "video")


def file_name(name: str) -> str:
    """Return the name of a video as it can stand at the beginning of names of files.

    Examples:
        >>> file_name("Basketball/v_01"), file_name("rtsp://10.0.0.7:554/a?b"), file_name("../x")
        ('Basketball/v_01', 'rtsp___10.0.0.7_554_a_b', 'x')
    """
    name = name.replace("/", "_") if "://" in name else name
    parts = [NOT_IN_NAMES.sub("_", part) for part in name.split("/") if part not in ("", ".", "..")]
    short = [part.encode("utf-8", "surrogateescape")[:LONGEST].decode("utf-8", "ignore") for part in parts]
    return "/".join(part for part in short if part) or "video"


def _named(config: DictConfig) -> list[OutputFile]:
    """Return the files that `output` names.

    Raises:
        ConfigError: Two have the same kind.
    """
    files: dict[str, OutputFile] = {}
    for text in listed(config.output):
        kind = kind_of(text)
        if kind is None:
            continue
        if kind in files:
            raise ConfigError(f"{files[kind].words} and output={text} are both of the kind {kind}; give one")
        files[kind] = OutputFile(kind, None if text == STDOUT else Path(text), f"output={text}")
    return list(files.values())


def _folder(text: str) -> Path:
    path = Path(text)
    if path.exists() and not path.is_dir():
        raise ConfigError(f"output={text}: is no folder; of a file the name ends in {', '.join(BY_ENDING)}, or is -")
    return path
