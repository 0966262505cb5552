from hydra.core.plugins import Plugins

from yowo.commands.sweep_plugins import OPTUNA, RAY, register
from yowo.config.conf_files import conf_dir


def test_hydra_finds_our_plugins_by_the_names_in_the_configurations():
    register()
    assert {OPTUNA, RAY} <= set(Plugins.instance().class_name_to_class)
    written = [(conf_dir() / "hydra" / name).read_text() for name in ("sweeper/yowo_optuna.yaml", "launcher/ray.yaml")]
    assert [f"_target_: {target}" in text for target, text in zip((OPTUNA, RAY), written, strict=True)] == [True, True]
