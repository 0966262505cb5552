"""The site builds without a warning, and its reference has a page for every room."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT

ROOMS = sorted(path.parent.name for path in (ROOT / "yowo").glob("*/__init__.py"))


def mkdocs() -> list[str] | None:
    """The program: of this environment, or where `make docs` puts it; None where neither is there."""
    if find_spec("mkdocs") and find_spec("mkdocstrings_handlers") and find_spec("material"):
        return [sys.executable, "-m", "mkdocs"]
    own = ROOT / ".venv" / "docs" / "bin" / "mkdocs"
    return [str(own)] if own.exists() else None


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    program = mkdocs()
    if program is None:
        pytest.skip("needs mkdocs, which `make docs` installs (extra: docs)")
    folder = tmp_path_factory.mktemp("site")
    command = [*program, "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_room_has_a_page_of_the_reference_with_its_public_names(site):
    pages = {path.stem: path.read_text(encoding="utf-8") for path in (site / "api").glob("*.html")}
    assert set(pages) == {*ROOMS, "yowo"}
    for name in ("yowo.boxes.nms.nms_mask", "yowo.boxes.geometry.iou"):
        assert f'id="{name}"' in pages["boxes"]


def test_the_site_fetches_nothing_from_elsewhere(site):
    elsewhere = re.compile(r'<(?:script|link|img)[^>]*(?:src|href)="(?:https?:)?//(?!\S*canonical)[^"]*"')
    found = [f"{path.name}: {hit[0]}" for path in site.rglob("*.html") for hit in elsewhere.finditer(path.read_text())]
    assert not found


def test_every_page_of_the_navigation_exists():
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    nav = re.findall(r"^ *- (?:\w+: )?([\w-]+)\.md$", text, re.MULTILINE)
    docs = {path.stem for path in (ROOT / "docs").glob("*.md")}
    assert set(nav) == docs | {"index", "benchmarks", "contributing", "changelog"}


def test_make_docs_installs_what_the_extra_names():
    extra = re.search(r"^docs = (\[.*\])$", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    make = re.search(r"^DOCS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert extra and make
    named = {re.split(r"[<>=]", requirement)[0] for requirement in yaml.safe_load(extra[1])}
    assert named == {word.strip("'") for word in make[1].split()}
