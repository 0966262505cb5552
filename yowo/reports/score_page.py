"""The report on scores as one HTML file: figures, classes, curves, confusions, kinds of errors, tubes over time."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yowo.evaluation.ava_ap import AvaAP
from yowo.evaluation.average_precision import precision_recall
from yowo.evaluation.error_types import KINDS, NEAR, ErrorTypes, error_types
from yowo.evaluation.tube_matching import best_overlaps_of_video
from yowo.evaluation.video_protocol import VideoScores
from yowo.reports.html_page import figures, heat_table, page, section, table
from yowo.reports.published import published_class_ap
from yowo.reports.score_tables import AVA_RULES, FRAMES
from yowo.reports.svg_charts import curve, grouped_bars, stacked_bars, timeline
from yowo.whole_file import whole_file

CURVE_POINTS = 120
WORST_VIDEOS = 8
SHOWN_TUBES = 6
TUBE_IOU = "0.5"
MENDED = ("localisation", "class", "duplicate", "background")


def write_video_report(scores: VideoScores, path: Path | str, title: str, protocol: str = "") -> None:
    """Write the report on frame-mAP and video-mAP.

    Args:
        scores: What scoring has computed.
        path: The file; it appears when it is complete.
        title: What was scored.
        protocol: "ucf24" puts the published figures beside.

    Raises:
        YowoError: It cannot be written.
    """
    errors = error_types(scores.matches["annotated"], scores.found, scores.boxes)
    rankings = [(match.hits(NEAR), match.num_truth) for match in scores.matches["annotated"]]
    sections = [
        figures(_headline(scores)),
        _by_class(scores, protocol),
        _curves(scores.classes, rankings, "frame AP at IoU 0.5"),
        _errors(scores.classes, errors),
        _confusion(scores.classes, errors),
        _worst_videos(scores),
    ]
    words = f"{len(scores.truth)} videos, {len(scores.table.video)} detections, linker {scores.linker}"
    with whole_file(Path(path)) as unfinished:
        unfinished.write_text(page(title, words, sections), encoding="utf-8")


def write_ava_report(scores: Mapping[str, AvaAP], classes: Mapping[int, str], path: Path | str, title: str) -> None:
    """Write the report on AVA's mAP.

    Args:
        scores: By rule.
        classes: Evaluated classes by action id.
        path: The file; it appears when it is complete.
        title: What was scored.

    Raises:
        YowoError: It cannot be written.
    """
    names = list(classes.values())
    official = scores["official"]
    order = np.argsort(-np.nan_to_num(official.ap, nan=-1.0), kind="stable")
    rows = [
        [names[place], *(_percent(result.ap[place]) for result in scores.values()), str(int(official.num_truth[place]))]
        for place in order.tolist()
    ]
    sections = [
        figures([(f"mAP, {rule.replace('_', ' ')}", _percent(r.map), AVA_RULES[rule]) for rule, r in scores.items()]),
        section(
            "AP by class",
            "Percent, by the four rules; the last column counts ground-truth boxes.",
            table(["class", *(rule.replace("_", " ") for rule in scores), "boxes"], rows),
        ),
        _curves(names, list(zip(official.hits, official.num_truth.tolist(), strict=True)), "the official rule"),
    ]
    with whole_file(Path(path)) as unfinished:
        unfinished.write_text(page(title, f"{len(names)} evaluated classes", sections), encoding="utf-8")


def _headline(scores: VideoScores) -> list[tuple[str, str, str]]:
    entries = [("frame-mAP@0.5", _percent(scores.frame[name].map), words) for name, words in FRAMES.items()]
    entries += [
        (f"video-mAP@{name}", _percent(score.map), f"linker {scores.linker}")
        for name, score in scores.video.items()
        if name in ("0.2", "0.5", "0.75", "0.5:0.95")
    ]
    return entries


def _by_class(scores: VideoScores, protocol: str) -> str:
    """Draw frame AP and video AP by class, beside the published figures where the data set is UCF101-24."""
    words = "Percent, at IoU 0.5."
    known = published_class_ap("yowo_plus") if protocol == "ucf24" else None
    if known is not None:
        words += " Published: YOWO-Plus as its authors report it, on all 910 test videos, by the linker yowo."
    series: list[tuple[str, Sequence[float]]] = [("frame AP", (100 * scores.frame["annotated"].ap).tolist())]
    if known is not None:
        series.append(("frame AP, published", [float(known["frame_ap"].get(name, np.nan)) for name in scores.classes]))
    if TUBE_IOU in scores.video:
        series.append((f"video AP, {scores.linker}", (100 * scores.video[TUBE_IOU].ap).tolist()))
        if known is not None:
            series.append(
                ("video AP, published", [float(known["video_ap"].get(name, np.nan)) for name in scores.classes])
            )
    chart = grouped_bars(scores.classes, series)
    shown = [name for name in ("0.2", "0.5", "0.75", "0.5:0.95") if name in scores.video]
    rows = [
        [name, _percent(scores.frame["annotated"].ap[place]), *(_percent(scores.video[t].ap[place]) for t in shown)]
        for place, name in enumerate(scores.classes)
    ]
    return section("AP by class", words, chart + table(["class", "frame AP", *(f"video AP@{t}" for t in shown)], rows))


def _curves(names: Sequence[str], rankings: Sequence[tuple[NDArray[np.bool_], int]], rule: str) -> str:
    panels = []
    for name, (hits, count) in zip(names, rankings, strict=True):
        if not count:
            continue
        precision, recall = precision_recall(hits, count)
        shown = np.unique(np.linspace(0, max(len(hits) - 1, 0), CURVE_POINTS).astype(int))[: len(hits)]
        note = f"{count} boxes"
        panels.append(curve(name, recall[shown], precision[shown], note))
    words = f"Recall to the right, precision upwards, both 0 to 1; one curve a class with ground truth, by {rule}."
    return section("Precision and recall", words, f'<div class="panels">{"".join(panels)}</div>')


def _errors(names: Sequence[str], errors: ErrorTypes) -> str:
    words = (
        "Of each class as many of its best-scored detections as it has ground-truth boxes. Duplicate: on a box that "
        "a better detection found. Localisation: IoU 0.1 to 0.5 with a box of its class. Class: IoU of 0.5 or more "
        "with a box of another class only. Background: the rest. Missed: boxes that none of these found."
    )
    header = ["class", *KINDS, "missed", *(f"AP if {kind} mended" for kind in MENDED)]
    rows = [
        [name, *map(str, errors.counts[place].tolist()), str(errors.missed[place])]
        + [f"{100 * gain:+.1f}" for gain in errors.gains[place].tolist()]
        for place, name in enumerate(names)
    ]
    chart = stacked_bars(names, KINDS, errors.counts)
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


def _worst_videos(scores: VideoScores) -> str:
    """Draw the tubes of the videos whose ground truth is found worst."""
    annotated = {name: tubes for name, tubes in scores.truth.items() if tubes}
    found = {name: best_overlaps_of_video(tubes, scores.tubes.get(name, [])) for name, tubes in annotated.items()}
    worst = sorted(found, key=lambda name: (float(np.mean(found[name])), name))[:WORST_VIDEOS]
    blocks = []
    for name in worst:
        truth, tubes = scores.truth[name], scores.tubes.get(name, [])
        length = int(scores.table.num_frames[scores.table.videos.index(name)])
        rows = []
        for number, (tube, best) in enumerate(zip(truth, found[name], strict=True)):
            words = f"truth {number + 1}: best {best:.2f}"
            rows.append((words, tube.start, tube.start + len(tube.boxes), 0, f"{scores.classes[tube.label]}, {words}"))
        wanted = {tube.label for tube in truth}
        for tube in sorted(tubes, key=lambda t: -t.score)[:SHOWN_TUBES]:
            words = f"{scores.classes[tube.label]} {tube.score:.2f}"
            colour = 3 if tube.label in wanted else 4
            rows.append((words, tube.start, tube.start + len(tube.boxes), colour, words))
        blocks.append(f'<div class="video"><b>{escape(name)}</b>{timeline(length, rows)}</div>')
    words = (
        f"The {len(worst)} videos whose ground-truth tubes are overlapped worst. Blue: ground truth, with the best "
        "tube IoU of any detected tube of its class; green: detected tubes of these classes with their scores; "
        "red: of others."
    )
    return section("Tubes over time", words, "".join(blocks))


def _percent(value: float) -> str:
    return "–" if np.isnan(value) else f"{100 * value:.2f}"
