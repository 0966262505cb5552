"""The paper's linker: paths through all frames of a video by dynamic programming (rules 3 to 8 of its video-mAP).

Many paths are found at once: a lane is a class of a video, and the frames of all lanes are walked through together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from yowo.contracts import Tube
from yowo.tubes.overlap import tube_iou

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
LANE_ROOM = 4_000_000
"""Link scores that are held at once: bounds the memory, about 50 bytes each."""


@dataclass(frozen=True, slots=True)
class VideoDetections:
    """Detections of one video, a row a box and class.

    Attributes:
        frames: int64 [N], position of the frame in the video, from 0, rising.
        labels: int64 [N], class from 0.
        scores: float32 [N].
        boxes_xyxy: float32 [N, 4], pixels.
        num_frames: Frames of the video.
    """

    frames: Ints
    labels: Ints
    scores: Floats
    boxes_xyxy: Floats
    num_frames: int


class Linker(Protocol):
    """What links the detections of a video to tubes. A linker that links video by video inherits `link_videos`."""

    def __call__(self, detections: VideoDetections, num_classes: int) -> list[Tube]:
        """Link one video; arguments and result as of `link_videos`."""

    def link_videos(self, videos: Sequence[VideoDetections], num_classes: int) -> list[list[Tube]]:
        """Link the detections of videos to tubes.

        Args:
            videos: Their detections.
            num_classes: C; labels are below it.

        Returns:
            Tubes of each video by class, within a class best score first; boxes in pixels.
        """
        return [self(video, num_classes) for video in videos]


@dataclass(frozen=True, slots=True)
class LinkedPaths:
    """The paths of one class in one video, in the order in which they are found.

    Attributes:
        rows: int64 [P, F], for each frame the row of the box among the video's detections; a frame without a detection
            of the class has a row of another frame.
        scores: float32 [P], mean score of each path.
        kept: Places of the paths that survive suppression, best score first.
    """

    rows: Ints
    scores: Floats
    kept: tuple[int, ...]


class YowoLinker(Linker):
    """The linker of the published video-mAP: every tube spans its whole video."""

    def __init__(self, max_paths: int = 3, nms_threshold: float = 0.3, product_weight: float = 0.5) -> None:
        """Hold the parameters; the defaults are the protocol's.

        Args:
            max_paths: Most paths of a class in a video.
            nms_threshold: A path is dropped if its tube IoU with a better one is above this.
            product_weight: Weight of the product of two scores in a link's score.
        """
        self.max_paths = max_paths
        self.nms_threshold = nms_threshold
        self.product_weight = product_weight

    def __call__(self, detections: VideoDetections, num_classes: int) -> list[Tube]:
        """Link one video; see `link_videos`."""
        return self.link_videos([detections], num_classes)[0]

    def link_videos(self, videos: Sequence[VideoDetections], num_classes: int) -> list[list[Tube]]:
        """Link the detections of videos to tubes.

        Args:
            videos: Their detections.
            num_classes: C; labels are below it.

        Returns:
            Tubes of each video by class, within a class best score first; boxes in pixels, scores are means.
        """
        result: list[list[Tube]] = [[] for _ in videos]
        for (index, label), paths in sorted(self.find_paths(videos, num_classes).items()):
            for place in paths.kept:
                boxes = videos[index].boxes_xyxy[paths.rows[place]]
                result[index].append(Tube(label, 0, boxes, float(paths.scores[place])))
        return result

    def find_paths(self, videos: Sequence[VideoDetections], num_classes: int) -> dict[tuple[int, int], LinkedPaths]:
        """Find all paths of each class in each video.

        Args:
            videos: Their detections.
            num_classes: C; labels are below it.

        Returns:
            Paths by index of the video and class; classes without a detection in a video have none.
        """
        lanes = [lane for index, video in enumerate(videos) for lane in _lanes(index, video, num_classes)]
        found = {}
        for group in _groups(lanes):
            for lane, rows in zip(group, self._link(group, videos), strict=True):
                video = videos[lane.video]
                scores = np.array([np.mean(video.scores[path]) for path in rows], dtype=np.float32)
                tubes = [Tube(lane.label, 0, video.boxes_xyxy[path]) for path in rows]
                kept = suppress(tubes, scores, self.nms_threshold)
                found[lane.video, lane.label] = LinkedPaths(rows, scores, kept)
        return found

    def _link(self, lanes: Sequence["Lane"], videos: Sequence[VideoDetections]) -> list[Ints]:
        """Find the paths of lanes that are sorted by falling length; int64 [P, F] rows for each."""
        lengths = np.array([videos[lane.video].num_frames for lane in lanes])
        width = max(lane.width for lane in lanes)
        table = np.full((int(lengths[0]), len(lanes), width), -1, dtype=np.int64)
        boxes = np.zeros((*table.shape, 4), dtype=np.float32)
        scores = np.zeros(table.shape, dtype=np.float32)
        for place, lane in enumerate(lanes):
            rows = lane.rows_by_frame()
            table[: len(rows), place, : rows.shape[1]] = rows
            filled = table[: len(rows), place]
            boxes[: len(rows), place] = videos[lane.video].boxes_xyxy[filled]
            scores[: len(rows), place] = videos[lane.video].scores[filled]
        links = link_scores(boxes[:-1], scores[:-1], boxes[1:], scores[1:], self.product_weight)
        gone = np.where(table < 0, np.float32(-np.inf), np.float32(0))
        fewest = np.where(np.arange(len(table))[:, None] < lengths, (table >= 0).sum(axis=2), width + 1).min(axis=0)
        limit = np.minimum(fewest, self.max_paths)
        chosen = []
        for _ in range(int(limit.max())):
            index = _best_path(links, gone, lengths)
            chosen.append(np.take_along_axis(table, index[:, :, None], axis=2)[:, :, 0])
            np.put_along_axis(gone, index[:, :, None], np.float32(-np.inf), axis=2)
        return [
            np.stack([path[:length, place] for path in chosen[:count]])
            for place, (length, count) in enumerate(zip(lengths.tolist(), limit.tolist(), strict=True))
        ]


@dataclass(frozen=True, slots=True)
class Lane:
    """One class of one video.

    Attributes:
        video: Index of the video.
        label: The class.
        rows: int64 [n], rows of the class among the video's detections.
        first: int64 [F], for each frame the place in `rows` where its boxes begin; frames without a detection of the
            class have those of the nearest frame with one, of two equally near ones the earlier (rule 3).
        count: int64 [F], how many boxes it has.
    """

    video: int
    label: int
    rows: Ints
    first: Ints
    count: Ints

    @property
    def width(self) -> int:
        """Return the most boxes of a frame."""
        return int(self.count.max())

    def rows_by_frame(self) -> Ints:
        """Return int64 [F, width], rows of each frame's boxes; -1 where there are fewer."""
        place = np.arange(self.width)
        found = self.rows[np.minimum(self.first[:, None] + place, len(self.rows) - 1)]
        return np.where(place < self.count[:, None], found, -1)


