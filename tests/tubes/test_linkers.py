import pytest
from omegaconf import OmegaConf

from tests.conftest import ROOT
from yowo.errors import ConfigError
from yowo.tubes.linkers import LINKERS, linker_name, make_linker


def test_options_replace_a_linkers_parameters():
    assert make_linker("yowo").max_paths == 3
    assert make_linker("yowo", max_paths=1).max_paths == 1
    with pytest.raises(ConfigError, match=r"linker best: there is no such linker; choose one of .*yowo"):
        make_linker("best")


def test_linkers_are_called_by_the_names_they_are_chosen_by():
    assert {linker_name(make_linker(name)) for name in LINKERS} == set(LINKERS)


@pytest.mark.parametrize("name", sorted(LINKERS))
def test_the_configuration_says_the_same_as_the_linkers_own_defaults(name):
    configured = OmegaConf.to_container(OmegaConf.load(ROOT / "conf" / "linker" / f"{name}.yaml"), resolve=True)
    del configured["_target_"]
    assert vars(make_linker(name, **configured)) == vars(make_linker(name))
