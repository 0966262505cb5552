"""The paper's linker: paths through all frames of a video by dynamic programming (rules 3 to 8 of its video-mAP).

Many paths are found at once: a lane is one class of one video, and all lanes are processed frame by frame together.
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
"""Most link scores in memory at once, about 50 bytes each."""


@dataclass(frozen=True, slots=True)
class VideoDetections:
    """Detections of one video, one row per box and class.

    Attributes:
        frames: int64 [N], position of the frame in the video, counted from 0, sorted.
        labels: int64 [N], class, counted from 0.
        scores: float32 [N], 0..1.
        boxes_xyxy: float32 [N, 4], x1 y1 x2 y2 in pixels.
        num_frames: Number of frames of the video.
    """

    frames: Ints
    labels: Ints
    scores: Floats
    boxes_xyxy: Floats
    num_frames: int


class Linker(Protocol):
    """Links the detections of a video into tubes. A linker that handles one video at a time inherits `link_videos`."""

    def __call__(self, detections: VideoDetections, num_classes: int) -> list[Tube]:
        """Link one video; see `link_videos`."""

    def link_videos(self, videos: Sequence[VideoDetections], num_classes: int) -> list[list[Tube]]:
        """Link the detections of videos into tubes.

        Args:
            videos: Detections of each video.
            num_classes: C, the number of classes; labels are 0..C - 1.

        Returns:
            Tubes of each video, sorted by class and within a class by falling score; boxes in pixels.
        """
        return [self(video, num_classes) for video in videos]


@dataclass(frozen=True, slots=True)
class LinkedPaths:
    """The paths of one class in one video, in the order in which they are found.

    Attributes:
        rows: int64 [P, F], for each path and frame the row of its box among the video's detections; a frame without a
            detection of the class uses a row of the nearest frame that has one.
        scores: float32 [P], mean score of each path, 0..1.
        kept: Indices of the paths that survive suppression, best score first.
    """

    rows: Ints
    scores: Floats
    kept: tuple[int, ...]


class YowoLinker(Linker):
    """The linker of the published video-mAP: every tube spans its whole video.

    Examples:
        Five frames with one box each become one tube, whose score is the mean score of its boxes.

        >>> import numpy as np
        >>> video = VideoDetections(
        ...     frames=np.arange(5),
        ...     labels=np.zeros(5, np.int64),
        ...     scores=np.full(5, 0.5, np.float32),
        ...     boxes_xyxy=np.tile(np.array([10, 10, 50, 90], np.float32), (5, 1)),
        ...     num_frames=5,
        ... )
        >>> (tube,) = YowoLinker()(video, num_classes=1)
        >>> tube.start, tube.boxes.shape, tube.score
        (0, (5, 4), 0.5)
    """

    def __init__(self, max_paths: int = 3, nms_threshold: float = 0.3, product_weight: float = 0.5) -> None:
        """Store the parameters; the defaults are the protocol's.

        Args:
            max_paths: Most paths per class and video.
            nms_threshold: A path is dropped if its tube IoU with a better one of its class is above this.
            product_weight: Weight of the product of the two box scores in a link's score.
        """
        self.max_paths = max_paths
        self.nms_threshold = nms_threshold
        self.product_weight = product_weight

    def __call__(self, detections: VideoDetections, num_classes: int) -> list[Tube]:
        """Link one video; see `link_videos`."""
        return self.link_videos([detections], num_classes)[0]

    def link_videos(self, videos: Sequence[VideoDetections], num_classes: int) -> list[list[Tube]]:
        """Link the detections of videos into tubes.

        Args:
            videos: Detections of each video.
            num_classes: C, the number of classes; labels are 0..C - 1.

        Returns:
            Tubes of each video, sorted by class and within a class by falling score; boxes float32 [F, 4] in pixels,
            score the mean of the box scores.
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
            videos: Detections of each video.
            num_classes: C, the number of classes; labels are 0..C - 1.

        Returns:
            Paths by (index of the video, class); classes without a detection in a video are absent.
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
        """Find the paths of lanes, which are sorted by falling length; returns int64 [P, F] rows for each lane."""
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
        first: int64 [F], for each frame the index in `rows` of its first box; a frame without a detection of the class
            uses the boxes of the nearest frame with one, and the earlier of two equally near frames (rule 3).
        count: int64 [F], number of boxes of each frame.
    """

    video: int
    label: int
    rows: Ints
    first: Ints
    count: Ints

    @property
    def width(self) -> int:
        """Return the largest number of boxes in a frame."""
        return int(self.count.max())

    def rows_by_frame(self) -> Ints:
        """Return int64 [F, width], the rows of each frame's boxes, padded with -1."""
        place = np.arange(self.width)
        found = self.rows[np.minimum(self.first[:, None] + place, len(self.rows) - 1)]
        return np.where(place < self.count[:, None], found, -1)


def _lanes(index: int, video: VideoDetections, num_classes: int) -> Iterator[Lane]:
    """Yield a lane for each class that a video has detections of."""
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
    """Split lanes into groups of similar width that fit in memory, each sorted by falling length."""
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
    """Score the links between all boxes of neighbouring frames: IoU + (s1 + s2) + product_weight s1 s2 (rule 4).

    Args:
        boxes: float32 [..., M, 4], x1 y1 x2 y2 in pixels; box widths are x2 - x1, without a pixel added.
        scores: float32 [..., M], 0..1.
        next_boxes: float32 [..., N, 4], boxes of the next frame in pixels.
        next_scores: float32 [..., N], 0..1.
        product_weight: Weight of the product of the two scores.

    Returns:
        float32 [..., M, N], score of each link.
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
        links: float32 [F - 1, L, M, M], link scores.
        gone: float32 [F, L, M], -inf for boxes that do not exist or are in an earlier path, else 0.
        lengths: int64 [L], number of frames of each lane, falling.

    Returns:
        int64 [F, L], index of the box in each frame; undefined beyond a lane's length.
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
        tubes: P tubes of one class in one video, boxes in pixels.
        scores: float32 [P], score of each tube; of equal scores the later tube ranks higher, as in the published
            program.
        threshold: A tube is dropped if its tube IoU with a better, kept one is above this.

    Returns:
        Indices of the kept tubes, best first.
    """
    kept: list[int] = []
    for place in np.argsort(scores, kind="stable")[::-1].tolist():
        if all(tube_iou(tubes[place], tubes[other]) <= threshold for other in kept):
            kept.append(place)
    return tuple(kept)
