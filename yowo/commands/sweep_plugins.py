"""The sweeper and the launcher of this package, made known to Hydra when a sweep begins."""

from hydra.core.plugins import Plugins
from hydra.plugins.plugin import Plugin

OPTUNA = "hydra_plugins.yowo.OptunaSearch"
RAY = "hydra_plugins.yowo.RayLauncher"
"""`_target_` of the plugins. Hydra takes plugins below `hydra_plugins` only, and imports all that it finds there at
each start; a name that is registered costs nothing."""


def register() -> None:
    """Make our plugins known to Hydra; what they need is imported when they run."""
    from yowo.commands.optuna_search import OptunaSearch
    from yowo.commands.ray_launcher import RayLauncher

    known: dict[str, type[Plugin]] = Plugins.instance().class_name_to_class
    known[OPTUNA], known[RAY] = OptunaSearch, RayLauncher
