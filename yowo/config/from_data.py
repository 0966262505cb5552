"""What a configuration leaves to the data: classes, labels and anchors of a project folder."""

from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from yowo.errors import ConfigError
from yowo.projects.opened import open_project


def complete(config: DictConfig) -> None:
    """Fill in what a configuration with `dataset.from_data` leaves open, from the folder `dataset.root`.

    Nothing happens where the folder is not given, or nothing is open.

    Args:
        config: Of a command; changed in place.

    Raises:
        ConfigError: `dataset.root` is no directory.
        DatasetError: The folder is no project.
        AnnotationError: Its files are damaged.
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
                f"dataset.root{given or ' is required'}: the folder of your own data, as yowo data import makes it"
            )
        return
    facts = open_project(Path(dataset.root)).facts
    for key, value in facts._asdict().items():
        if dataset[key] is None:
            dataset[key] = list(value) if isinstance(value, tuple) else value
    if dataset.exclusive_classes is None:
        dataset.exclusive_classes = 0 if dataset.multi_label else len(dataset.classes)
