"""`yowo data import`: converts annotations of other tools and data sets to a project folder."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from yowo.commands.options import OptionParser
from yowo.datasets.ava_annotation import read_class_list
from yowo.errors import AnnotationError, ConfigError
from yowo.importing.annotated import Annotated, Importer, ImportOptions, Place
from yowo.importing.box_numbers import FORMS, UNITS
from yowo.importing.collecting import Collector
from yowo.importing.fitting import places_of
from yowo.importing.formats import FORMATS
from yowo.importing.output_folder import check_output
from yowo.importing.project_writer import Summary, write_project
from yowo.importing.row_numbers import without_row_numbers
from yowo.progress import working
from yowo.projects.table import TableRow
from yowo.reports.narrow_tables import print_table
from yowo.video.video_folder import VideoFolder

EXAMPLES = """examples:
  yowo data import --from cvat annotations.xml --videos DIR --output runs/data/mine
  yowo data import --from coco train.json --val-source val.json --videos DIR --output runs/data/mine
  yowo data import --from label-studio export.json --videos DIR --output runs/data/mine
  yowo data import --from via project.json --videos DIR --output runs/data/mine
  yowo data import --from ava-csv train.csv --val-source val.csv --videos DIR --output runs/data/mine
  yowo data import --from simple-csv boxes.csv --videos DIR --output runs/data/mine
  yowo data import --from ucf24-labels labels/ --videos DIR --output runs/data/mine
  yowo data import --from mot gt.txt --videos DIR --output runs/data/mine
  yowo data import --from simple-csv yolo.csv --boxes cxcywh --units fractions --videos DIR --output runs/data/mine
