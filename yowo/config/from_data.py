"""Completes a configuration with values from the data: classes, labels and anchors of a project folder."""

from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from yowo.errors import ConfigError
from yowo.projects.opened import open_project


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
    if all(dataset[key] is not None for key in ("classes", "multi_label", "anchors", "exclusive_classes")):
        return
    if OmegaConf.is_missing(dataset, "root") or not Path(dataset.root).is_dir():
        if dataset.classes is None:
            given = "" if OmegaConf.is_missing(dataset, "root") else f"={dataset.root}: not a directory"
            raise ConfigError(
                f"dataset.root{given or ' is required'}: give the folder of your own data, written by yowo data import"
            )
        return
    facts = open_project(Path(dataset.root)).facts
    for key, value in facts._asdict().items():
        if dataset[key] is None:
            dataset[key] = list(value) if isinstance(value, tuple) else value
    if dataset.exclusive_classes is None:
        dataset.exclusive_classes = 0 if dataset.multi_label else len(dataset.classes)
