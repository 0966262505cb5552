"""The report on scores as one HTML file: figures, classes, curves, kinds of errors, confusions, tubes over time.

A section is left out where its data are absent, so that metrics of any kind get a page.
"""

import math
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from yowo.evaluation.error_types import KINDS, ErrorTypes
from yowo.evaluation.score_details import ClassRanking, ScoreDetails, VideoTubes
from yowo.reports.chart_output import inline_svg
from yowo.reports.charts import class_bars, error_bars, recall_curves, tube_bars
from yowo.reports.html_elements import figures, heat_table, page, section, table
from yowo.reports.number_text import percent
from yowo.reports.published import published_class_ap
from yowo.reports.score_figures import class_columns, score_figures, usual_columns
from yowo.whole_file import whole_file

PUBLISHED_MODEL = "yowo_plus"
"""The model whose published AP by class stands beside ours."""


def write_page(path: Path | str, title: str, metrics: Mapping[str, Any], details: ScoreDetails) -> None:
    """Write the report on scores.

    Args:
        path: The file; it appears when it is complete.
        title: What was scored.
        metrics: Content of metrics.json, fractions 0..1.
        details: What the metrics offer beyond it.

    Raises:
        YowoError: It cannot be written.
    """
    sections = [_figures(metrics)]
    columns = class_columns(metrics)
    if columns:
        sections.append(_by_class(metrics, columns, details.rankings))
    if any(ranking.num_truth for ranking in details.rankings):
        sections.append(_curves(details))
    if details.errors is not None:
        sections += [_errors(details.classes, details.errors), _confusion(details.classes, details.errors)]
    if details.worst_videos:
        sections.append(_tubes(details.worst_videos, details.classes))
    with whole_file(Path(path)) as unfinished:
        unfinished.write_text(page(title, details.about, sections), encoding="utf-8")


def _chart(figure: Figure, label: str, prefix: str) -> str:
    return f'<div class="scroll">{inline_svg(figure, label, prefix)}</div>'


def _figures(metrics: Mapping[str, Any]) -> str:
    shown = [figure for figure in score_figures(metrics) if figure.shown_by_class]
    rows = []
    for name, value, rule, published, _ in shown:
        known = "" if published is None else f"; published: {percent(published)}"
        rows.append((name, percent(value), f"{rule}{known}"))
    return figures(rows)


def _by_class(
    metrics: Mapping[str, Any], columns: Mapping[str, Mapping[str, float | None]], rankings: Sequence[ClassRanking]
) -> str:
    """Show AP by class, best first, beside the published figures where the classes are those of UCF101-24."""
    words = "Percent, the best class first."
    published = published_class_ap(PUBLISHED_MODEL) or {}
    series: dict[str, Mapping[str, float]] = {}
    for group, name, by_class in usual_columns(metrics):
        series[name] = by_class
        known = published.get(group, {})
        if set(known) == set(by_class):
            series[f"{name}, published"] = {label: value / 100 for label, value in known.items()}
    if len(series) > len(usual_columns(metrics)):
        words += " Published: YOWO-Plus as its authors report it, on all 910 test videos, by the linker yowo."
    first = next(iter(series.values()))
    classes = sorted(first, key=lambda label: math.inf if math.isnan(first[label]) else -first[label])
    ordered = {name: {label: values.get(label, math.nan) for label in classes} for name, values in series.items()}
    boxes = {ranking.name: ranking.num_truth for ranking in rankings}
    counted = ["boxes"] if boxes else []
    rows = [
        [label, *(percent(values.get(label)) for values in columns.values())]
        + [str(boxes.get(label, "")) for _ in counted]
        for label in classes
    ]
    if boxes:
        words += " Boxes: ground truth of the class."
    chart = _chart(class_bars(ordered), "AP by class", "classes")
    return section("AP by class", words, chart + table(["class", *columns, *counted], rows))


def _curves(details: ScoreDetails) -> str:
    words = (
        "Recall to the right, precision upwards, both from 0 to 1; one curve for each class with ground truth, by "
        f"{details.ranking_rule}."
    )
    chart = _chart(recall_curves(details.rankings), "precision and recall of each class", "curves")
    return section("Precision and recall", words, chart)


def _errors(names: Sequence[str], errors: ErrorTypes) -> str:
    words = (
        "Of each class, as many of its best-scored detections as it has ground-truth boxes. Duplicate: on a box that "
        "a better detection found. Localisation: IoU 0.1 to 0.5 with a box of its class. Class: IoU of 0.5 or more "
        "with a box of another class only. Background: the rest. Missed: boxes that none of these found. The last "
        "columns: what AP would gain if all errors of a kind were corrected."
    )
    header = ["class", *KINDS, "missed", *(f"AP, {kind} corrected" for kind in KINDS[1:])]
    rows = [
        [name, *map(str, errors.counts[place].tolist()), str(errors.missed[place])]
        + [f"{100 * gain:+.1f}" for gain in errors.gains[place].tolist()]
        for place, name in enumerate(names)
    ]
    chart = _chart(error_bars(names, KINDS, errors.counts), "kinds of errors of each class", "errors")
    return section("Kinds of errors", words, chart + table(header, rows, turned=True))


def _confusion(names: Sequence[str], errors: ErrorTypes) -> str:
    words = (
        "The false positives among the same detections: a row is the class that was detected, a column the class of "
        "the ground-truth box that they overlap best, if by 0.5 or more; on the diagonal are duplicates."
    )
    shown = [place for place in range(len(names)) if errors.confusion[place].any()]
    counts = [errors.confusion[place].tolist() for place in shown]
    heat = heat_table([names[place] for place in shown], [*names, "none"], counts)
    return section("Which class the false positives take", words, heat)


def _tubes(videos: Sequence[VideoTubes], classes: Sequence[str]) -> str:
    """Show the tubes of the videos whose ground truth is found worst."""
    words = (
        f"The {len(videos)} videos whose ground-truth tubes are overlapped worst. Blue: ground truth, with the best "
        "tube IoU of any detected tube of its class. Green: detected tubes of these classes, with their scores. "
        "Red: detected tubes of other classes."
    )
    blocks = []
    for place, video in enumerate(videos):
        chart = _chart(tube_bars(video, classes), f"tubes of {video.name} over time", f"tubes{place}")
        blocks.append(f'<div class="video"><b>{escape(video.name)}</b>{chart}</div>')
    return section("Tubes over time", words, "".join(blocks))
