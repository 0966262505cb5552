"""Measure the linkers on detections that no published figure is about, and on a file of detections.

    python -m tests.tubes.measure_linkers finalAnnots.mat detections.npz

The detections are made from videos that the file does not list. Percent of video-mAP.
"""

import sys

import numpy as np
import scipy.io

from tests.synthetic_detections import detections_of
from tests.varied_detections import NOISE, varied_detections
from yowo.datasets.class_lists import class_names
from yowo.evaluation.detection_table import DetectionTable
from yowo.evaluation.video_protocol import score_table
from yowo.evaluation.video_truth import read_truth
from yowo.tubes.linkers import make_linker

LINKERS = ("yowo", "trimmed", "online")
SHOWN = ("0.2", "0.5", "0.75", "0.5:0.95")
CLASSES = tuple(class_names("ucf24").values())


def lengths(annotations):
    """Frames of each video."""
    videos = scipy.io.loadmat(annotations)["annot"][0]
    return {str(video["name"][0]): int(video["num_imgs"].reshape(-1)[0]) for video in videos}


def draw(truth, num_frames, seed, per_class, without=()):
    """Draw annotated videos of each class: their tubes, and their frames."""
    random = np.random.default_rng([seed, per_class])
    drawn = {}
    for label in CLASSES:
        known = [name for name in truth if name.startswith(f"{label}/") and truth[name] and name not in without]
        drawn |= {name: truth[name] for name in sorted(random.choice(known, per_class, replace=False))}
    ends = {name: max(tube.start + len(tube.boxes) for tube in tubes) for name, tubes in drawn.items()}
    return drawn, {name: max(num_frames[name], end) for name, end in ends.items()}


def made(truth, num_frames, kind, seed, per_class=3, without=()):
    """Make detections of one kind, and give the ground truth of their videos."""
    drawn, frames = draw(truth, num_frames, seed, per_class, without)
    if kind == "synthetic":
        return detections_of(drawn, frames, len(CLASSES), seed), drawn
    return varied_detections(drawn, frames, len(CLASSES), NOISE[kind], seed), drawn


def measure(linker, sets):
    """Return the mean over sets of video-mAP in percent at each threshold shown."""
    scores = [score_table(table, truth, CLASSES, linker).video for table, truth in sets]
    return np.mean([[100 * score[name].map for name in SHOWN] for score in scores], axis=0)


def main(annotations, detections, seeds=(101, 102, 103)):
    """Print a line a kind of detections and linker, then APs by class on the file."""
    truth, num_frames, table = read_truth(annotations, CLASSES), lengths(annotations), DetectionTable.load(detections)
    file = [(table, {name: truth[name] for name in table.videos})]
    linkers = {name: make_linker(name) for name in LINKERS}
    for kind in ("synthetic", *NOISE):
        sets = [made(truth, num_frames, kind, seed, without=set(table.videos)) for seed in seeds]
        for name, linker in linkers.items():
            print(f"{kind:10} {name:8}", *(f"{value:6.1f}" for value in measure(linker, sets)), flush=True)
    for name, linker in linkers.items():
        print(f"{'file':10} {name:8}", *(f"{value:6.2f}" for value in measure(linker, file)), flush=True)
    scores = [score_table(*file[0], CLASSES, linker).video for linker in linkers.values()]
    for index, label in enumerate(CLASSES):
        values = (score[name].ap[index] for name in ("0.2", "0.5", "0.5:0.95") for score in scores)
        print(f"{label:20}", *(f"{100 * value:6.1f}" for value in values))


if __name__ == "__main__":
    main(*sys.argv[1:])
