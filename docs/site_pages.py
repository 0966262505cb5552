"""Pages of the site that are not files of docs/: README, CONTRIBUTING, CHANGELOG, benchmarks, and the API reference.

A hook of MkDocs (`hooks` in mkdocs.yml). Nothing is imported from the package: the reference is read from its source.
"""

import ast
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "yowo"
OUTSIDE = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "benchmarks/README.md": "benchmarks.md",
    "CITATION.cff": "CITATION.cff",
}
"""Files outside docs/ by path from the root, and their names on the site."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add a page for each room of the package to the navigation."""
    config.nav = [*(config.nav or []), {"API reference": [f"api/{name}.md" for name in rooms()]}]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the files outside docs/ and the pages of the reference."""
    pages = {name: (ROOT / path).read_text(encoding="utf-8") for path, name in OUTSIDE.items()}
    pages |= {f"api/{name}.md": room_page(name, modules) for name, modules in rooms().items()}
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point links at the places that files have on the site."""
    return re.sub(r"(?<=\]\()(?![a-z]+:)([^)#\s]+)", lambda found: site_path(found[1]), markdown)


def site_path(link: str) -> str:
    """Return where a link of a page leads on the site; pages of docs/ and those beside it end up in one folder."""
    path = link.removeprefix("../")
    return OUTSIDE.get(path, path.removeprefix("docs/"))


def rooms() -> dict[str, list[str]]:
    """Return the modules of each room; files beside the rooms are one, called yowo."""
    found: dict[str, list[str]] = {"yowo": []}
    for path in sorted(PACKAGE.rglob("*.py")):
        relative = path.relative_to(PACKAGE)
        if path.name == "__main__.py" or (path.name == "__init__.py" and len(relative.parts) != 1):
            continue
        room = relative.parts[0] if len(relative.parts) > 1 else "yowo"
        name = ".".join(("yowo", *relative.with_suffix("").parts)).removesuffix(".__init__")
        if name != "yowo":
            found.setdefault(room, []).append(name)
    return found


def room_page(room: str, modules: list[str]) -> str:
    """Return the page of a room: what its door says, then each module."""
    door = PACKAGE / "__init__.py" if room == "yowo" else PACKAGE / room / "__init__.py"
    about = ast.get_docstring(ast.parse(door.read_text(encoding="utf-8"))) or ""
    title = "yowo" if room == "yowo" else f"yowo.{room}"
    return "\n\n".join([f"# {title}", about, *(f"::: {name}" for name in modules)]) + "\n"
