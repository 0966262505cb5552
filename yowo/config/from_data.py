"""Completes a configuration with values from the data: classes, labels, anchors and input size of a project folder."""

from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from yowo.errors import ConfigError
from yowo.projects.people import input_report, size_text, suggested_size

COMPLETED = ("classes", "multi_label", "anchors", "exclusive_classes", "image_size")
"""Keys of `dataset` whose null values are taken from the data."""


def complete(config: DictConfig) -> None:
    """Set the null values of a configuration with `dataset.from_data` from the project folder `dataset.root`.

    Nothing changes if no value is null, or if the classes are given and the folder is not.

    Args:
        config: Configuration of a command; changed in place.

    Raises:
        ConfigError: `dataset.root` is not given or not a directory, and the classes are null.
        DatasetError: The folder is not a project.
        AnnotationError: The project's files are damaged.
    """
    if not OmegaConf.select(config, "dataset.from_data", default=False):
        return
    dataset = config.dataset
    if all(dataset[key] is not None for key in COMPLETED):
        return
    absent = OmegaConf.is_missing(dataset, "root") or dataset.root is None
    if absent or not Path(str(dataset.root)).is_dir():
        if dataset.classes is None:
            given = "" if absent else f"={dataset.root}: not a directory"
            raise ConfigError(
                f"dataset.root{given or ' is required'}: give the folder of your own data, written by yowo data import"
            )
        return
    from yowo.projects.opened import open_project  # only projects need what reads videos

    project = open_project(Path(dataset.root))
    if dataset.image_size is None:
        height, width = suggested_size(project.people)
        dataset.image_size = height if height == width else [height, width]
    for key, value in project.facts._asdict().items():
        if dataset[key] is None:
            dataset[key] = list(value) if isinstance(value, tuple) else value
    if dataset.exclusive_classes is None:
        dataset.exclusive_classes = 0 if dataset.multi_label else len(dataset.classes)


def input_sentence(config: DictConfig) -> str | None:
    """Return a line for the log about the people of a project at the input size of a configuration.

    Args:
        config: A completed configuration.

    Returns:
        How large people are, and the suggested size if the configuration has another; None for other data sets.

    Raises:
        DatasetError, AnnotationError: As for `complete`.
    """
    if not OmegaConf.select(config, "dataset.from_data", default=False) or not Path(config.dataset.root).is_dir():
        return None
    from yowo.projects.opened import open_project

    people = open_project(Path(config.dataset.root)).people
    size = config.dataset.image_size
    used = (size, size) if isinstance(size, int) else (size[0], size[1])
    suggested = suggested_size(people)
    measured = input_report(people, used).sentence()
    return f"{measured} ({'suggested' if used == suggested else f'suggested: {size_text(suggested)}'} for these people)"
