"""The commands as a user types them, on tiny generated videos."""

import csv
import json
import shutil

import numpy as np
import pytest
import torch

from tests.end_to_end.running import forked, yowo
from tests.make_data import ucf24_files
from yowo.video.reader import open_video

TINY = [
    "dataset.num_train=4", "dataset.num_val=2", "dataset.num_frames=16", "dataset.num_val_frames=16",
    "dataset.key_frame_stride=4",
    "dataset.batch_size=4", "dataset.image_size=64", "trainer=cpu", "schedule=ucf24", "schedule.epochs=1", "trainer.log_every_n_steps=1",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("user")


@pytest.fixture(scope="module")
def run(folder):
    """A training run with the default logger and another, and its folder."""
    done = forked("train", *TINY, "logger=[wandb,csv]", folder=folder)
    runs = list((folder / "runs" / "train").iterdir())
    assert len(runs) == 1
    return runs[0], done.stdout


def test_a_run_keeps_checkpoints_configuration_versions_logs_pictures_and_metrics(run):
    path, printed = run
    names = {p.name for p in path.iterdir()}
    assert names >= {"best.ckpt", "last.ckpt", "config.yaml", "run.json", "metrics.json", "frame_ap.png", "pictures"}
    metrics = json.loads((path / "metrics.json").read_text())
    assert 0 <= metrics["frame_map"]["0.5"] <= 1 and len(metrics["frame_ap"]["0.5"]) == 8
    assert metrics["protocol"] == "ucf24"
    assert "move_left" in printed and "metrics.json" in printed
    assert list((path / "pictures").glob("epoch_*.png"))
    assert list((path / "wandb").glob("offline-run-*"))
    assert "torch" in json.loads((path / "run.json").read_text())["versions"]


def test_logs_hold_rates_loss_parts_map_and_ap_by_class(run):
    rows = list(csv.DictReader((run[0] / "csv" / "metrics.csv").open()))
    assert {"train/box", "train/conf", "train/cls", "train/total", "val/total", "val/frame_map/0.5", "lr-AdamW"} <= set(
        rows[0]
    )


def test_a_checkpoint_evaluates_to_the_same_figures_without_being_told_anything(folder, run):
    forked("eval", f"checkpoint={run[0]}/best.ckpt", folder=folder)
    path = next((folder / "runs" / "eval").iterdir()) / "metrics.json"
    assert json.loads(path.read_text())["frame_ap"] == json.loads((run[0] / "metrics.json").read_text())["frame_ap"]


def test_detect_writes_the_video_and_a_table(folder, run):
    source = next(folder.glob("runs/data/motion*/videos/val_0000.mp4"))
    out = folder / "out.mp4"
    yowo(
        "detect",
        f"checkpoint={run[0]}/best.ckpt",
        f"source={source}",
        f"output={out}",
        "score_threshold=0.0",
        folder=folder,
    )
    with open_video(out) as reader:
        assert len(reader) == 16 and min(reader.width, reader.height) >= 192
    rows = list(csv.DictReader(out.with_suffix(".csv").open()))
    assert rows and {"video", "frame", "x1", "y1", "x2", "y2", "score", "label"} <= set(rows[0])
    assert rows[0]["video"] == "val_0000"


def test_eval_and_detect_see_alike_around_the_key_frame(folder, run):
    """With context=lfb; their detections are those of one network, and not the plain one's."""
    checkpoint, free = f"checkpoint={run[0]}/best.ckpt", ["postprocess.top_k=3", "postprocess.nms_threshold=1.0"]
    source = next(folder.glob("runs/data/motion*/videos/val_0000.mp4"))
    found = {}
    for context in ("lfb", "none"):
        out, where = folder / f"{context}.mp4", f"context={context}"
        forked(
            "detect",
            checkpoint,
            f"source={source}",
            f"output={out}",
            "score_threshold=0.0",
            where,
            *free,
            folder=folder,
        )
        found[context] = [float(row["score"]) for row in csv.DictReader(out.with_suffix(".csv").open())]
    forked(
        "eval", checkpoint, "context=lfb", "postprocess.score_threshold=0.0", *free, "hydra.run.dir=lfb", folder=folder
    )
    table = np.load(folder / "lfb" / "detections.npz")
    evaluated = table["score"][table["video"] == list(table["videos"]).index("val_0000")]
    assert len(found["lfb"]) == 16 * 3
    assert sorted(evaluated.tolist()) == pytest.approx(sorted(found["lfb"]), abs=2e-6)
    assert sorted(found["none"]) != pytest.approx(sorted(found["lfb"]), abs=2e-6)


def test_training_goes_on_in_its_folder_with_its_own_configuration(folder, run):
    moved = folder / "moved run [1]"
    shutil.copytree(run[0], moved)
    done = forked("train", f"resume={moved}", "trainer.max_epochs=2", "evaluate=false", folder=folder)
    record = json.loads((moved / "run.json").read_text())
    assert len(record["starts"]) == 2 and record["trained"]["max_epochs"] == 2, done.stdout
    steps = torch.load(moved / "last.ckpt", weights_only=True)["global_step"]
    before = torch.load(run[0] / "last.ckpt", weights_only=True)["global_step"]
    assert steps == 2 * before and "image_size: 64" in (moved / "config.yaml").read_text()


def test_a_multirun_makes_a_run_for_each_value(folder):
    forked(
        "train",
        "-m",
        *TINY,
        "optimizer.lr=1e-3,1e-4",
        "trainer.max_epochs=1",
        "logger=csv",
        "evaluate=false",
        folder=folder,
    )
    sweep = next((folder / "runs" / "train-sweep").iterdir())
    jobs = sorted(p for p in sweep.iterdir() if p.is_dir())
    assert len(jobs) == 2 and all((job / "best.ckpt").is_file() for job in jobs)
    assert ["lr: 0.001" in (j / "config.yaml").read_text() for j in jobs] == [True, False]


def test_two_processes_train_and_evaluate_together(folder):
    forked("train", *TINY, "trainer=ddp_cpu", "logger=csv", "hydra.run.dir=runs/ddp", folder=folder)
    alone = folder / "runs" / "eval_alone"
    forked("eval", "checkpoint=runs/ddp/best.ckpt", f"hydra.run.dir={alone}", "trainer=cpu", folder=folder)
    together = json.loads((folder / "runs" / "ddp" / "metrics.json").read_text())
    single = json.loads((alone / "metrics.json").read_text())
    assert single["frame_map"] == pytest.approx(together["frame_map"])
    assert single["video_map"] == pytest.approx(together["video_map"]) and len(single["video_map"]) == 7


def test_ucf101_24_trains_from_its_own_files(folder, tmp_path):
    root = ucf24_files(tmp_path / "ucf")
    forked(
        "train", "dataset=ucf24", f"dataset.root={root}", "model=yowo_tiny", "dataset.image_size=64", "dataset.batch_size=4",
        "dataset.num_workers=1", "trainer=cpu", "trainer.max_epochs=1", "logger=csv", "hydra.run.dir=runs/ucf", folder=folder,
    )  # fmt: skip
    metrics = json.loads((folder / "runs" / "ucf" / "metrics.json").read_text())
    assert len(metrics["frame_ap"]["0.5"]) == 24 and metrics["num_key_frames"] == 26
    evaluated = folder / "runs" / "ucf_eval"
    forked("eval", "checkpoint=runs/ucf/best.ckpt", f"hydra.run.dir={evaluated}", "trainer=cpu", folder=folder)
    forked(
        "score", "--protocol", "ucf24", "--detections", str(evaluated / "detections.npz"),
        "--annotations", str(root / "finalAnnots.mat"), "--output", "scores.json", folder=folder,
    )  # fmt: skip
    metrics, scores = (json.loads(path.read_text()) for path in (evaluated / "metrics.json", folder / "scores.json"))
    for key in ("frame_map", "frame_ap", "video_map", "video_ap", "linker"):
        assert scores[key] == metrics[key]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "backbone3d=foo"], "backbone3d=foo: there is no such choice; choose one of i3d"),
        pytest.param(
            ["train", "dataset=ucf24"],
            "dataset.root is required: the folder of ucf24",
            marks=pytest.mark.long,
        ),
        pytest.param(
            ["train", "dataset=ucf24", "dataset.root=/nowhere"],
            "dataset.root=/nowhere: not a directory",
            marks=pytest.mark.long,
        ),
        pytest.param(
            ["train", "dataset.clip_len=4"],
            "dataset.clip_len: expected a whole number of at least 8, got 4",
            marks=pytest.mark.long,
        ),
        (["train", "-m", "dataset.clip_len=8,4"], "dataset.clip_len: expected a whole number of at least 8, got 4"),
        pytest.param(
            ["train", "optimizer.lr=1e-3,1e-4"],
            "several values need -m",
            marks=pytest.mark.long,
        ),
        pytest.param(
            ["train", "weights=nowhere.pth"],
            "weights=nowhere.pth: there is no such file",
            marks=pytest.mark.long,
        ),
        pytest.param(
            ["eval"],
            "checkpoint is required, as in yowo eval checkpoint=",
            marks=pytest.mark.long,
        ),
        (["eval", "checkpoint=nowhere.ckpt"], "nowhere.ckpt: there is no such weights file"),
        (["detect", "source=x.mp4"], "checkpoint is required"),
        (["fly"], "yowo fly: there is no such command; choose one of train, eval, detect"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2_before_anything_is_written(arguments, message, tmp_path):
    done = forked(*arguments, folder=tmp_path, fails=True)
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1 and not done.stdout.strip()
    assert not list(tmp_path.iterdir())


def test_a_mistake_typed_in_a_shell_ends_the_same_way(tmp_path):
    done = yowo("train", "dataset=ucf24", folder=tmp_path, fails=True)
    assert "dataset.root is required: the folder of ucf24" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1 and not done.stdout.strip() and not list(tmp_path.iterdir())


def test_help_shows_commands_groups_and_examples(tmp_path):
    assert "yowo train" in forked("--help", folder=tmp_path).stdout
    shown = forked("train", "--help", folder=tmp_path).stdout
    assert "resnet101, resnet18" in shown and "yowo train -m" in shown
    assert "schedule:" in forked("train", "--cfg", "job", folder=tmp_path).stdout
    assert not list(tmp_path.iterdir())
