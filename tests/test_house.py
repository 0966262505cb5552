"""The rules of the house that can be tested: layers, sizes, words, and every configuration composes."""

import ast
import re
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT
from tests.make_data import project
from yowo.config import choices, compose_config, groups, register_checkpoint

PACKAGE = ROOT / "yowo"
CONF = ROOT / "conf"
FILES = sorted(PACKAGE.rglob("*.py"))
LAYERS = (
    ("errors", "contracts"),
    ("conf_files", "boxes", "video"),
    ("data", "models", "tubes", "losses"),
    ("evaluation", "inference", "weights"),
    ("training",),
    ("config", "config_checks", "config_from_data"),
    ("api",),
    ("commands",),
)
CONFIG = {"config", "config_checks", "config_from_data"}  # one room, in three files
LAYER = {name: level for level, names in enumerate(LAYERS) for name in names}
HYDRA_AT_HOME = {"config", "commands"}
LIGHTNING_AT_HOME = {"training", "config", "commands", "data/datamodule.py"}
MAX_FILE, MAX_FUNCTION, MAX_MODULE, MAX_YAML = 350, 80, 150, 50
ROOMS_WITHOUT_A_NAME = {"utils", "util", "misc", "common", "helpers", "helper", "tools"}


def room(path: Path) -> str:
    """The first name below the package: `boxes` of yowo/boxes/nms.py, `api` of yowo/api.py."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def functions(path: Path) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef)]


def test_modules_import_lower_layers_only():
    upward = []
    for path in FILES:
        here = room(path)
        if here not in LAYER:
            continue
        for name in imported(path):
            parts = name.split(".")
            if parts[0] != "yowo" or len(parts) < 2 or parts[1] == here:
                continue
            if LAYER[parts[1]] >= LAYER[here] and not {here, parts[1]} <= CONFIG:
                upward.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not upward


def test_every_module_has_a_layer():
    assert {room(path) for path in FILES} - set(LAYER) == {"__init__", "__main__"}


@pytest.mark.parametrize(("library", "home"), [("hydra", HYDRA_AT_HOME), ("lightning", LIGHTNING_AT_HOME)])
def test_hydra_and_lightning_stay_at_home(library, home):
    strays = [
        str(path.relative_to(PACKAGE))
        for path in FILES
        if any(name.split(".")[0] == library for name in imported(path))
        and room(path) not in home
        and str(path.relative_to(PACKAGE)) not in home
    ]
    assert not strays


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
        for node in ast.walk(module):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                nested = any(
                    isinstance(outer, ast.FunctionDef) and node is not outer and node in ast.walk(outer)
                    for outer in ast.walk(module)
                )
                overload = any(ast.unparse(d) == "overload" for d in node.decorator_list)
                if not ast.get_docstring(node) and not nested and not overload:
                    bare.append(f"{path}:{node.lineno} {node.name}")
    assert not bare


def test_no_room_is_called_utils():
    names = {part.removesuffix(".py") for path in FILES for part in path.relative_to(PACKAGE).parts}
    assert not names & ROOMS_WITHOUT_A_NAME


def test_users_are_told_by_errors_and_not_by_print_exit_or_assert():
    wrong = []
    for path in FILES:
        for node in ast.walk(tree(path)):
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
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "pytest.raises"
        and not any(keyword.arg == "match" for keyword in node.keywords)
    ]
    assert not loose


def test_nothing_large_and_no_picture_of_others_is_committed():
    large = [p for p in (ROOT / "tests").rglob("*") if p.is_file() and p.stat().st_size > 500_000]
    assert not large


EXCLUSIVE = {"hydra"}


@pytest.mark.parametrize(
    "override",
    [f"{group}={choice}" for group in groups() if group not in EXCLUSIVE for choice in choices(group)],
)
def test_every_choice_of_every_group_composes(override, tmp_path):
    group, _, choice = override.partition("=")
    root = [f"dataset.root={project(tmp_path)}"] if choice.startswith("custom") else []
    config = compose_config("train", [override, *root])
    assert set(config) >= {"model", "dataset", "trainer", "optimizer"}
    if group in ("model", "dataset"):
        assert config[group].name == choice


@pytest.mark.parametrize("root", ["train", "demo", "eval", "detect"])
def test_every_root_composes(root):
    register_checkpoint(None)
    assert compose_config(root, ["model=yowo_tiny", "dataset=motion"] if root in ("eval", "detect") else [])


def test_experiments_say_their_command():
    for path in (CONF / "experiment").glob("*.yaml"):
        assert f"yowo train experiment={path.stem} dataset.root=DIR" in path.read_text()


def test_every_target_of_ours_exists():
    from importlib import import_module

    for path in CONF.rglob("*.yaml"):
        for target in re.findall(r"_target_: (yowo\.\S+)", path.read_text()):
            module, _, name = target.rpartition(".")
            assert hasattr(import_module(module), name), f"{path}: {target}"


def test_yaml_files_say_what_they_are():
    for path in (CONF / "experiment").glob("*.yaml"):
        assert yaml.safe_load(path.read_text()).keys() >= {"defaults"}