def _lanes(index: int, video: VideoDetections, num_classes: int) -> Iterator[Lane]:
    """Give the classes that a video has detections of."""
    order = np.argsort(video.labels, kind="stable")
    bounds = np.searchsorted(video.labels[order], np.arange(num_classes + 1))
    for label in np.flatnonzero(np.diff(bounds)).tolist():
        rows = order[bounds[label] : bounds[label + 1]]
        occupied, first, count = np.unique(video.frames[rows], return_index=True, return_counts=True)
        frames = np.arange(video.num_frames)
        after = np.minimum(np.searchsorted(occupied, frames), len(occupied) - 1)
        before = np.maximum(after - 1, 0)
        nearest = np.where(np.abs(occupied[before] - frames) <= np.abs(occupied[after] - frames), before, after)
        yield Lane(index, label, rows, first[nearest], count[nearest])


def _groups(lanes: list[Lane]) -> Iterator[list[Lane]]:
    """Split lanes into groups of like width, longest first, that fit in memory together."""
    waiting = sorted(lanes, key=lambda lane: (lane.width, -len(lane.first)))
    begin = 0
    while begin < len(waiting):
        end, longest = begin, 0
        while end < len(waiting):
            width, longest = waiting[end].width, max(longest, len(waiting[end].first))
            much = (end - begin + 1) * longest * width * width > LANE_ROOM
            wide = width > 2 * waiting[begin].width + 2
            if end > begin and (much or wide):
                break
            end += 1
        yield sorted(waiting[begin:end], key=lambda lane: -len(lane.first))
        begin = end


