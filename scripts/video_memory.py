"""Measure the memory that reading clips needs: one process, one reader per clip, as in a data worker.

`python scripts/video_memory.py [--clips 10000] [--minutes 5] [--backend auto]` generates a video of 6 seconds
(`--minutes 0`) or of the given length, reads 16-frame clips at random positions, and prints the resident memory.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from yowo.video.probe import probe_video
from yowo.video.reader import open_video
from yowo.video.writer import VideoWriter

FPS, WIDTH, HEIGHT = 30, 320, 240
LOOP = 90
"""Frames after which the generated film repeats."""
CLIP = 16
"""Frames of a clip."""


def make_film(path: Path, frames: int) -> None:
    """Write a film of a moving noise pattern that repeats every `LOOP` frames."""
    random = np.random.default_rng(0)
    coarse = random.integers(0, 255, (HEIGHT // 16, WIDTH // 16, 3), dtype=np.uint8)
    picture = np.kron(coarse, np.ones((16, 16, 1), dtype=np.uint8))
    with VideoWriter(path, FPS, (WIDTH, HEIGHT)) as writer:
        for number in range(frames):
            writer.write(np.ascontiguousarray(np.roll(picture, 3 * (number % LOOP), axis=1)))


def resident() -> float:
    """Return the resident memory of this process in MiB (Linux)."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=0, help="length of the film in minutes; 0: 6 seconds")
    parser.add_argument("--backend", default="auto", help="reader; auto: the one that probing chooses")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        make_film(path, int(arguments.minutes * 60 * FPS) or 6 * FPS)
        begin = time.perf_counter()
        info = probe_video(path)
        print(f"{info}, probed in {time.perf_counter() - begin:.2f} s, {resident():.0f} MiB")
        backend = info.backend if arguments.backend == "auto" else arguments.backend
        random, begin = np.random.default_rng(1), time.perf_counter()
        steps = {1, arguments.clips} | {arguments.clips * tenths // 10 for tenths in range(1, 10)}
        for number in range(1, arguments.clips + 1):
            first = int(random.integers(info.num_frames - CLIP))
            with open_video(path, backend) as reader:
                reader.get_frames(range(first, first + CLIP))
            if number in steps:
                seconds = time.perf_counter() - begin
                print(
                    f"{backend}: {number:6d} clips, {resident():6.0f} MiB, {number / seconds:.0f} clips/s", flush=True
                )


if __name__ == "__main__":
    main()
