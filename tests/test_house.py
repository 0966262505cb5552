"""The rules of the house that can be tested: floors, sizes, words, and every configuration composes."""

import ast
import inspect
import re
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from tests.make_data import project
from yowo.config.checkpoint import register_checkpoint
from yowo.config.compose import compose_config
from yowo.config.conf_files import choices, groups

PACKAGE = ROOT / "yowo"
CONF = ROOT / "conf"
FILES = sorted(PACKAGE.rglob("*.py"))
FLOORS = (
    ("errors", "contracts", "threads", "process_life", "precision"),
    ("whole_file", "progress"),
    ("boxes", "video"),
    ("storage", "data", "models", "losses", "tubes"),
    ("projects",),
    ("datasets",),
    ("importing", "evaluation", "inference", "weights"),
    ("reports",),
    ("training",),
    ("config",),
    ("api",),
    ("commands",),
)
FLOOR = {name: level for level, names in enumerate(FLOORS) for name in names}
HYDRA_AT_HOME = {"config", "commands"}
LIGHTNING_AT_HOME = {"training", "config", "commands", "data/datamodule.py"}
LARGEST_ROOM = 0.2
"""Of the package's lines."""
MAX_FILE, MAX_FUNCTION, MAX_MODULE, MAX_YAML = 350, 80, 150, 50
ROOMS_WITHOUT_A_NAME = {"utils", "util", "misc", "common", "helpers", "helper", "tools"}