def link_scores(
    boxes: Floats, scores: Floats, next_boxes: Floats, next_scores: Floats, product_weight: float = 0.5
) -> Floats:
    """Score the links between all boxes of neighbouring frames: IoU + (s1 + s2) + 0.5 s1 s2 (rule 4).

    Args:
        boxes: float32 [..., M, 4], pixels; IoU without a pixel added.
        scores: float32 [..., M].
        next_boxes: float32 [..., N, 4] of the next frame.
        next_scores: float32 [..., N].
        product_weight: Weight of the product.

    Returns:
        float32 [..., M, N].
    """
    one, other = boxes[..., :, None, :], next_boxes[..., None, :, :]
    size, next_size = one[..., 2:] - one[..., :2], other[..., 2:] - other[..., :2]
    spanned = np.maximum(one[..., 2:], other[..., 2:]) - np.minimum(one[..., :2], other[..., :2])
    common = size + next_size - spanned
    shared = np.where((common > 0).all(axis=-1), common[..., 0] * common[..., 1], np.float32(0))
    union = size[..., 0] * size[..., 1] + next_size[..., 0] * next_size[..., 1] - shared
    overlap = np.divide(shared, union, out=np.zeros_like(shared), where=shared > 0)
    s1, s2 = scores[..., :, None], next_scores[..., None, :]
    result: Floats = overlap + (s1 + s2) + np.float32(product_weight) * (s1 * s2)
    return result


def _best_path(links: Floats, gone: Floats, lengths: Ints) -> Ints:
    """Find the best path of every lane, from the last frame back; ties go to the lowest index.

    Args:
        links: float32 [F - 1, L, M, M].
        gone: float32 [F, L, M]: -inf for boxes that are not there or used up, else 0.
        lengths: int64 [L], frames of each lane, falling.

    Returns:
        int64 [F, L], index of the box in each frame; meaningless beyond a lane's length.
    """
    frames, lanes, width = gone.shape
    best = np.zeros((lanes, width), dtype=np.float32)
    following = np.zeros((frames, lanes, width), dtype=np.int64)
    active = np.searchsorted(-lengths, -np.arange(1, frames + 1), side="right")
    for frame in range(frames - 2, -1, -1):
        count = active[frame + 1]
        total = links[frame, :count] + (best[:count] + gone[frame + 1, :count])[:, None, :]
        following[frame, :count] = total.argmax(axis=2)
        best[:count] = np.take_along_axis(total, following[frame, :count][:, :, None], axis=2)[:, :, 0]
    index = np.zeros((frames, lanes), dtype=np.int64)
    index[0] = (best + gone[0]).argmax(axis=1)
    place = np.arange(lanes)
    for frame in range(frames - 1):
        index[frame + 1] = following[frame, place, index[frame]]
    return index


def suppress(tubes: Sequence[Tube], scores: Floats, threshold: float) -> tuple[int, ...]:
    """Drop tubes that overlap a better one too much (rule 7).

    Args:
        tubes: Tubes of one class in one video, boxes in pixels.
        scores: float32 [P] of each; of equal ones the later is the better, as in the published program.
        threshold: Highest tube IoU with a better one that is left.

    Returns:
        Places of the kept tubes, best first.
    """
    kept: list[int] = []
    for place in np.argsort(scores, kind="stable")[::-1].tolist():
        if all(tube_iou(tubes[place], tubes[other]) <= threshold for other in kept):
            kept.append(place)
    return tuple(kept)
