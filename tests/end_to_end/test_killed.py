"""Trainings that are killed at random moments end as if they had not been; checkpoints are never short."""

import json
import os
import random
import shutil
import signal
import tempfile
import time
from pathlib import Path

import pytest
import torch

from tests.training.killed import OPTIONS, forked_train, killed_again_and_again
from yowo.config.build_training import build_datamodule
from yowo.config.compose import compose_config
from yowo.training.checkpointing.checkpoint_files import LAST, damage, earlier, remove_unfinished, write_checkpoint

pytestmark = pytest.mark.long
SEEDS = range(1, 11)
KILLS = 40
MEMORY = Path("/dev/shm")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("data") / "motion"
    build_datamodule(compose_config("train", [*OPTIONS, f"dataset.root={root}"])).prepare_data()
    return root


@pytest.mark.parametrize(
    "options",
    [
        ("trainer.accumulate_grad_batches=1",),
        (
            *("callbacks=ema", "callbacks.pictures=null", "callbacks.progress=null", "dataset.num_workers=2"),
            *("trainer.accumulate_grad_batches=4", "trainer.val_check_interval=4", "trainer.limit_train_batches=10"),
        ),
    ],
)
def test_a_training_killed_at_random_moments_ends_bit_by_bit_as_one_that_was_not(options, root, tmp_path):
    begin = time.monotonic()
    assert forked_train(tmp_path / "whole", root, options) == 0
    length = time.monotonic() - begin
    whole = json.loads((tmp_path / "whole" / "end.json").read_text())
    print(f"\nuninterrupted, {length:.1f} s: weights, optimizer, log, samples, steps {whole}")
    ends = []
    for seed in SEEDS:
        moments, end = killed_again_and_again(tmp_path / str(seed), root, seed, length, options)
        print(f"seed {seed:2}, killed at {', '.join(moments)}: {end}")
        ends.append(end)
    assert ends == [whole] * len(SEEDS)


def test_a_checkpoint_is_never_short_on_whatever_file_system():
    """On the file system of memory, which is not that of temporary files."""
    if not MEMORY.is_dir() or MEMORY.stat().st_dev == Path(tempfile.gettempdir()).stat().st_dev:
        pytest.skip("there is only one file system")
    folder = Path(tempfile.mkdtemp(dir=MEMORY))
    draw, short, none, left = random.Random(0), 0, 0, 0
    content = {"weights": torch.rand(8_000_000)}
    try:
        write_checkpoint(content, folder / LAST, keep=2)
        for _ in range(KILLS):
            child = os.fork()
            if not child:
                while True:
                    write_checkpoint(content, folder / LAST, keep=2)
            time.sleep(draw.uniform(0.02, 0.3))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            none += not (folder / LAST).is_file()
            short += sum(damage(path) is not None for path in [folder / LAST, *earlier(folder / LAST)])
            left += len(remove_unfinished(folder))
        rest = [path.name for path in folder.iterdir() if path.suffix != ".ckpt"]
        print(f"\n{KILLS} kills: {short} short files, {none} times none; {left} unfinished removed, {rest} left")
        assert (short, none, rest) == (0, 0, []) and left > KILLS / 4
    finally:
        shutil.rmtree(folder)
