"""Gradients and losses of training steps with one, two and three processes, beside those of the joint batch.

`python -m tests.training.joint_gradients` prints the largest differences by loss.
"""

import logging
import os
import sys
import tempfile
import warnings
from itertools import pairwise
from pathlib import Path

import lightning as L
import torch
import torch.distributed
import torch.multiprocessing
from lightning.pytorch.strategies import DDPStrategy
from torch.utils.data import DataLoader
from torchmetrics import MetricCollection

from tests.made_up_families import AnchorFamily
from yowo.contracts import ClipBatch
from yowo.losses.assigners import AnchorIoUAssigner, BestAnchorAssigner, BestPredictionAssigner
from yowo.losses.box_terms import GIoULoss, SmoothL1Loss
from yowo.losses.criterion import Criterion
from yowo.losses.terms import MultiHotFocalLoss, SoftmaxFocalLoss
from yowo.training.joint_loss import SplitLosses
from yowo.training.module import ActionDetection

CLASSES = 4
BATCHES = (8, 7, 6)
"""Clips of the joint batches of an epoch; the last accumulated step of two batches has one only."""
SHARES = {
    1: ((8,), (7,), (6,)),
    2: ((5, 3), (6, 1), (2, 4)),
    3: ((5, 2, 1), (3, 3, 1), (1, 1, 4)),
}
"""Clips of each process in each batch, by the number of processes."""
PLUS = {}
"""The arguments of conf/loss/yowo_plus.yaml."""
YOWO = {"goal": "iou", "confidence_scale": 0.5, "divide_by_batch": False}
QUIET = {
    "accelerator": "cpu", "logger": False, "enable_checkpointing": False, "enable_progress_bar": False,
    "enable_model_summary": False, "use_distributed_sampler": False, "limit_val_batches": 0,
}  # fmt: skip
"""Of the Trainer: batches are shared here, and nothing is written."""
CASES = {
    "yowo_plus softmax giou anchor_iou": (AnchorIoUAssigner, GIoULoss, False, PLUS),
    "yowo_plus softmax smooth_l1 yowo": (BestAnchorAssigner, SmoothL1Loss, False, PLUS),
    "yowo_plus multi_hot giou best_prediction": (BestPredictionAssigner, GIoULoss, True, PLUS),
    "yowo_plus multi_hot giou anchor_iou, averaged": (
        AnchorIoUAssigner,
        GIoULoss,
        True,
        {**PLUS, "average_multi_hot": True},
    ),
    "yowo_plus softmax giou yowo, early": (BestAnchorAssigner, GIoULoss, False, {**PLUS, "early_samples": 10}),
    "yowo softmax smooth_l1 yowo": (BestAnchorAssigner, SmoothL1Loss, False, {**YOWO, "average_multi_hot": True}),
    "yowo softmax giou best_prediction": (BestPredictionAssigner, GIoULoss, False, YOWO),
    "yowo multi_hot smooth_l1 yowo, averaged": (
        BestAnchorAssigner,
        SmoothL1Loss,
        True,
        {**YOWO, "average_multi_hot": True},
    ),
    "yowo multi_hot giou anchor_iou": (AnchorIoUAssigner, GIoULoss, True, YOWO),
    "yowo softmax smooth_l1 anchor_iou, early": (
        AnchorIoUAssigner,
        SmoothL1Loss,
        False,
        {**YOWO, "early_samples": 10**6},
    ),
}
"""Assigner, box term, whether labels are multi-hot, and the other arguments of the loss."""


def network(case):
    """The same small network in every process; it has no batch norm, whose statistics are those of a process."""
    assigner, box_loss, multi_hot, options = CASES[case]
    torch.manual_seed(0)
    made = AnchorFamily(CLASSES, 2 if multi_hot else CLASSES, [[20, 30], [30, 60], [50, 50], [60, 90]])
    class_loss = MultiHotFocalLoss(2) if multi_hot else SoftmaxFocalLoss()
    made.criterion = Criterion(assigner(), box_loss(), class_loss, **options)
    return made


