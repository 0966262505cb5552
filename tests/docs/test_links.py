import pytest

from tests.conftest import ROOT
from tests.docs.pages import PAGES, anchors, links

NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_link_leads_to_a_file_and_a_heading_that_exist(page):
    broken = []
    for link in links(page):
        path, _, anchor = link.partition("#")
        if "://" in path:
            continue
        target = page if not path else page.parent / path
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert not broken


def test_readme_leads_to_every_page():
    linked = {(ROOT / link.partition("#")[0]).resolve() for link in links(ROOT / "README.md")}
    assert not [page.name for page in PAGES if page not in linked and page != ROOT / "README.md"]


def test_the_first_screen_says_what_it_is_shows_a_picture_and_two_commands():
    first = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:40]
    assert any(line.startswith("![") for line in first)
    assert any(line.startswith("make demo") for line in first) and any(line.startswith("make test") for line in first)
    assert any(line.startswith("**") for line in first)


def test_every_picture_is_shown():
    shown = {(page.parent / link).resolve() for page in PAGES for link in links(page)}
    assert not [path.name for path in (ROOT / "docs" / "pictures").iterdir() if path not in shown]
