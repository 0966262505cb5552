"""Damage real video files at random and hold what the project reads of them against sequential decoding.

`python -m tests.video.fuzz --count 300 --seed 0 [--source CLIP.avi] [--keep FOLDER]` prints a table of outcomes and
exits with 1 where a file was read wrongly, or hung or crashed a reader behind the check that each file passes first.
"""

import argparse
import multiprocessing
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np

from tests.make_data import pictures
from tests.video.video_files import CLOSED, difference, encode
from yowo.errors import VideoError
from yowo.video.packets import DECODING_ERRORS
from yowo.video.probe import VideoInfo
from yowo.video.probe_process import ProbeProcess
from yowo.video.reader import open_video

FRAMES = 60
ROUNDING = 3
"""Grey levels by which decord's conversion of colours may differ from PyAV's."""
HEADER = 1024
TARGETS = {
    "mpeg4.avi": ("mpeg4", {"g": "12"}, {}),
    "h264.avi": ("libx264", {"x264-params": "bframes=0:keyint=12"}, {}),
    "h264.mp4": ("libx264", {"x264-params": CLOSED}, {"movflags": "faststart"}),
    "h264_tail.mp4": ("libx264", {"x264-params": CLOSED}, {}),
    "h264.mkv": ("libx264", {"x264-params": CLOSED}, {}),
}
"""Name: encoder, its options, and those of the container."""
GOOD = ("same", "error", "check killed", "check crashed")


class Outcome(NamedTuple):
    """What happened to one damaged file."""

    name: str
    damage: str
    kind: str
    detail: str


def flip_bits(data, random):
    """Turn over single bits anywhere."""
    for _ in range(random.integers(1, 40)):
        data[random.integers(len(data))] ^= 1 << int(random.integers(8))
    return data


