import pytest

from tests.docs.pages import anchors, blocks, commands, filled, links, words

PAGE = """# A page

See [there](other.md#part) and ![this](pictures/x.png), not `[this](code.md)`.

```bash
# a comment alone is no command
yowo train dataset.root=DIR \\
    weights=FILE   # a remark
PYTHONPATH=. yowo info
```

1. In a list:

    ```bash
    make test
    ```

## What `yowo` is: a list

```python
x = 1  # [no](link.md)
```
"""


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "page.md"
    path.write_text(PAGE)
    return path


def test_links_are_found_outside_code_only(page):
    assert links(page) == ["other.md#part", "pictures/x.png"]


def test_anchors_are_those_of_headings_and_not_of_comments(page):
    assert anchors(page) == {"a-page", "what-yowo-is-a-list"}


def test_commands_are_whole_lines_with_their_place(page):
    assert [place for place, _ in commands(page)] == ["page.md:6", "page.md:6", "page.md:15"]
    assert words(commands(page)[0][1], page) == ["yowo", "train", f"dataset.root={page}", "weights=weights.pth"]
    assert words(commands(page)[1][1], page) == ["yowo", "info"]
    assert words(commands(page)[2][1], page) == ["make", "test"]


def test_blocks_of_python_are_found_with_their_line(page):
    (block,) = blocks(page, "python")
    assert block.text == "x = 1  # [no](link.md)\n" and PAGE.splitlines()[block.line - 1].startswith("x = 1")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("dataset.root=DIR", "dataset.root=P"),
        ("DIR", "P"),
        ("runs/train/FOLDER/last.ckpt", "runs/train/2026-01-31_12-00-00/last.ckpt"),
        ("data/mine", "P"),
        ("FILENAME", "FILENAME"),
        ("weights/FILE.pth", "weights/FILE.pth"),
        ("yowo_DIR", "yowo_DIR"),
    ],
)
def test_stand_ins_are_whole_words(word, meant):
    assert filled(word, "P") == meant
