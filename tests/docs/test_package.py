"""What is in the wheel, and the files that describe the project to others."""

import re
import zipfile

import pytest
import yaml

from tests.conftest import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> set[str]:
    """The names in a wheel of this checkout."""
    builder = pytest.importorskip("hatchling.builders.wheel", reason="needs hatchling, which python -m build installs")
    made = next(iter(builder.WheelBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("dist")))))
    return set(zipfile.ZipFile(made).namelist())


def test_the_wheel_holds_the_package_its_data_and_the_configurations(wheel):
    package = {str(p.relative_to(ROOT)) for p in (ROOT / "yowo").rglob("*") if p.suffix in (".py", ".yaml", ".typed")}
    conf = {f"yowo/{p.relative_to(ROOT)}" for p in (ROOT / "conf").rglob("*.yaml")}
    assert "yowo/py.typed" in package and package | conf <= wheel


def test_the_wheel_holds_no_tests_and_no_benchmarks(wheel):
    assert {name.split("/")[0] for name in wheel if ".dist-info" not in name} == {"yowo", "yowo_lightning.py"}


def test_the_package_says_that_it_is_typed():
    assert (ROOT / "yowo" / "py.typed").is_file()


def test_the_citation_has_the_version_of_the_package():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    version = re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version and str(cited["version"]) == version[1]
    assert {"cff-version", "title", "message", "authors", "license"} <= set(cited)


def test_hooks_and_workflow_call_what_make_and_ci_offer():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert {repo["repo"] for repo in hooks} == {"local"}
    assert {hook["entry"].split()[1] for repo in hooks for hook in repo["hooks"]} <= targets
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())["jobs"]
    runs = {step["run"] for job in jobs.values() for step in job["steps"] if "run" in step}
    assert runs == {".ci/run", "make docs"} and (ROOT / ".ci" / "run").stat().st_mode & 0o111
    oldest = re.search(r'requires-python = ">=(.*)"', (ROOT / "pyproject.toml").read_text())
    assert oldest and jobs["test"]["strategy"]["matrix"]["python"][0] == oldest[1]
