"""Names of classes that a source gives as numbers."""

from collections.abc import Sequence

from yowo.errors import AnnotationError
from yowo.importing.annotated import Place
from yowo.importing.collecting import Collector
from yowo.projects.table import TableRow


def named_rows(
    collector: Collector, rows: Sequence[TableRow], places: Sequence[Place], classes: Sequence[str]
) -> tuple[list[TableRow], list[Place]]:
    """Replace numbers as labels by names; labels that are one of the names stay.

    Numbers count from 1, or from 0 if one of them is 0.

    Args:
        collector: Takes labels that are neither, as problems, and a note if numbers count from 0.
        rows: Rows whose labels are texts.
        places: Where each row comes from.
        classes: Names of the classes in the order of their numbers.

    Returns:
        The rows with a known class, and their places.
    """
    numbers = {row.label: float(row.label) for row in rows if row.label.replace(".", "", 1).isdecimal()}
    first = 0 if 0 in numbers.values() else 1
    if numbers and first == 0:
        collector.note("class numbers count from 0")
    kept: list[TableRow] = []
    origins: list[Place] = []
    for row, place in zip(rows, places, strict=True):
        with collector.entry():
            number = numbers.get(row.label, 0.5) - first
            label = row.label
            if label not in classes:
                if not number.is_integer() or not 0 <= number < len(classes):
                    raise AnnotationError(
                        f"{place.entry}: class: expected {first} to {len(classes) - 1 + first}, got {label}; name the "
                        "classes with --classes FILE"
                    )
                label = classes[int(number)]
            kept.append(row._replace(label=label))
            origins.append(place)
    return kept, origins