def joint_batches(multi_hot):
    """The batches of an epoch: many clips without a box, the last ones of each batch without any positive."""
    generator = torch.Generator().manual_seed(3)
    batches = []
    for size in BATCHES:
        targets = []
        for place in range(size):
            number = 0 if place % 3 == 2 or place == size - 1 else 1 + place % 2
            corner = torch.rand(number, 2, generator=generator) * 0.5
            side = 0.2 + 0.3 * torch.rand(number, 2, generator=generator)
            labels = torch.randint(0, CLASSES, (number,), generator=generator)
            labels = torch.nn.functional.one_hot(labels, CLASSES).float() if multi_hot else labels
            targets.append({"boxes": torch.cat([corner, corner + side], dim=1), "labels": labels})
        tiny = torch.tensor([[0.5, 0.5, 0.501, 0.501]])  # below a pixel: no positive
        labels = torch.ones(1, CLASSES) if multi_hot else torch.ones(1, dtype=torch.int64)
        targets[-1] = {"boxes": tiny, "labels": labels}
        clips = torch.rand(size, 3, 2, 64, 96, generator=generator)
        batches.append(ClipBatch(list(range(size)), [(96, 64)] * size, clips, targets))
    return batches


def share(batch, shares, rank):
    """The part of a joint batch that a process gets."""
    ends = [0, *torch.tensor(shares).cumsum(0).tolist()]
    begin, end = list(pairwise(ends))[rank]
    return ClipBatch(*(part[begin:end] for part in batch))


class Seen(L.Callback):
    """Keeps the gradients of each step, and the logged losses of each batch."""

    def __init__(self):
        self.gradients, self.losses = [], []

    def on_before_optimizer_step(self, trainer, pl_module, optimizer):
        self.gradients.append(torch.cat([p.grad.flatten() for p in pl_module.parameters()]).clone())

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        self.losses.append(trainer.callback_metrics["train/total"].item())


def train(case, processes, rank, accumulated):
    """Train an epoch with a learning rate of 0; return gradients by step, losses by batch, and the number of clips."""
    made = network(case)
    batches = [share(b, s, rank) for b, s in zip(joint_batches(CASES[case][2]), SHARES[processes], strict=True)]
    module = ActionDetection(
        made, MetricCollection({}), MetricCollection({}), lambda net: torch.optim.SGD(net.parameters(), lr=0.0)
    )
    seen = Seen()
    strategy = "auto" if processes == 1 else DDPStrategy(gradient_as_bucket_view=True)
    options = {**QUIET, "devices": processes, "strategy": strategy}
    trainer = L.Trainer(max_epochs=1, accumulate_grad_batches=accumulated, callbacks=[seen], **options)
    trainer.fit(module, DataLoader(batches, batch_size=None, shuffle=False))
    return torch.stack(seen.gradients), seen.losses, int(module.loss.samples)


def of_joint_batches(case, accumulated):
    """What one process computes from all clips of a step at once: gradients by step, losses by batch.

    Class terms that are means over positives are those of each batch, and are added.
    """
    made, batches = network(case), joint_batches(CASES[case][2])
    seen, losses = 0, []
    for batch in batches:
        seen += len(batch.targets)
        losses.append(made.criterion(made(batch.clips), batch.targets, seen)["total"])
    steps, seen = [], 0
    for first in range(0, len(batches), accumulated):
        several = batches[first : first + accumulated]
        seen += sum(len(batch.targets) for batch in several)
        if made.criterion.average_multi_hot and CASES[case][2]:
            sizes = torch.tensor([len(b.targets) for b in several])
            weights = sizes / sizes.sum() if made.criterion.divide_by_batch else torch.ones(len(several))
            total = sum(w * loss for w, loss in zip(weights, losses[first:], strict=False))
        else:
            targets = [target for batch in several for target in batch.targets]
            total = made.criterion(made(torch.cat([b.clips for b in several])), targets, seen)["total"]
        found = torch.autograd.grad(total, list(made.parameters()), retain_graph=True)
        steps.append(torch.cat([gradient.flatten() for gradient in found]))
    return torch.stack(steps), [loss.item() for loss in losses]


