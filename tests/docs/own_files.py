"""The files that docs/own-configurations.md shows, written as its reader writes them."""

from pathlib import Path

from tests.conftest import ROOT
from tests.docs.pages import blocks
from tests.make_data import pictures, write_video

PAGE = ROOT / "docs" / "own-configurations.md"


def write_own_files(folder: Path) -> Path:
    """Write each block whose first line is a comment with a file's name, and a few videos; return the folder."""
    for block in (*blocks(PAGE, "yaml"), *blocks(PAGE, "python")):
        name, _, text = block.text.partition("\n")
        path = folder / name.removeprefix("# ")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for seed, name in enumerate(("wave_0", "wave_1", "jump_1")):
        write_video(folder / "videos" / f"{name}.mp4", pictures(24, seed))
    return folder
