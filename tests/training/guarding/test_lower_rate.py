from types import SimpleNamespace

import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, LinearLR, MultiStepLR, OneCycleLR, SequentialLR

from yowo.training.guarding.lower_rate import lower_rates

SCHEDULES = {
    "steps": lambda o: MultiStepLR(o, [2, 5], 0.1),
    "lambda": lambda o: LambdaLR(o, lambda step: 1 / (1 + step)),
    "one cycle": lambda o: OneCycleLR(o, max_lr=0.1, total_steps=10),
    "cosine": lambda o: CosineAnnealingLR(o, 10),
    "sequence": lambda o: SequentialLR(o, [LinearLR(o, 0.1, total_iters=4), MultiStepLR(o, [2], 0.1)], [4]),
}


def rates(schedule, lowered_at):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
    scheduler = schedule(optimizer)
    trainer = SimpleNamespace(optimizers=[optimizer], lr_scheduler_configs=[SimpleNamespace(scheduler=scheduler)])
    seen = []
    for step in range(9):
        if step == lowered_at:
            lower_rates(trainer, 0.5)
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return seen


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_goes_on_at_half_its_rates(name):
    usual, lower = rates(SCHEDULES[name], None), rates(SCHEDULES[name], 3)
    assert lower == pytest.approx(usual[:3] + [rate / 2 for rate in usual[3:]])
