"""Speed of training and inference on a GPU, in less than eight minutes, as tables in Markdown and figures in JSON.

python -m benchmarks.gpu [--reference CHECKOUT] [--output gpu.json]

It needs torch in any build from 2.6 on, the packages in benchmarks/gpu_wheels.txt and a checkout of this project, from
whose root it runs; no network, no data. CHECKOUT is a checkout of yjh0410/PyTorch_YOWO, whose loop runs beside ours.
Each part is a process with a limit, so that one that hangs or has too little memory does not end the others. Each
figure is written into gpu.jsonl as it comes, and gpu.json after each part. Without a GPU the sizes are small: a trial
of the program, not a measurement.
"""

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks.gpu_family import FAMILY, family
from benchmarks.gpu_inference import inference, streaming
from benchmarks.gpu_parts import Figure, Setting, decoding, released, training

TOTAL = 460.0
"""Seconds after which everything ends."""
TRAINED = ("yowo_nano", "yowo_plus")
TESTED = ("yowo_plus", "yowo_nano", "yowo")
SMALL = ("yowo_nano", "yowof_r18", "yowo_v2_nano")
PARTS: dict[str, tuple[str, float, Callable[[Setting, bool], Iterator[Figure]]]] = {
    "training": ("Training steps", 120, lambda s, q: training(s, ("yowo_tiny",) if q else TRAINED, False)),
    "released": ("Training steps beside the released loop", 50, lambda s, q: released(s)),
    "inference": ("Inference", 100, lambda s, q: inference(s, ("yowo_nano",) if q else TESTED, False)),
    "family": ("Every network, one by one", 90, lambda s, q: family(s, SMALL if q else FAMILY)),
    "streaming": ("Frames one by one", 40, lambda s, q: streaming(s, TRAINED[:1] if q else TRAINED)),
    "decoding": ("Data loader", 50, lambda s, q: decoding(s)),
    "training compiled": ("Training steps, compiled", 90, lambda s, q: training(s, ("yowo_nano",), True)),
    "inference compiled": ("Inference, compiled", 80, lambda s, q: inference(s, ("yowo_plus", "yowo_nano"), True)),
}
"""Title, limit in seconds and measurement of each part. `--quick` leaves the compiled ones out."""


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    driver = ""
    try:
        query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
        driver = subprocess.run(query, capture_output=True, text=True, timeout=10, check=False).stdout.split("\n")[0]
    except (OSError, subprocess.TimeoutExpired):
        pass
    found = torch.cuda.is_available()
    return {
        "device": torch.cuda.get_device_name() if found else f"CPU ({platform.processor() or platform.machine()})",
        "driver": driver,
        "torch": torch.__version__,
        "cuda": torch.version.cuda or "",
        "cudnn": torch.backends.cudnn.version() if found else "",
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "date": datetime.date.today().isoformat(),
    }


def markdown(title: str, figures: Sequence[Figure]) -> str:
    """Return a table in Markdown."""
    names = list(figures[0])
    lines = [f"### {title}", "", f"| {' | '.join(names)} |", f"|{' --- |' * len(names)}"]
    lines += [f"| {' | '.join(str(figure.get(name, '')) for name in names)} |" for figure in figures]
    return "\n".join([*lines, ""])


def say(words: str) -> None:
    """Print at once, so that a log has everything until a kill."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def run_part(name: str, options: argparse.Namespace) -> None:
    """Measure a part in this process, and write a line for each figure."""
    quick = options.quick or not torch.cuda.is_available()
    seconds = 0.2 if quick else 1.0
    device = "cuda" if torch.cuda.is_available() else "cpu"
    setting = Setting(device, quick, seconds, options.reference)
    for figure in PARTS[name][2](setting, quick):
        say(json.dumps(figure))
        with options.output.with_suffix(".jsonl").open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"part": name, **figure}) + "\n")


def part(name: str, options: argparse.Namespace, limit: float) -> tuple[list[Figure], str]:
    """Measure a part in a process of its own.

    Args:
        name: One of `PARTS`.
        options: Of the command line.
        limit: Seconds after which it ends.

    Returns:
        Its figures, and what went wrong in words, "" if nothing did.
    """
    command = [sys.executable, "-m", "benchmarks.gpu", "--part", name, *(["--quick"] if options.quick else [])]
    command += ["--output", str(options.output)]
    command += ["--reference", str(options.reference)] if options.reference else []
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        out, errors = process.communicate(timeout=limit)
        wrong = f"ended with an error: {(errors.strip().splitlines() or [''])[-1]}" if process.returncode else ""
    except subprocess.TimeoutExpired:
        process.kill()
        out, _ = process.communicate()
        wrong = f"ended by its limit of {limit:.0f} s"
    lines = [line for line in out.splitlines() if line.startswith("{") and line.endswith("}")]
    return [json.loads(line) for line in lines], wrong


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure all parts one after another."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=str(__doc__).partition("\n")[0])
    parser.add_argument("--reference", type=Path, help="checkout of yjh0410/PyTorch_YOWO")
    parser.add_argument("--output", type=Path, default=Path("gpu.json"), help="file of the figures (gpu.json)")
    parser.add_argument("--quick", action="store_true", help="small sizes; always so without a GPU")
    parser.add_argument(
        "--parts", nargs="+", choices=list(PARTS), metavar="PART", help=f"only some of: {', '.join(PARTS)}"
    )
    parser.add_argument("--part", choices=list(PARTS), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.reference is not None:
        options.reference = options.reference.resolve()
    if options.part:
        run_part(options.part, options)
        return
    begin = time.perf_counter()
    quick = options.quick or not torch.cuda.is_available()
    result: dict[str, Any] = {"machine": machine(), "quick": quick, "figures": {}, "notes": {}}
    say(f"{'**A trial with small sizes, not a measurement.** ' if quick else ''}{json.dumps(result['machine'])}\n")
    for name in options.parts or [name for name in PARTS if not (quick and name.endswith("compiled"))]:
        if name == "released" and options.reference is None:
            continue
        left = TOTAL - (time.perf_counter() - begin)
        title, limit, _ = PARTS[name]
        figures, wrong = part(name, options, min(limit, left)) if left > 15 else ([], "left out: the time is over")
        result["figures"][name] = figures
        if figures:
            say(markdown(title, figures))
        if wrong:
            result["notes"][name] = wrong
            say(f"{title}: {wrong}\n")
        result["seconds"] = round(time.perf_counter() - begin, 1)
        options.output.write_text(json.dumps(result, indent=1), encoding="utf-8")
    say(f"{result['seconds']} s; figures: {options.output}")


if __name__ == "__main__":
    main()
