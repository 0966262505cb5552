"""`engine=ray`: videos as rows of Ray Data, worked on by an actor for each GPU or core of a cluster."""

import logging
import os
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from yowo.commands.archive.one_video import Outcome
from yowo.commands.archive.work import Work
from yowo.commands.ray_start import start_ray
from yowo.errors import ConfigError, YowoError
from yowo.video.source_names import Source, SourceKind

MOST_BLOCKS = 10_000
"""Tasks that Ray makes of the videos at most: each is one video, or several of very many."""
FATAL = "fatal"
"""State of an outcome after which nothing else is tried: its words are the error."""
NEEDED = "Ray Data is not installed; run pip install 'yowo-lightning[ray]'"


class RayEngine:
    """Works on videos with actors of Ray, see `Engine`.

    Folders and the network's file must be at the same place on all machines of the cluster.
    """

    def __init__(self, config: DictConfig, folder: Path) -> None:
        """Connect to the cluster of RAY_ADDRESS, or to the one that runs on this machine, or start one.

        Args:
            config: Of the command.
            folder: The folder of all results.

        Raises:
            ConfigError: Ray is not installed, or its cluster cannot be reached.
        """
        try:
            self._ray, self._data = import_module("ray"), import_module("ray.data")
        except ImportError as error:
            raise ConfigError(f"engine=ray: {NEEDED}") from error
        try:
            os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # else it tells programmers about its objects
            start_ray(self._ray, logging_level=logging.ERROR)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise ConfigError(f"engine=ray: no cluster can be reached ({error})") from error
        self._plain = OmegaConf.to_yaml(config)
        self._folder = str(folder.absolute())
        self._on_gpus = _wants_gpu(str(config.device)) and self._resource("GPU") > 0

    def __call__(self, sources: Sequence[Source]) -> Iterator[Outcome]:
        """Work on videos.

        Raises:
            YowoError: Something is wrong for any video.
        """
        _be_quiet(self._data)
        rows = [
            {"kind": one.kind.name, "address": str(Path(one.address).absolute()), "name": one.name} for one in sources
        ]
        kind = "GPU" if self._on_gpus else "CPU"
        actors = max(1, min(len(rows), int(self._resource(kind))))
        one = {"num_gpus": 1, "num_cpus": 0} if self._on_gpus else {"num_cpus": 1}
        dataset = self._data.from_items(rows, override_num_blocks=min(len(rows), MOST_BLOCKS)).map(
            _Actor,
            fn_constructor_args=(self._plain, self._folder),
            compute=self._data.ActorPoolStrategy(size=actors, max_tasks_in_flight_per_actor=1),
            **one,
        )
        for row in dataset.iter_rows():
            if row["state"] == FATAL:
                raise YowoError(row["words"])
            yield Outcome(row["name"], row["state"], row["words"], bool(row["expected"]))

    def _resource(self, name: str) -> float:
        return float(self._ray.cluster_resources().get(name, 0.0))


class _Actor:
    """Works on one video after the other, with one network; a process of Ray."""

    def __init__(self, config: str, folder: str) -> None:
        self._work = Work(OmegaConf.create(config), Path(folder))  # type: ignore[arg-type]

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        source = Source(SourceKind[row["kind"]], row["address"], row["name"])
        try:
            return dict(self._work.finish(source)._asdict())
        except (YowoError, OSError) as error:
            return dict(Outcome(source.name, FATAL, str(error))._asdict())


def _wants_gpu(device: str) -> bool:
    return device == "auto" or device.startswith("cuda")


def _be_quiet(data: Any) -> None:
    """Show nothing of Ray Data's own progress; what is worth it is logged here, video by video."""
    context = data.DataContext.get_current()
    for name in ("enable_progress_bars", "enable_operator_progress_bars", "enable_rich_progress_bars"):
        if hasattr(context, name):
            setattr(context, name, False)
    logging.getLogger("ray.data").setLevel(logging.ERROR)
