from functools import partial

import lightning as L
import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.data import DataLoader
from torchmetrics import MetricCollection

from tests.losses.test_assigners import random_targets
from tests.losses.test_criterion import random_raw
from tests.training.joint_gradients import (
    BATCHES,
    CASES,
    QUIET,
    SHARES,
    accumulations,
    differences,
    joint_batches,
    network,
)
from yowo.losses.assigners import BestAnchorAssigner
from yowo.losses.box_terms import GIoULoss
from yowo.losses.criterion import Criterion
from yowo.losses.terms import MultiHotFocalLoss, SoftmaxFocalLoss
from yowo.training.joint_loss import JointLoss, SplitLosses, count, over_processes
from yowo.training.module import ActionDetection

EVERY = [(case, accumulated) for case in CASES for accumulated in accumulations(case)]
SOME = [
    ("yowo_plus softmax giou anchor_iou", 2),
    ("yowo_plus multi_hot giou anchor_iou, averaged", 2),
    ("yowo_plus softmax giou yowo, early", 1),
    ("yowo softmax smooth_l1 yowo", 1),
    ("yowo softmax giou best_prediction", 2),
    ("yowo multi_hot smooth_l1 yowo, averaged", 2),
]


def check(found):
    for gradients, losses, clips in found:
        assert gradients < 1e-6 and losses < 1e-6
        assert clips == {sum(BATCHES)}


@pytest.mark.timeout(300)
def test_two_processes_with_uneven_shares_take_the_steps_of_the_joint_batch(tmp_path):
    check(differences(2, tmp_path, SOME))


def test_accumulated_batches_take_the_steps_of_the_joint_batch(tmp_path):
    check(differences(1, tmp_path, [SOME[0], SOME[4]]))


def test_a_one_cycle_schedule_counts_the_steps_of_the_optimizer():
    """Two epochs of three batches; two a step, and one in the last step of an epoch."""
    module = ActionDetection(
        network(SOME[0][0]),
        MetricCollection({}),
        MetricCollection({}),
        lambda net: torch.optim.SGD(net.parameters(), lr=0.0),
        partial(OneCycleLR, max_lr=0.1),
        "step",
    )
    trainer = L.Trainer(max_epochs=2, accumulate_grad_batches=2, **QUIET)
    trainer.fit(module, DataLoader(joint_batches(False), batch_size=None))
    schedule = trainer.lr_scheduler_configs[0].scheduler
    assert schedule.total_steps == schedule.last_epoch == trainer.global_step == 4


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("processes", SHARES)
def test_every_loss_takes_the_steps_of_the_joint_batch(tmp_path, processes):
    check(differences(processes, tmp_path, EVERY))


def criterion(**options):
    return Criterion(BestAnchorAssigner(), GIoULoss(), SoftmaxFocalLoss(), **options)


def weights(loss, sizes, accumulated):
    """The factors of an epoch's batches, and the gradient that each step ends with if each batch adds its number."""
    parameter = nn.Parameter(torch.zeros(()))
    factors, steps = [], []
    for place, size in enumerate(sizes):
        begins = place % accumulated == 0
        loss.step_ends = (place + 1) % accumulated == 0 or place + 1 == len(sizes)
        ends = loss.step_ends
        loss._clips = size
        factors.append(loss.weight(accumulated, begins, [parameter]))
        before = 0.0 if begins or parameter.grad is None else parameter.grad
        parameter.grad = torch.as_tensor(before + factors[-1] * (place + 1) / accumulated)
        if ends:
            steps.append(parameter.grad.item())
    return factors, steps


def test_nothing_is_weighed_where_all_batches_are_alike():
    assert weights(JointLoss(criterion()), [4] * 6, 3) == ([1.0] * 6, [2.0, 5.0])


def test_the_last_step_of_an_epoch_is_the_mean_of_the_batches_that_it_has():
    assert weights(JointLoss(criterion()), [4] * 5, 3)[1] == pytest.approx([2.0, 4.5])
    assert weights(JointLoss(criterion()), [4] * 4, 3)[1] == pytest.approx([2.0, 4.0])


