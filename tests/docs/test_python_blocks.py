"""Every block of Python in the documentation compiles and names what exists."""

import ast
from importlib import import_module

import pytest

from tests.docs.pages import PAGES, blocks

BLOCKS = [block for page in PAGES for block in blocks(page, "python")]


def missing_names(text: str) -> list[str]:
    """Return the names of the package that a block uses and that are not there."""
    missing = []
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "yowo":
            module = import_module(str(node.module))
            missing += [f"{node.module}.{a.name}" for a in node.names if not hasattr(module, a.name)]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "yowo":
            missing += [] if hasattr(import_module("yowo"), node.attr) else [f"yowo.{node.attr}"]
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "yowo":
                    import_module(alias.name)
    return missing


@pytest.mark.parametrize("block", BLOCKS, ids=[f"{block.page.name}:{block.line}" for block in BLOCKS])
def test_a_block_compiles_and_its_names_exist(block):
    compile(block.text, f"{block.page.name}:{block.line}", "exec")
    assert not missing_names(block.text)


def test_a_name_that_does_not_exist_would_be_found():
    text = "import yowo\nfrom yowo.tubes.linkers import nothing\nyowo.nobody()"
    assert missing_names(text) == ["yowo.tubes.linkers.nothing", "yowo.nobody"]


def test_the_backbone_of_the_tutorial_works_in_a_detector():
    import torch

    import yowo

    (block,) = [block for block in BLOCKS if "class SmallBackbone" in block.text]
    names: dict = {"__name__": "small_backbone"}
    exec(compile(block.text, "small_backbone", "exec"), names)
    backbone = names["SmallBackbone"](width=4)
    assert backbone(torch.zeros(1, 3, 8, 96, 128)).shape == (1, backbone.out_channels, 3, 4)
    assert yowo.build_model("yowo_tiny", "motion").backbone3d.out_channels > 0