then: yowo data check runs/data/mine, and yowo train dataset=custom dataset.root=runs/data/mine"""

TABLES = ("simple-csv", "ava-csv", "ucf24-labels", "mot")
USED_BY = {"boxes": TABLES, "units": TABLES, "min-score": ("simple-csv", "mot")}
"""Formats that use an option; the others would ignore it."""


def run(arguments: Sequence[str]) -> None:
    """Run the command with the arguments after `yowo data import`.

    Raises:
        ConfigError: An option is invalid.
        AnnotationError: The source is damaged; the message names file and row.
        DatasetError: A video is missing or cannot be read, or the output cannot be written.
    """
    options = parser().parse_args(arguments)
    if not 0 < options.val < 1:
        raise ConfigError(f"--val: expected a fraction above 0 and below 1, got {options.val}")
    _check_use(options)
    videos = VideoFolder(options.videos)
    check_output(options.output, [*options.source, *options.val_source], videos)
    rules = ImportOptions(
        classes=_class_names(options.classes),
        actions=options.actions,
        attributes=tuple(options.attribute),
        keep_occluded=not options.drop_occluded,
        first_frame=options.first_frame,
        start_second=options.start_second,
        boxes=options.boxes,
        units=options.units,
        min_score=options.min_score,
        together=(*options.source, *options.val_source),
    )
    read, held = _read(FORMATS[options.format], options.source, options.val_source, videos, rules)
    held_out = None
    if options.val_source:
        held_out = _videos_of(held)
        both = sorted(set(held_out) & set(_videos_of(read)))
        if both:
            raise AnnotationError(f"video {both[0]} is in a source and in a --val-source; leave it out of one of them")
    elif options.val_videos:
        held_out = [videos.find(name, "--val-videos") for name in _lines(options.val_videos)]
    with working(f"writing {options.output}", part=True):
        summary = write_project(
            options.output, videos, joined([*read, *held]), held_out, options.val, seed=options.seed, copy=options.copy
        )
    show(summary, options.output, Console())


def _check_use(options: argparse.Namespace) -> None:
    """Refuse options that the format does not use."""
    for name, formats in USED_BY.items():
        if getattr(options, name.replace("-", "_")) is not None and options.format not in formats:
            raise ConfigError(f"--{name}: {options.format} does not use it; it is for {', '.join(formats)}")


def _read(
    importer: Importer, sources: Sequence[Path], val_sources: Sequence[Path], videos: VideoFolder, rules: ImportOptions
) -> tuple[list[Annotated], list[Annotated]]:
    """Read all sources and all held-out sources.

    Raises:
        DamagedSourceError: Some are damaged; the message lists the problems of all.
    """
    read: tuple[list[Annotated], list[Annotated]] = ([], [])
    collector = Collector()
    for part, paths in zip(read, (sources, val_sources), strict=True):
        for path in paths:
            with collector.entry():
                part.append(importer(path, videos, rules))
    collector.require()
    return read


def parser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    made = OptionParser(
        prog="yowo data import",
        description="Convert annotations to a folder that dataset=custom trains on.",
        epilog=EXAMPLES,
    )
    made.add_argument("--from", dest="format", required=True, choices=list(FORMATS), help="format of the source")
    made.add_argument("source", nargs="+", type=Path, help="file or folder; several are merged")
    made.add_argument("--videos", type=Path, required=True, help="folder with videos, or with folders of pictures")
    made.add_argument("--output", type=Path, required=True, help="project folder to create")
    made.add_argument("--copy", action="store_true", help="copy the videos (default: link to them)")
    split = made.add_argument_group("split")
    split.add_argument(
        "--val", type=float, default=0.2, help="fraction of the boxes to hold out (0.2), in whole videos"
    )
    split.add_argument("--val-videos", type=Path, help="text file with the names of the videos to hold out")
    split.add_argument("--val-source", nargs="+", type=Path, default=[], help="sources whose videos are held out")
    split.add_argument("--seed", type=int, default=0, help="seed of the split and of the anchors (0)")
    reading = made.add_argument_group("reading")
    reading.add_argument("--classes", type=Path, help="names of the classes in order, one per line, or .pbtxt")
    reading.add_argument("--first-frame", type=int, help="number of a video's first frame (default: the format's)")
    reading.add_argument(
        "--boxes",
        choices=FORMS,
        help="tables: what the four numbers of a box are: corners, top left corner and size, or centre and size, as "
        "YOLO's (default: what the names of the columns or the format say)",
    )
    reading.add_argument(
        "--units", choices=UNITS, help="tables: unit of the boxes (default: by the numbers of the whole table)"
    )
    reading.add_argument(
        "--min-score", type=float, help="simple-csv, mot: leave out boxes with a lower score (default: keep all)"
    )
    reading.add_argument(
        "--start-second", type=float, default=0.0, help="ava-csv: timestamp in seconds at which the videos start (0)"
    )
    reading.add_argument(
        "--actions",
        choices=("auto", "labels", "attributes"),
        default="auto",
        help="cvat: whether labels or attributes are the actions (auto: the attributes of labels that have some)",
    )
    reading.add_argument(
        "--attribute", action="append", default=[], help="cvat: an attribute that is an action; can be repeated"
    )
    reading.add_argument("--drop-occluded", action="store_true", help="cvat, coco: leave out boxes marked as occluded")
    return made


def joined(read: Sequence[Annotated]) -> Annotated:
    """Merge the annotations of several sources; tracks of different sources stay separate."""
    read = [without_row_numbers(one) for one in read]
    if len(read) == 1:
        return read[0]
    rows: list[TableRow] = []
    places: list[Place] = []
    for number, one in enumerate(read):
        rows += [row._replace(track=f"{number}-{row.track}" if row.track else "") for row in one.rows]
        places += [place._replace(document=place.document or f"source {number + 1}") for place in places_of(one)]
    classes = dict.fromkeys(name for one in read for name in one.classes)
    return Annotated(rows, tuple(classes), list(dict.fromkeys(note for one in read for note in one.notes)), places)


def show(summary: Summary, output: Path, console: Console) -> None:
    """Print the content of the written project, and the commands that check it and train on it."""
    table = Table("class", title=f"{escape(str(output))}: {summary.tracks} tracks", title_justify="left")
    table.add_column("boxes", justify="right")
    for name in summary.classes:
        table.add_row(escape(name), str(summary.boxes[name]))
    print_table(console, table)
    for note in summary.notes:
        _say(console, f"note: {note}")
    train, val = (len(summary.videos[split]) for split in ("train", "val"))
    _say(console, f"videos: {train} for training, {val} held out (splits/)")
    if summary.multi_label:
        _say(console, "persons have several actions at once: multi_label is true (dataset.yaml)")
    sparse = summary.frame_step > 1
    test = " metric.test.video=null metric.test_frames=annotated" if sparse else ""
    if sparse:
        _say(console, f"about every {summary.frame_step}th frame is annotated: only these are evaluated, without tubes")
    _say(console, f"check: yowo data check {output}")
    _say(console, _next_step(output, train, val, test))


def _next_step(output: Path, train: int, val: int, test: str) -> str:
    """Return what to do with a project of so many training and held-out videos; `test` are options for its tests."""
    if not train:
        return (
            "warning: no video is left for training: hold out fewer (--val-videos, --val-source), or move names from "
            f"{output}/splits/val.txt to train.txt; a detector is evaluated on all of them with yowo eval "
            f"checkpoint=FILE dataset=custom dataset.root={output}{test}"
        )
    if not val:
        return (
            "warning: no video is held out, which training needs: annotate at least two videos, or cut the video in "
            "two, and import them again"
        )
    return f"train: yowo train dataset=custom dataset.root={output}{test} weights=FILE weights.reset_head=true"


def _say(console: Console, text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)


def _videos_of(read: Sequence[Annotated]) -> list[str]:
    return sorted({row.video for one in read for row in one.rows})


def _lines(path: Path) -> list[str]:
    """Return the non-empty lines of a text file.

    Raises:
        ConfigError: The file does not exist or is not text.
    """
    try:
        return [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: expected a text file with one name per line ({error})") from error


def _class_names(path: Path | None) -> tuple[str, ...] | None:
    """Read the names of the classes by number, from 1; a number that is missing in a .pbtxt gets an empty name."""
    if path is None:
        return None
    if path.suffix != ".pbtxt":
        return tuple(_lines(path))
    names = read_class_list(path)
    return tuple(names.get(number, "") for number in range(1, max(names) + 1))