def test_batches_count_by_their_clips():
    assert weights(JointLoss(criterion()), [2, 1, 1, 3], 3)[1] == pytest.approx([(2 * 1 + 2 + 3) / 4, 4.0])


def test_a_loss_that_is_a_sum_stays_one():
    assert weights(JointLoss(criterion(divide_by_batch=False)), [4, 4, 2], 2)[1] == pytest.approx([3.0, 3.0])


def test_a_loss_of_ones_own_is_a_mean_over_clips():
    own = JointLoss(lambda raw, targets, seen: {"total": raw["cls"].mean() + seen})
    raw = random_raw(2, 0)
    loss, values = own(raw, random_targets(2, 3, 1))
    assert loss.item() == values["total"].item() == pytest.approx(raw["cls"].mean().item() + 2)
    split = SplitLosses(own.criterion)
    own.criterion.criterion = lambda raw, targets, seen: {"total": raw["cls"].mean()}
    raws = [random_raw(n, n) for n in (2, 1)]
    for raw in raws:
        split.add(raw, random_targets(len(raw["cls"]), 3, 1), [False] * len(raw["cls"]))
    mean = torch.cat([raw["cls"] for raw in raws]).mean().item()
    assert split.compute(torch.device("cpu"))["total"].item() == pytest.approx(mean, rel=1e-5)


def parts(raw, targets, sizes):
    """A batch in parts of the given sizes."""
    begin = 0
    for size in sizes:
        rows = slice(begin, begin + size)
        yield (
            {key: value[rows] if key in ("cls", "conf", "boxes", "deltas") else value for key, value in raw.items()},
            targets[rows],
        )
        begin += size


@pytest.mark.parametrize(
    "options", [{}, {"divide_by_batch": False}, {"divide_by_batch": False, "average_multi_hot": True}]
)
def test_losses_of_a_split_do_not_depend_on_its_batches(options):
    loss = Criterion(BestAnchorAssigner(), GIoULoss(), MultiHotFocalLoss(2), **options)
    raw, targets = random_raw(8, 0), random_targets(8, 3, 1)
    for target in targets:
        target["labels"] = nn.functional.one_hot(target["labels"], 4).float()
    whole = {name: value.item() for name, value in loss(raw, targets).items()}
    for sizes in ([8], [4, 4], [4, 3, 1]):
        split = SplitLosses(loss)
        for some, theirs in parts(raw, targets, sizes):
            split.add(some, theirs, [False] * len(theirs))
        found = split.compute(torch.device("cpu"))
        of_a_batch = 1 if loss.divide_by_batch else sizes[0] / 8  # a sum is that of the largest batch
        averaged = loss.average_multi_hot
        for name in ("box", "conf", "cls"):
            share = 1 if name == "cls" and averaged else of_a_batch
            assert found[name].item() == pytest.approx(whole[name] * share, rel=1e-5)
        assert found["total"].item() == pytest.approx(sum(found[n].item() for n in ("box", "conf", "cls")), rel=1e-6)


def test_repeated_clips_are_left_out_of_the_losses_of_a_split():
    loss, raw, targets = criterion(), random_raw(5, 0), random_targets(5, 3, 1)
    split = SplitLosses(loss)
    some, (last, their) = parts(raw, targets, [4, 1])
    split.add(*some, [True, False, False, True])
    split.add(last, their, [True])
    kept = loss({**raw, **{key: raw[key][1:3] for key in ("cls", "conf", "boxes", "deltas")}}, targets[1:3])
    assert split.compute(torch.device("cpu"))["total"].item() == pytest.approx(kept["total"].item(), rel=1e-5)


def test_a_split_without_batches_has_no_losses():
    assert SplitLosses(criterion()).compute(torch.device("cpu")) == {}


def test_one_process_exchanges_nothing():
    assert count(3, torch.device("cpu")) == 3
    assert over_processes(torch.ones(2)).tolist() == [1, 1]