def split_losses(processes, rank):
    """The losses of an evaluation of a process's shares; each process but the first also repeats a clip in each batch."""
    case = next(iter(CASES))
    made = network(case)
    losses = SplitLosses(made.criterion)
    for batch, shares in zip(joint_batches(CASES[case][2]), SHARES[processes], strict=True):
        mine = share(batch, shares, rank)
        again = 1 if rank else 0
        clips = torch.cat([mine.clips, mine.clips[:again]])
        repeated = [False] * len(mine.targets) + [True] * again
        losses.add(made(clips), [*mine.targets, *mine.targets[:again]], repeated)
    return torch.stack(list(losses.compute(torch.device("cpu")).values()))


def accumulations(case):
    """1 and 2 batches a step; an early phase that ends within a step has no joint batch."""
    return (1,) if CASES[case][3].get("early_samples") == 10 else (1, 2)


def work(rank, processes, folder, wanted):
    """Train the wanted cases as process `rank`, and write what it found."""
    torch.set_num_threads(1)
    quiet()
    store = (Path(folder) / "store").as_uri()
    names = {"RANK": rank, "LOCAL_RANK": rank, "GROUP_RANK": 0, "WORLD_SIZE": processes, "LOCAL_WORLD_SIZE": processes}
    before = dict(os.environ)
    os.environ |= {name: str(value) for name, value in names.items()} | {"TORCHELASTIC_RUN_ID": "test"}
    torch.distributed.init_process_group("gloo", init_method=store, rank=rank, world_size=processes)
    try:
        found = [train(case, processes, rank, accumulated) for case, accumulated in wanted]
        split = split_losses(processes, rank)
    finally:
        torch.distributed.destroy_process_group()
        os.environ.clear()
        os.environ |= before
    torch.save((found, split), Path(folder) / f"rank{rank}.pt")


def follow(place, processes, folder, wanted):
    """Work as one of the processes after the first, which is the caller: importing everything once more takes long."""
    work(place + 1, processes, folder, wanted)


def quiet():
    """Keep Lightning's hints out of the output."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")


def differences(processes, folder, wanted):
    """Train with a number of processes; compare with the joint batch.

    Args:
        processes: Number of processes.
        folder: Folder of their files.
        wanted: Pairs of a case and the number of accumulated batches.

    Returns:
        For each pair the largest relative differences of the steps' gradients and of the logged losses, and the clips.
    """
    others = torch.multiprocessing.spawn(
        follow, args=(processes, str(folder), wanted), nprocs=processes - 1, join=False
    )
    if processes == 1:
        by_rank = [[train(case, 1, 0, accumulated) for case, accumulated in wanted]]
    else:
        work(0, processes, folder, wanted)
        while not others.join():
            pass
        saved = [torch.load(Path(folder) / f"rank{rank}.pt", weights_only=True) for rank in range(processes)]
        by_rank = [found for found, _ in saved]
        alone = split_losses(1, 0)
        for _, split in saved:
            torch.testing.assert_close(split, alone, rtol=1e-6, atol=0)
    found = []
    for place, (case, accumulated) in enumerate(wanted):
        gradients, losses = of_joint_batches(case, accumulated)
        apart, apart_losses, clips = 0.0, 0.0, set()
        for rank in by_rank:
            mine, logged, number = rank[place]
            assert mine.shape == gradients.shape, "another number of steps"
            apart = max(apart, ((mine - gradients).norm(dim=1) / gradients.norm(dim=1)).max().item())
            apart_losses = max(apart_losses, *(abs(a - b) / abs(b) for a, b in zip(logged, losses, strict=True)))
            clips.add(number)
        found.append((apart, apart_losses, clips))
    return found


def main():
    """Print the table."""
    quiet()
    every = [(case, accumulated) for case in CASES for accumulated in accumulations(case)]
    tables = {}
    for processes in SHARES:
        with tempfile.TemporaryDirectory() as folder:
            tables[processes] = differences(processes, folder, every)
    heads = "  ".join(f"{p} process{'' if p == 1 else 'es'}".rjust(11) for p in SHARES)
    print(f"{'loss, class loss, box loss, assigner':48} {'batches a step':>14}  {heads}")
    for place, (case, accumulated) in enumerate(every):
        cells = "  ".join(f"{table[place][0]:>11.1e}" for table in tables.values())
        print(f"{case:48} {accumulated:>14}  {cells}")
    worst = max(row[1] for table in tables.values() for row in table)
    print(f"largest relative difference of a logged loss: {worst:.1e}")


if __name__ == "__main__":
    sys.exit(main())
