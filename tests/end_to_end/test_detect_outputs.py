"""Everything that `yowo detect` writes, from the command line, and what other commands make of it."""

import csv
import json
import subprocess
import sys
from collections import defaultdict

import av
import numpy as np
import pytest
import torch

from tests.end_to_end.running import environment, forked
from tests.make_data import project
from yowo.config.build import build_detector
from yowo.config.checkpoint import portable
from yowo.config.compose import compose_config

pytestmark = pytest.mark.long
EVERY_BOX = ["linker.level_share=0", "linker.start_cost=0.001", "linker.prior_score=0.001", "score_threshold=0"]
"""A network without training gives low scores; these make tubes of them."""
STORED = ["score_threshold=0.005", "postprocess.class_agnostic_nms=false", "streaming=clip"]
"""What makes the detections those of `yowo eval`."""


@pytest.fixture(scope="module")
def user(tmp_path_factory):
    """A folder with a project, a checkpoint of random weights."""
    folder = tmp_path_factory.mktemp("user")
    root = project(folder / "mine")
    config = compose_config("train", ["model=yowo_tiny", "dataset=custom", f"dataset.root={root}"])
    torch.manual_seed(0)
    state = {f"detector.{name}": value for name, value in build_detector(config).state_dict().items()}
    torch.save({"state_dict": state, "yowo": {"config": portable(config)}}, folder / "best.ckpt")
    return folder


def first_video(user):
    return min((user / "mine" / "videos").iterdir())


def test_the_npz_holds_what_eval_stores(user):
    forked("eval", "checkpoint=best.ckpt", "trainer.accelerator=cpu", "hydra.run.dir=eval", folder=user)
    stored = dict(np.load(user / "eval" / "detections.npz"))
    for place, name in enumerate(stored["videos"].tolist()):
        (film,) = (user / "mine" / "videos").glob(f"{name}.*")
        keys = ["checkpoint=best.ckpt", f"source={film}", "output=d.npz", "device=cpu", *STORED]
        assert "warning" not in forked("detect", *keys, folder=user).stderr
        ours = dict(np.load(user / "d.npz"))
        assert (
            ours["videos"].tolist() == [name.rpartition("/")[2]]
            and ours["num_frames"][0] == stored["num_frames"][place]
        )
        rows = stored["video"] == place
        assert rows.sum() > 10
        for column in ("frame", "cls", "score", "box"):
            np.testing.assert_allclose(ours[column], stored[column][rows], rtol=1e-5, atol=1e-4, err_msg=column)


def test_tracks_for_cvat_come_back_by_import_and_tables_agree(user):
    film = first_video(user)
    kinds = "save=[video,boxes,tubes,jsonl,npz,gif,cvat,crops]"
    keys = ["checkpoint=best.ckpt", f"source={film}", kinds, "output=all/", "device=cpu", *EVERY_BOX]
    forked("detect", *keys, folder=user)
    lines = [json.loads(line) for line in (user / "all" / f"{film.stem}.jsonl").open()]
    wanted = defaultdict(list)
    for line in lines:
        for tube in line["tubes"]:
            wanted[line["frame"], tube["label"]].append(tube["box"])
    assert len(wanted) > 10
    source = f"all/{film.stem}_cvat.xml"
    forked("data", "import", "--from", "cvat", source, "--videos", "mine/videos", "--output", "again", folder=user)
    for row in csv.DictReader((user / "again" / "annotations.csv").open()):
        near = wanted[int(row["frame"]), row["label"]]
        box = np.array([float(row[key]) for key in ("x1", "y1", "x2", "y2")])
        distances = [np.abs(box - np.array(other)).max() for other in near]
        assert min(distances) < 1
        near.pop(int(np.argmin(distances)))
    assert not any(wanted.values())
    boxes = list(csv.DictReader((user / "all" / f"{film.stem}_detected.csv").open()))
    assert len(boxes) == sum(len(line["detections"]) for line in lines)
    tubes = list(csv.DictReader((user / "all" / f"{film.stem}_tubes.csv").open()))
    assert {row["track"] for row in tubes} >= {row["track"] for row in boxes} - {""}
    with av.open(str(user / "all" / f"{film.stem}_detected.mp4")) as video:
        assert len(list(video.decode(video=0))) == len(lines)


def test_standard_output_has_a_line_a_frame_and_a_reader_may_go_away(user):
    film = first_video(user)
    done = forked("detect", "checkpoint=best.ckpt", f"source={film}", "output=-", "device=cpu", folder=user)
    frames = [json.loads(line)["frame"] for line in done.stdout.splitlines()]
    assert frames and frames == list(range(len(frames))) and "detecting" in done.stderr
    line = f"{sys.executable} -m yowo detect checkpoint=best.ckpt source='{film}' output=- device=cpu | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], cwd=user, capture_output=True, check=False, env=environment())
    assert json.loads(done.stdout)["frame"] == 0 and done.returncode in (0, 141)
    assert b"rror" not in done.stderr and b"Traceback" not in done.stderr