def room(path: Path) -> str:
    """The first name below the package: `boxes` of yowo/boxes/nms.py, `api` of yowo/api.py."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(tree(path)))


@cache
def imported(path: Path) -> set[str]:
    names = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def functions(path: Path) -> list[ast.FunctionDef]:
    return [node for node in nodes(path) if isinstance(node, ast.FunctionDef)]


def test_modules_import_lower_floors_only():
    upward = []
    for path in FILES:
        here = room(path)
        if here not in FLOOR:
            continue
        for name in imported(path):
            parts = name.split(".")
            if parts[0] != "yowo" or len(parts) < 2 or parts[1] == here:
                continue
            if FLOOR[parts[1]] >= FLOOR[here]:
                upward.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not upward


def test_every_module_has_a_floor():
    assert {room(path) for path in FILES} - set(FLOOR) == {"__init__", "__main__"}


def test_no_two_folders_need_each_other():
    """Also below the rooms, as yowo/commands/data and yowo/commands; the files beside the rooms have their floors."""
    needs = set()
    for path in FILES:
        here = path.parent.relative_to(PACKAGE.parent)
        for name in imported(path):
            target = Path(*name.split("."))
            if target.parts[0] == "yowo" and len(target.parts) > 1:
                folder = target if (ROOT / target).is_dir() else target.parent
                if folder != here and "yowo" not in (folder.as_posix(), here.as_posix()):
                    needs.add((here.as_posix(), folder.as_posix()))
    both = {pair for pair in needs if pair[::-1] in needs}
    assert not both


def test_no_room_is_larger_than_a_fifth_of_the_package():
    lines = {}
    for path in FILES:
        lines[room(path)] = lines.get(room(path), 0) + len(path.read_text().splitlines())
    assert not {name: count for name, count in lines.items() if count > LARGEST_ROOM * sum(lines.values())}


def test_every_room_says_at_its_door_what_it_offers():
    for folder in sorted({path.parent for path in FILES} - {PACKAGE, PACKAGE / "commands"}):
        door = import_module(".".join(folder.relative_to(ROOT).parts))
        assert door.__doc__, folder
        if folder.parent == PACKAGE:
            assert door.__all__ and all(getattr(door, name) is not None for name in door.__all__)


@pytest.mark.parametrize(
    ("library", "home"),
    [("hydra", HYDRA_AT_HOME), ("omegaconf", HYDRA_AT_HOME), ("lightning", LIGHTNING_AT_HOME)],
)
def test_hydra_omegaconf_and_lightning_stay_at_home(library, home):
    strays = [
        str(path.relative_to(PACKAGE))
        for path in FILES
        if any(name.split(".")[0] == library for name in imported(path))
        and room(path) not in home
        and str(path.relative_to(PACKAGE)) not in home
    ]
    assert not strays


def test_nothing_below_the_configuration_reads_its_files():
    strays = [
        str(p.relative_to(PACKAGE)) for p in FILES if room(p) not in HYDRA_AT_HOME and "conf_dir" in p.read_text()
    ]
    assert not strays


def test_every_option_of_the_data_is_an_argument_of_the_data_module_or_known_to_the_builder():
    shared = yaml.safe_load((CONF / "data_module.yaml").read_text())
    module, _, name = shared["_target_"].rpartition(".")
    arguments = inspect.signature(getattr(import_module(module), name)).parameters
    of_the_builder = {"_target_", "root", "image_size", "mean", "std", "score_threshold", "show_threshold", "monitor"}
    of_the_builder |= {"top_k", "max_detections", "max_boxes", "max_parts"}
    of_the_source = {"recipe", "train_videos", "val_videos", "on_unreadable", "source"}
    assert set(shared) - of_the_builder - of_the_source <= set(arguments)


def test_files_and_functions_are_small():
    large = [f"{p.relative_to(ROOT)}: {n} lines" for p in FILES if (n := len(p.read_text().splitlines())) > MAX_FILE]
    for path in FILES:
        for node in functions(path):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION:
                large.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {length} lines")
    assert not large
    assert len((PACKAGE / "training" / "module.py").read_text().splitlines()) <= MAX_MODULE


def test_configurations_are_small():
    assert not [f for f in CONF.rglob("*.yaml") if len(f.read_text().splitlines()) > MAX_YAML]


def test_public_names_are_documented_and_typed():
    bare = []
    for path in FILES:
        module = tree(path)
        if not ast.get_docstring(module) and path.name != "__init__.py":
            bare.append(str(path))
        nested = {inner for outer in functions(path) for inner in ast.walk(outer) if inner is not outer}
        for node in nodes(path):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                overload = any(ast.unparse(d) == "overload" for d in node.decorator_list)
                if not ast.get_docstring(node) and node not in nested and not overload:
                    bare.append(f"{path}:{node.lineno} {node.name}")
    assert not bare


def test_no_room_is_called_utils():
    names = {part.removesuffix(".py") for path in FILES for part in path.relative_to(PACKAGE).parts}
    assert not names & ROOMS_WITHOUT_A_NAME


def test_users_are_told_by_errors_and_not_by_print_exit_or_assert():
    wrong = []
    for path in FILES:
        for node in nodes(path):
            if isinstance(node, ast.Assert) or (isinstance(node, ast.ExceptHandler) and node.type is None):
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
            if isinstance(node, ast.Call):
                call = ast.unparse(node.func)
                exits = call in ("exit", "quit") or (call == "sys.exit" and room(path) != "commands")
                if call == "print" or exits:
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} {call}")
    assert not wrong


def test_tests_mirror_the_package():
    missing = []
    for path in FILES:
        relative = path.relative_to(PACKAGE)
        if path.name in ("__init__.py", "__main__.py"):
            continue
        if not (ROOT / "tests" / relative.parent / f"test_{path.name}").exists():
            missing.append(str(relative))
    assert not missing


def test_every_expected_error_states_its_words():
    loose = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in (ROOT / "tests").rglob("test_*.py")
        if "pytest.raises" in path.read_text()
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "pytest.raises"
        and not any(keyword.arg == "match" for keyword in node.keywords)
    ]
    assert not loose


def test_nothing_large_and_no_picture_of_others_is_committed():
    large = [p for p in (ROOT / "tests").rglob("*") if p.is_file() and p.stat().st_size > 500_000]
    assert not large


EXCLUSIVE = {"hydra"}
OF_DETECT = {"reader"}
"""Groups of `yowo detect` alone."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "override",
    [f"{group}={choice}" for group in groups() if group not in EXCLUSIVE | OF_DETECT for choice in choices(group)],
)
@pytest.mark.long
def test_every_choice_of_every_group_composes(override, tmp_path):
    group, _, choice = override.partition("=")
    root = [f"dataset.root={project(tmp_path)}"] if choice.startswith("custom") else []
    dataset = ["dataset=ucf24"] if override == "recipe=released" else []
    if package := {"sweep=parallel": "joblib", "sweep=slurm": "submitit"}.get(override):  # Hydra's plugin brings a node
        pytest.importorskip(package)
    config = compose_config("train", [override, *dataset, *root])
    assert set(config) >= {"model", "dataset", "trainer", "optimizer"}
    if group in ("model", "dataset"):
        assert config[group].name == choice


@pytest.mark.parametrize("override", [f"{group}={choice}" for group in OF_DETECT for choice in choices(group)])
def test_every_choice_of_the_groups_of_detect_composes(override):
    register_checkpoint(None)
    assert compose_config("detect", ["model=yowo_tiny", "dataset=motion", override])


@pytest.mark.parametrize("root", ["train", "demo", "eval", "detect", "export"])
def test_every_root_composes(root):
    register_checkpoint(None)
    assert compose_config(root, ["model=yowo_tiny", "dataset=motion"] if root in ("eval", "detect", "export") else [])


def test_experiments_say_their_command():
    for path in (CONF / "experiment").glob("*.yaml"):
        assert f"yowo train experiment={path.stem} dataset.root=DIR" in path.read_text()


def test_every_target_of_ours_exists():
    for path in CONF.rglob("*.yaml"):
        for target in re.findall(r"_target_: (yowo\.\S+)", path.read_text()):
            module, _, name = target.rpartition(".")
            assert hasattr(import_module(module), name), f"{path}: {target}"


def test_yaml_files_say_what_they_are():
    for path in (CONF / "experiment").glob("*.yaml"):
        assert yaml.safe_load(path.read_text()).keys() >= {"defaults"}
