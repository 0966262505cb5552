"""The table of `yowo info model=FILE`: what a file of `yowo export` says of itself."""

from pathlib import Path

from rich.table import Table

from yowo.inference.exported.facts import CLIP, STATE, ExportFacts, read_facts


def exported_table(path: str | Path) -> Table:
    """Describe an exported file, without the program that runs it.

    Args:
        path: The file.

    Raises:
        WeightsError: It cannot be read, or `yowo export` did not write it.
    """
    path = Path(path)
    facts = read_facts(path)
    table = Table("fact", "value", title=f"{path.name}: {facts.model} of {facts.dataset}, {facts.precision}")
    for name, value in _rows(path, facts):
        table.add_row(name, value)
    return table


def _rows(path: Path, facts: ExportFacts) -> list[tuple[str, str]]:
    """Return the rows of the table: names and values as text."""
    parts = [path, *([path.with_suffix(".bin")] if path.suffix.lower() == ".xml" else [])]
    size = sum(part.stat().st_size for part in parts if part.is_file())
    height, width = facts.image_size
    exclusive = "all exclude each other"
    if facts.exclusive_classes < len(facts.classes):
        exclusive = f"the first {facts.exclusive_classes} exclude each other"
    inputs = f"clips of {facts.clip_len} frames"
    if facts.streaming != CLIP:
        carried = "of the state" if facts.streaming == STATE else "of earlier steps"
        inputs = f"one frame at a time, and {len(facts.states['past'])} tensors {carried}"
    rows = [
        ("size", f"{size / 1e6:.1f} MB"),
        ("input", f"{inputs}, trained for {height} x {width}, sides multiples of {facts.levels[-1]['stride']}"),
        ("frames of a clip", f"{facts.clip_len}, {facts.dilation} apart"),
        ("normalisation", f"(RGB / 255 - {_numbers(facts.mean)}) / {_numbers(facts.std)}"),
        ("outputs", ", ".join([*facts.outputs, *(["detections"] if facts.detections else [])])),
        ("classes", f"{len(facts.classes)}, {exclusive}: {', '.join(facts.classes)}"),
    ]
    for level in facts.levels:
        pairs = ", ".join("none" if pair is None else f"{pair[0]:g} x {pair[1]:g}" for pair in level["anchors"])
        rows.append((f"anchors of stride {level['stride']}", pairs))
    if facts.detections is not None:
        inside = facts.detections
        rows.append(("detections", f"score above {inside['score_threshold']:g}, NMS at {inside['nms_threshold']:g}"))
        rows.append(("their columns", ", ".join(inside["columns"])))
    return [*rows, ("written by", f"yowo {facts.written_by}")]


def _numbers(values: list[float]) -> str:
    return f"[{', '.join(f'{value:g}' for value in values)}]"
