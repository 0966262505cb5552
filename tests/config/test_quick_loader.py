import pytest
from hydra import compose
from hydra._internal import defaults_list
from hydra._internal.config_loader_impl import ConfigLoaderImpl

from yowo.config import quick_loader
from yowo.config.checkpoint import PARTS, register_parts
from yowo.config.conf_files import ConfigFolders
from yowo.config.search_path import composer


@pytest.fixture
def own(tmp_path):
    """A user's own folder with a root configuration, and two groups of which one follows the other."""
    for name in ("one", "two"):
        for group in ("first", "second"):
            (tmp_path / group).mkdir(exist_ok=True)
            (tmp_path / group / f"{name}.yaml").write_text(f"name: {name}\n")
    (tmp_path / "mine.yaml").write_text("defaults: [first: one, second: '${first}', _self_]\nnested: {list: [1]}\n")
    return tmp_path


def composed(folder, *overrides, name="mine"):
    with composer("train", ConfigFolders(main=f"file://{folder}")):
        return compose(name, list(overrides))


@pytest.mark.parametrize(
    "overrides", [["model=yowo_nano", "optimizer.lr=0.5"], ["experiment=yowo_ucf24", "recipe=released"]]
)
def test_the_same_is_composed_as_by_hydras_own_loader(overrides):
    with composer("train") as hydra:
        first, again = compose("train", overrides), compose("train", overrides)
        hydra.config_loader = ConfigLoaderImpl(hydra.config_loader.get_search_path())
        assert compose("train", overrides) == first == again


def test_a_file_that_changes_is_read_again(own):
    assert composed(own).first.name == "one"
    (own / "first" / "one.yaml").write_text("name: changed\n")
    assert composed(own).first.name == "changed"
    (own / "mine.yaml").write_text("defaults: [first: two]\n")
    assert composed(own) == {"first": {"name": "two"}}


def test_a_change_of_one_configuration_leaves_the_next_alone(own):
    for overrides in ([], ["+nested.more=1"], []):
        found = composed(own, *overrides)
        assert found.nested.list == [1] and ("more" in found.nested) == bool(overrides)
        found.nested.list.append(2)
        found.first.name = "other"
        assert composed(own).first.name == "one"


def test_what_a_checkpoint_remembers_is_not_kept():
    for rate in (0.25, 0.5):
        register_parts({group: {"lr": rate} for group in PARTS})
        with composer("train"):
            assert compose("train", ["optimizer=from_checkpoint"]).optimizer.lr == rate


def test_a_choice_can_follow_another(own):
    usual = defaults_list._create_interpolation_map
    assert composed(own, "first=two").second.name == "two"
    assert composed(own, "first=two", "second=one").second.name == "one"
    assert defaults_list._create_interpolation_map is usual


def test_the_oldest_configuration_is_dropped(own, monkeypatch):
    monkeypatch.setattr(quick_loader, "MOST_KEPT", 1)
    monkeypatch.setattr(quick_loader, "_merged", type(quick_loader._merged)())
    for name in ("one", "two", "one"):
        assert composed(own, f"first={name}").first.name == name
        assert len(quick_loader._merged) == 1
