import gc
import logging

import yaml
from omegaconf import OmegaConf

from yowo.commands import quick_start


def test_the_garbage_collector_rests_only_while_a_command_starts():
    usual = gc.get_threshold()
    try:
        quick_start.begin()
        assert gc.get_threshold() == quick_start.WHILE_STARTING and gc.isenabled()
        logging.getLogger("lightning").addHandler(logging.StreamHandler())
        quick_start.job_begins()
        assert gc.get_threshold() == quick_start._usual and not logging.getLogger("lightning").handlers
    finally:
        gc.set_threshold(*usual)


def test_files_of_conf_are_read_as_ever(tmp_path):
    quick_start.quick_yaml()
    assert yaml.SafeLoader is getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    (tmp_path / "a.yaml").write_text("lr: 1e-4\nroot: ???\nname: ${lr}\non: off\nlist: [1, 2.0]\n")
    found = OmegaConf.load(tmp_path / "a.yaml")
    assert (
        found.lr == 1e-4 and found.name == 1e-4 and list(found.list) == [1, 2.0] and OmegaConf.is_missing(found, "root")
    )