def damage_header(data, random):
    """Overwrite fields of four bytes near the beginning."""
    for _ in range(random.integers(1, 4)):
        at = int(random.integers(min(HEADER, len(data) - 4)))
        data[at : at + 4] = random.choice([b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", random.bytes(4)])
    return data


def damage_tail(data, random):
    """Flip bits where tables of frames are often stored."""
    for _ in range(random.integers(1, 20)):
        data[-int(random.integers(1, 2 * HEADER))] ^= 1 << int(random.integers(8))
    return data


def remove_chunk(data, random):
    """Take a piece out."""
    at, size = stretch(data, random)
    del data[at : at + size]
    return data


def zero_chunk(data, random):
    """Fill a piece with zeros, as downloads in parts leave it."""
    at, size = stretch(data, random)
    data[at : at + size] = bytes(size)
    return data


def noise_chunk(data, random):
    """Fill a piece with noise."""
    at, size = stretch(data, random)
    data[at : at + size] = random.bytes(size)
    return data


def repeat_chunk(data, random):
    """Put a piece in twice."""
    at, size = stretch(data, random)
    data[at:at] = data[at : at + size]
    return data


def swap_chunks(data, random):
    """Exchange two pieces of one size."""
    a, size = stretch(data, random)
    b = int(random.integers(len(data) - size))
    data[a : a + size], data[b : b + size] = data[b : b + size], data[a : a + size]
    return data


def truncate(data, random):
    """Cut the end off."""
    del data[int(random.integers(1, len(data))) :]
    return data


DAMAGES = (
    flip_bits,
    damage_header,
    damage_tail,
    remove_chunk,
    zero_chunk,
    noise_chunk,
    repeat_chunk,
    swap_chunks,
    truncate,
)


def stretch(data, random):
    """Draw the place and size of a piece, up to a quarter of the file; small ones are as likely as large ones."""
    size = int(np.exp(random.uniform(0, np.log(len(data) / 4))))
    return int(random.integers(len(data) - size)), size


def write_sources(folder, clip=None):
    """Encode the whole files of `TARGETS`, from the first frames of a real clip where one is given."""
    if clip is None:
        frames = np.clip(
            pictures(FRAMES, 0).astype(int) + np.random.default_rng(0).integers(-20, 20, (FRAMES, 48, 64, 3)), 0, 255
        ).astype(np.uint8)
    else:
        with open_video(clip) as reader:
            frames = reader.get_frames(range(min(FRAMES, len(reader))))
    for name, (codec, options, container) in TARGETS.items():
        encode(folder / name, frames, codec, options, container_options=container)
    return [folder / name for name in TARGETS]


def reference(path):
    """Frames of sequential decoding by PyAV: those before the first are passed over, the first error is the end."""
    frames = []
    with av.open(str(path)) as container:
        packets = container.demux(container.streams.video[0])
        while True:
            try:
                packet = next(packets)
                found = packet.decode()
            except StopIteration:
                break
            except DECODING_ERRORS:
                if frames or "packet" not in locals():
                    break
                continue
            frames += [
                frame.to_ndarray(
                    format="rgb24",
                    width=frames[0].shape[1] if frames else None,
                    height=frames[0].shape[0] if frames else None,
                )
                for frame in found
            ]
    return np.stack(frames)


def compare(path, backend, num_frames, seed):
    """Read clips as a data set does and judge them: (kind, detail)."""
    random = np.random.default_rng(seed)
    try:
        expected = reference(path)
    except (*DECODING_ERRORS, ValueError) as error:
        return "wrong", f"{num_frames} frames where PyAV gives none ({error})"
    if num_frames != len(expected):
        return "wrong", f"{num_frames} frames where PyAV gives {len(expected)} ({backend})"
    ends = [num_frames - 1, *random.integers(num_frames, size=7).tolist()]
    clips = [range(max(0, end - 15), end + 1) for end in ends] + [range(num_frames)]
    for clip in clips:
        wanted = list(clip)
        try:
            with open_video(path, backend) as reader:
                frames = reader.get_frames(wanted)
        except VideoError as error:
            return ("error", f"while reading: {error}") if str(path) in str(error) else ("wrong", f"unnamed: {error}")
        if frames.shape != expected[wanted].shape:
            return "wrong", f"{backend}: shape {frames.shape}, expected {expected[wanted].shape}"
        if (off := difference(frames, expected[wanted])) > ROUNDING:
            return "wrong", f"{backend}: frames {wanted[0]} to {wanted[-1]} differ by {off}"
    return "same", backend


def serve(pipe):
    """Compare files until the parent goes."""
    av.logging.set_level(None)
    while True:
        try:
            question = pipe.recv()
        except EOFError:
            return
        pipe.send(judged(*question))


def judged(*question):
    """Compare one file; whatever is raised is an outcome, not the end of the run."""
    try:
        return compare(*question)
    except Exception as error:
        return "wrong", f"{type(error).__name__}: {error}"


class Reader:
    """A process that reads in the place of a DataLoader worker, replaced when it hangs or dies."""

    def __init__(self, time_limit):
        self.time_limit = time_limit
        self.process = None

    def ask(self, *question):
        """Compare one file."""
        if self.process is None:
            context = multiprocessing.get_context("spawn")
            self.pipe, other = context.Pipe()
            self.process = context.Process(target=serve, args=(other,), daemon=True)
            self.process.start()
            other.close()
        self.pipe.send(question)
        try:
            if self.pipe.poll(self.time_limit):
                return self.pipe.recv()
            outcome = "reader hung", str(question[1])
        except EOFError:
            self.process.join()
            outcome = "reader crashed", f"{question[1]}, exit code {self.process.exitcode}"
        self.close()
        return outcome

    def close(self):
        """End the process."""
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.process = None


def damaged(source, number, seed):
    """Return the bytes of the `number`-th damaged file, and the name of the damage."""
    random = np.random.default_rng((seed, number))
    damage = DAMAGES[number % len(DAMAGES)]
    return bytes(damage(bytearray(source.read_bytes()), random)), damage.__name__


def run(count, seed, clip=None, time_limit=20.0, keep=None, report=lambda outcome: None):
    """Damage `count` files and return their outcomes."""
    outcomes = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sources = write_sources(folder, clip)
        check, reader = ProbeProcess(time_limit), Reader(time_limit)
        try:
            for number in range(count):
                source = sources[number // len(DAMAGES) % len(sources)]
                data, damage = damaged(source, number, seed)
                path = folder / f"{number:05d}_{damage}_{source.name}"
                path.write_bytes(data)
                answer = check.ask(str(path))
                if isinstance(answer, str):
                    kind = next((k for w, k in (("hangs", GOOD[2]), ("crashes", GOOD[3])) if w in answer), "error")
                    outcome = Outcome(path.name, damage, kind if str(path) in answer else "wrong", answer)
                else:
                    info = VideoInfo(**answer)
                    outcome = Outcome(path.name, damage, *reader.ask(str(path), info.backend, info.num_frames, number))
                if keep and outcome.kind not in GOOD[:2]:
                    (Path(keep) / path.name).write_bytes(data)
                path.unlink()
                outcomes.append(outcome)
                report(outcome)
        finally:
            check.close()
            reader.close()
    return outcomes


def main():
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--source", help="a real clip whose frames are encoded; made ones without it")
    parser.add_argument("--keep", help="folder that files with a bad outcome are copied to")
    arguments = parser.parse_args()

    def report(outcome):
        if outcome.kind not in GOOD[:2]:
            print(outcome.kind, outcome.name, outcome.detail, flush=True)

    outcomes = run(arguments.count, arguments.seed, arguments.source, keep=arguments.keep, report=report)
    table = Counter((o.kind, o.detail if o.kind == "same" else "") for o in outcomes)
    for (kind, detail), number in sorted(table.items()):
        print(f"{number:5d}  {kind} {detail}")
    sys.exit(any(o.kind not in GOOD for o in outcomes))


if __name__ == "__main__":
    main()
