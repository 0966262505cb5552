"""Tiny videos and annotations in the real layouts."""

from pathlib import Path

import av
import numpy as np
import scipy.io
from PIL import Image

VIDEOS = {
    "Basketball/v_Basketball_g01_c01": (20, [(1, 3, 12)]),
    "Basketball/v_Basketball_g02_c01": (18, [(1, 1, 18)]),
    "Biking/v_Biking_g01_c01": (16, [(3, 1, 16), (3, 5, 9)]),
    "Biking/v_Biking_g02_c01": (16, [(3, 2, 10)]),
}
"""Name: frames, and tubes as (class from 1, first frame from 1, last frame)."""
TEST_VIDEOS = ("Basketball/v_Basketball_g01_c01", "Biking/v_Biking_g01_c01")


def pictures(count: int, seed: int, width: int = 64, height: int = 48) -> np.ndarray:
    """Frames of smooth colour whose number can be read off a row of blocks: uint8 [count, height, width, 3]."""
    random = np.random.default_rng(seed)
    base = np.kron(random.integers(40, 200, (height // 8, width // 8, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    frames = np.repeat(base[None], count, axis=0)
    for number, frame in enumerate(frames):
        for bit in range(min(8, width // 8)):
            frame[:8, bit * 8 : bit * 8 + 8] = 255 if number >> bit & 1 else 0
    return frames


def write_video(path: Path, frames: np.ndarray, codec: str = "mpeg4", fps: int = 25) -> None:
    """Encode frames without an eye to size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 4_000_000
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())


def tube_boxes(first: int, last: int) -> np.ndarray:
    """x, y, width, height of a box that walks to the right, in whole pixels of 320 x 240."""
    steps = np.arange(first, last + 1)
    return np.stack([20 + 5 * steps, 0 * steps + 30, 0 * steps + 80, 0 * steps + 120], axis=1).astype(np.uint8)


def write_annotation(path: Path, videos: dict[str, tuple[int, list[tuple[int, int, int]]]] = VIDEOS) -> None:
    """Write a finalAnnots.mat, in small integers as the real one."""
    annot = np.zeros((1, len(videos)), dtype=[("num_imgs", "O"), ("name", "O"), ("tubes", "O")])
    for i, (name, (frames, tubes)) in enumerate(videos.items()):
        rows = np.zeros((1, len(tubes)), dtype=[("ef", "O"), ("sf", "O"), ("class", "O"), ("boxes", "O")])
        for j, (label, first, last) in enumerate(tubes):
            one = [np.array([[value]], dtype=np.uint8) for value in (last, first, label)]
            rows[0, j] = (*one, tube_boxes(first, last))
        annot[0, i] = (np.array([[frames]], dtype=np.uint8), name, rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    scipy.io.savemat(path, {"annot": annot})


def ucf24_files(root: Path, missing: tuple[str, ...] = ()) -> Path:
    """The layout of the data set's owner, without the videos named in `missing`."""
    for seed, (name, (frames, _)) in enumerate(VIDEOS.items()):
        if name not in missing:
            write_video(root / "UCF-101" / f"{name}.avi", pictures(frames, seed))
    write_annotation(root / "finalAnnots.mat")
    (root / "testlist01.txt").write_text("\n".join(TEST_VIDEOS))
    return root


def ucf24_archive(root: Path) -> Path:
    """The layout of the YOWO authors' archive, with the same annotation."""
    rows: dict[bool, list[str]] = {True: [], False: []}
    for seed, (name, (frames, tubes)) in enumerate(VIDEOS.items()):
        folder = root / "rgb-images" / name
        folder.mkdir(parents=True)
        for number, picture in enumerate(pictures(frames, seed), start=1):
            Image.fromarray(picture).save(folder / f"{number:05d}.jpg", quality=95)
        labels = root / "labels" / name
        labels.mkdir(parents=True)
        for number in range(1, frames + 1):
            lines = []
            for label, first, last in tubes:
                if first <= number <= last:
                    x, y, w, h = tube_boxes(first, last)[number - first].astype(int)
                    lines.append(f"{label} {x} {y} {x + w} {y + h}")
            if lines:
                (labels / f"{number:05d}.txt").write_text("\n".join(lines) + "\n")
                rows[name in TEST_VIDEOS].append(f"labels/{name}/{number:05d}.txt")
    (root / "testlist.txt").write_text("\n".join(rows[True]) + "\n")
    (root / "trainlist.txt").write_text("\n".join(rows[False]) + "\n")
    write_annotation(root / "splitfiles" / "finalAnnots.mat")
    return root


PROJECT = {
    "a": [(frame, (4, 4, 24, 40), "walk", "1") for frame in range(8)],
    "b": [(frame, (10 + frame, 8, 40 + frame, 44), "sit", "1") for frame in range(6)],
    "far/c": [(frame, (4, 4, 28, 40), "walk", "1") for frame in range(8)]
    + [(frame, (30, 6, 60, 40), "sit", "2") for frame in range(2, 6)],
}
"""Boxes of each video, 12 frames of 64 x 48: frame, pixels, label, track."""


def project(root: Path, boxes: dict[str, list[tuple]] = PROJECT, suffix: str = ".mp4") -> Path:
    """A project folder with videos and table alone."""
    for seed, name in enumerate(boxes):
        write_video(root / "videos" / f"{name}{suffix}", pictures(12, seed))
    rows = [
        f"{name},{frame},{','.join(map(str, box))},{label},{track}"
        for name, found in boxes.items()
        for frame, box, label, track in found
    ]
    (root / "annotations.csv").write_text("\n".join(["video,frame,x1,y1,x2,y2,label,track", *rows]) + "\n")
    return root
