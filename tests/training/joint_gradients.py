"""Gradients and losses of training steps with one, two and three processes, beside those of the joint batch.

`python -m tests.training.joint_gradients` prints the largest differences by loss.
"""

import sys
import tempfile
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
    batches = [
        share(b, s, rank) for b, s in zip(joint_batches(CASES[case][2]), SHARES[processes], strict=True)
    ]
    module = ActionDetection(
        made, MetricCollection({}), MetricCollection({}), lambda parameters: torch.optim.SGD(parameters, lr=0.0)
    )
    seen = Seen()
    strategy = "auto" if processes == 1 else DDPStrategy(gradient_as_bucket_view=True)
    trainer = L.Trainer(
        accelerator="cpu", devices=processes, strategy=strategy, max_epochs=1, accumulate_grad_batches=accumulated,
        logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
        use_distributed_sampler=False, callbacks=[seen], limit_val_batches=0,
    )  # fmt: skip
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


def work(rank, processes, folder):
    """Train every case as process `rank`, and write what it found."""
    torch.set_num_threads(1)
    import os

    store = (Path(folder) / "store").as_uri()
    torch.distributed.init_process_group("gloo", init_method=store, rank=rank, world_size=processes)
    names = {"RANK": rank, "LOCAL_RANK": rank, "GROUP_RANK": 0, "WORLD_SIZE": processes, "LOCAL_WORLD_SIZE": processes}
    os.environ |= {name: str(value) for name, value in names.items()} | {"TORCHELASTIC_RUN_ID": "test"}
    found = {(case, n): train(case, processes, rank, n) for case in CASES for n in accumulations(case)}
    torch.save(found, Path(folder) / f"rank{rank}.pt")
    torch.distributed.destroy_process_group()


def accumulations(case):
    """1 and 2 batches a step; an early phase that ends within a step has no joint batch."""
    return (1,) if CASES[case][3].get("early_samples") == 10 else (1, 2)


def differences(processes, folder):
    """Return by case and accumulated batches the largest relative differences of gradients and losses, and the clips."""
    if processes == 1:
        by_rank = [{(case, n): train(case, 1, 0, n) for case in CASES for n in accumulations(case)}]
    else:
        torch.multiprocessing.spawn(work, args=(processes, str(folder)), nprocs=processes)
        by_rank = [torch.load(Path(folder) / f"rank{rank}.pt", weights_only=True) for rank in range(processes)]
    found = {}
    for case, n in by_rank[0]:
        gradients, losses = of_joint_batches(case, n)
        apart, apart_losses = 0.0, 0.0
        for rank in by_rank:
            mine, logged, clips = rank[case, n]
            assert mine.shape == gradients.shape, "another number of steps"
            apart = max(apart, ((mine - gradients).norm(dim=1) / gradients.norm(dim=1)).max().item())
            relative = [abs(a - b) / abs(b) for a, b in zip(logged, losses, strict=True)]
            apart_losses = max(apart_losses, *relative)
        found[case, n] = apart, apart_losses, clips
    return found


def main():
    import warnings

    warnings.simplefilter("ignore")
    print(f"{'loss':48} {'batches a step':>14}  " + "  ".join(f"{p} processes" for p in SHARES))
    tables = {}
    for processes in SHARES:
        with tempfile.TemporaryDirectory() as folder:
            tables[processes] = differences(processes, folder)
    for case, n in tables[1]:
        cells = "  ".join(f"{tables[p][case, n][0]:>11.1e}" for p in SHARES)
        print(f"{case:48} {n:>14}  {cells}")
    worst = max(d[1] for table in tables.values() for d in table.values())
    print(f"largest relative difference of a logged loss: {worst:.1e}")


if __name__ == "__main__":
    sys.exit(main())
