"""What is imported before a command knows that it has something to do: help and mistakes answer at once."""

import json
import subprocess
import sys

import pytest
import torch

from tests.make_data import project
from yowo.config.build import build_detector
from yowo.config.checkpoint import portable
from yowo.config.compose import compose_config

SLOW = ("torch", "lightning", "torchmetrics", "matplotlib", "scipy.optimize", "wandb", "tensorboard", "torchvision")
SCRIPT = """
import io, json, sys
from contextlib import redirect_stderr, redirect_stdout
from yowo.commands.main import main

found = []
for line in json.loads(sys.stdin.read()):
    sys.argv, text = ["yowo", *line], io.StringIO()
    with redirect_stdout(text), redirect_stderr(text):
        try:
            code = main()
        except SystemExit as end:
            code = end.code
    found.append([code or 0, text.getvalue(), [name for name in SLOW if name in sys.modules]])
    for name in [name for name in sys.modules if name.split(".")[0] in SLOW]:
        del sys.modules[name]
sys.stdout.write(json.dumps(found))
"""


def answers(lines):
    """Run command lines in one new process: the exit code, the text and the slow libraries of each."""
    script = f"SLOW = {SLOW!r}\n{SCRIPT}"
    done = subprocess.run(
        [sys.executable, "-c", script], input=json.dumps(lines), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


HELP = [
    [],
    ["--help"],
    ["--version"],
    *([verb, "--help"] for verb in ("train", "eval", "export", "demo", "score", "data", "info", "weights")),
    *([verb, "--help"] for verb in ("reproduce", "report", "bench")),
    *(["data", subject, "--help"] for subject in ("import", "check", "show", "anchors", "prepare")),
    *(["bench", subject, "-h"] for subject in ("data", "model", "prepare", "score")),
    *(["weights", action, "--help"] for action in ("list", "fetch", "import", "info")),
    ["train", "model=yowo_nano", "-h"],
]


def test_help_of_every_command_comes_without_torch_and_lightning():
    for line, (code, text, slow) in zip(HELP, answers(HELP), strict=True):
        assert (code, slow) == (0, []), (line, text)
        assert text.strip(), line


@pytest.mark.slow
def test_mistakes_are_told_without_torch_and_lightning(tmp_path):
    root = str(project(tmp_path / "mine"))
    wrong = [
        ["trian"],
        ["train", "optimizer.lrr=1"],
        ["train", "dataset=ufc24"],
        ["train", "optimizer.lr=fast"],
        ["train", "optimizer.lr=1,2"],
        ["train", "-m", "optimizer.lr=1,-2"],
        ["train", "dataset=ucf24", "dataset.root=gone"],
        ["train", "weights=gone.pth"],
        ["train", "resume=gone.ckpt"],
        ["train", "dataset=custom", f"dataset.root={root}", "dataset.clip_len=0"],
        ["eval"],
        ["eval", "checkpoint=gone.ckpt"],
        ["eval", "model=gone.onnx"],
        ["export"],
        ["export", "checkpoint=gone.ckpt", "format=onnx"],
        ["demo", "seed=-1"],
        ["score", "--protocol", "ufc24"],
        ["score"],
        ["data", "imprt"],
        ["data", "import", "--from", "cvta", "a.xml", "--videos", root, "--output", "out"],
        ["data", "import", "--from", "cvat", "gone.xml", "--videos", root, "--output", "out"],
        ["data", "check", "gone"],
        ["data", "show", "gone"],
        ["data", "anchors", "gone"],
        ["data", "prepare", "gone"],
        ["bench", "speed"],
        ["bench", "model", "model=yolo"],
        ["bench", "data", "dataset=yolo"],
        ["info", "model=yolo"],
        ["weights", "fetch", "yowo_plus_ufc24"],
        ["weights", "info", "gone.pth"],
        ["weights", "improt", "gone.pth"],
        ["reproduce", "--table", "1", "--weights-dir", "gone", "--root", "gone"],
        ["report", "gone"],
    ]
    for line, (code, text, slow) in zip(wrong, answers(wrong), strict=True):
        assert (code, slow) == (2, []), (line, text)
        assert text.startswith("error: ") and text.count("\n") == 1, (line, text)


ON_DETECTION = """
import sys
from yowo.commands.main import main

sys.argv = ["yowo", "detect", *sys.argv[1:]]
main()
assert "torch" in sys.modules
print([name for name in SLOW if name in sys.modules and name != "torch"])
"""


@pytest.mark.slow
def test_detection_loads_torch_and_nothing_else_that_is_slow(tmp_path):
    folder = project(tmp_path / "mine")
    config = compose_config("train", ["model=yowo_tiny", "dataset=motion", "dataset.image_size=[32,32]"])
    state = {f"detector.{name}": value for name, value in build_detector(config).state_dict().items()}
    torch.save({"state_dict": state, "yowo": {"config": portable(config)}}, tmp_path / "best.ckpt")
    source = next(path for path in sorted((folder / "videos").iterdir()))
    typed = [f"checkpoint={tmp_path}/best.ckpt", f"source={source}", f"hydra.run.dir={tmp_path}/run"]
    done = subprocess.run(
        [sys.executable, "-c", f"SLOW = {SLOW!r}\n{ON_DETECTION}", *typed], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]" and not done.stderr
    told = done.stdout.splitlines()
    assert "251 entries loaded" in told[0] and told[1].startswith("detecting: ") and "done in" in told[2]
    assert [line.partition(":")[0] for line in told[-3:-1]] == ["video", "detections"]
    log = (tmp_path / "run" / "detect.log").read_text(encoding="utf-8")
    assert all(words in log for words in ("yowo detect", "folder of the run:", "251 entries loaded", "detections: "))
