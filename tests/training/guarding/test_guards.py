import lightning as L
import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.data import DataLoader

from yowo.training.guarding.guards import IN_A_ROW, NonFiniteGuard
from yowo.training.guarding.nonfinite import NonFiniteError

NAN, INF = float("nan"), float("inf")


class Net(L.LightningModule):
    """Two weights behind a normalisation; a batch is one number, or a number and a factor of the gradient."""

    def __init__(self, lr=0.1, schedule=None):
        super().__init__()
        self.norm = torch.nn.BatchNorm1d(2)
        self.head = torch.nn.Linear(2, 1)
        self.lr, self.schedule = lr, schedule
        self.seen = []

    def training_step(self, batch, batch_idx):
        self.seen.append({name: value.clone() for name, value in self.state_dict().items()})
        value, slope = batch[0].tolist()
        out = self.head(self.norm(torch.tensor([[value, 1.0], [2.0, 3.0]]))).sum()
        self.log_dict({"train/box": out.detach(), "train/cls": torch.tensor(1.0), "train/total": out.detach() + 1})
        return out + 1 if slope == 1 else out.detach() + self.head.bias.sum().clamp(min=-9).sqrt().nan_to_num(1) * slope

    def configure_optimizers(self):
        optimizer = torch.optim.AdamW(self.parameters(), lr=self.lr, weight_decay=0.1)
        if self.schedule is None:
            return optimizer
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": self.schedule(optimizer), "interval": "step"}}


def fit(guard, values, folder, module=None, slopes=None, **options):
    module = module or Net()
    slopes = slopes or [1.0] * len(values)
    callbacks = [guard, *options.pop("callbacks", [])]
    resume = options.pop("resume", None)
    trainer = L.Trainer(
        **{"max_epochs": 1, "enable_checkpointing": False, **options},
        callbacks=callbacks,
        logger=False,
        accelerator="cpu",
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
    )
    data = DataLoader(torch.tensor(list(zip(values, slopes, strict=True))), batch_size=1)
    trainer.fit(module, data, ckpt_path=resume, weights_only=True)
    return trainer, module


def same(first, second):
    return all(torch.equal(first[name], second[name]) for name in first if "num_batches" not in name)


def test_a_loss_that_is_not_finite_stops_the_run_and_names_its_term_and_leaves_the_weights_alone(tmp_path):
    module = Net()
    expected = r"the loss is not finite \(box nan\).* in epoch 1, step 2, .*lower optimizer.lr, or set on_nonfinite="
    with pytest.raises(NonFiniteError, match=expected):
        fit(NonFiniteGuard("stop", tmp_path), [0.5, 0.7, NAN, 0.1], tmp_path, module)
    assert len(module.seen) == 3 and same(module.seen[2], module.state_dict())
    assert all(value.isfinite().all() for value in module.state_dict().values())


def test_a_gradient_that_is_not_finite_stops_the_run_although_the_loss_is_finite(tmp_path):
    module = Net()
    torch.nn.init.zeros_(module.head.bias)  # the slope of the square root at 0 is infinite
    with pytest.raises(NonFiniteError, match=r"the gradient of head.bias is not finite"):
        fit(NonFiniteGuard("stop", tmp_path), [0.5, 0.1], tmp_path, module, slopes=[2.0, 1.0])


def test_a_skipped_step_leaves_weights_statistics_and_momentum_as_if_its_batch_had_not_come(tmp_path, caplog):
    torch.manual_seed(0)
    start = Net().state_dict()
    results = {}
    for name, values in {"with": [0.5, NAN, 0.7], "without": [0.5, 0.7]}.items():
        module = Net()
        module.load_state_dict(start)
        guard = NonFiniteGuard("skip", tmp_path)
        trainer, _ = fit(guard, values, tmp_path, module)
        results[name] = (module.state_dict(), trainer.optimizers[0].state_dict()["state"], guard.skipped)
    assert same(results["with"][0], results["without"][0])
    for first, second in zip(results["with"][1].values(), results["without"][1].values(), strict=True):
        assert all(torch.equal(first[name], second[name]) for name in first)
    assert (results["with"][2], results["without"][2]) == (1, 0)
    assert "the loss is not finite (box nan)" in caplog.text and "the step is left out (1 so far)" in caplog.text
    assert trainer.callback_metrics.get("train/skipped") is None


def test_skipped_steps_are_logged(tmp_path):
    trainer, _ = fit(NonFiniteGuard("skip", tmp_path), [NAN, 0.5, INF, 0.2], tmp_path)
    assert trainer.callback_metrics["train/skipped"] == 2


def test_a_window_of_accumulated_batches_is_left_out_whole(tmp_path):
    module = Net()
    guard = NonFiniteGuard("skip", tmp_path)
    fit(guard, [0.5, NAN, 0.3, 0.7, 0.2, 0.4], tmp_path, module, accumulate_grad_batches=2)
    weights = [{name: value for name, value in seen.items() if "running" not in name} for seen in module.seen]
    assert guard.skipped == 1 and same(weights[0], weights[2]) and not same(weights[2], weights[4])
    assert same(module.seen[0], module.seen[2])


def test_too_many_steps_left_out_in_a_row_stop_the_run(tmp_path):
    guard = NonFiniteGuard("skip", tmp_path)
    with pytest.raises(NonFiniteError, match=f"{IN_A_ROW} steps before it were left out"):
        fit(guard, [NAN] * (IN_A_ROW + 1), tmp_path)
    guard = NonFiniteGuard("skip", tmp_path)
    fit(guard, [*[NAN] * IN_A_ROW, 0.5, *[NAN] * IN_A_ROW], tmp_path)
    assert guard.skipped == 2 * IN_A_ROW


def test_weights_that_are_not_finite_are_never_saved(tmp_path):
    class Wild(Net):
        def on_train_batch_end(self, *_):
            self.head.weight.data[0, 0] = NAN

    saver = ModelCheckpoint(tmp_path, save_last=True)
    with pytest.raises(NonFiniteError, match=r"head.weight: weights are not finite in epoch 1, after step 1"):
        fit(NonFiniteGuard("skip", tmp_path), [0.5], tmp_path, Wild(), callbacks=[saver], enable_checkpointing=True)
    assert not list(tmp_path.glob("*.ckpt"))


def test_a_rate_that_throws_the_weights_away_stops_the_run(tmp_path):
    with pytest.raises(NonFiniteError, match="not finite"):
        fit(NonFiniteGuard("stop", tmp_path), [0.5, 0.1, 0.7, 0.2], tmp_path, Net(lr=1e30))


@pytest.mark.parametrize("schedule", [None, lambda o: OneCycleLR(o, max_lr=0.1, total_steps=8)])
def test_a_lower_rate_is_half_of_the_schedules_and_a_checkpoint_keeps_it(tmp_path, schedule):
    rates = {}
    file = tmp_path / "last.ckpt"

    class Rates(L.Callback):
        def __init__(self, name):
            self.kept = rates.setdefault(name, [])

        def on_train_batch_start(self, trainer, *_):
            self.kept.append(trainer.optimizers[0].param_groups[0]["lr"])

    def run(name, guard, epochs=1, resume=None):
        return fit(
            guard,
            [0.5] * 4,
            tmp_path,
            Net(schedule=schedule),
            callbacks=[Rates(name)],
            max_epochs=epochs,
            resume=resume,
        )[0]

    run("usual", NonFiniteGuard("recover", tmp_path), epochs=2)
    run("first", NonFiniteGuard("recover", tmp_path)).save_checkpoint(file)
    run("lower", NonFiniteGuard("recover", tmp_path, rate=0.5, recoveries=1), epochs=2, resume=file).save_checkpoint(
        file
    )
    assert rates["first"] == rates["usual"][:4]
    assert rates["lower"] == pytest.approx([rate / 2 for rate in rates["usual"][4:]])
    guard = NonFiniteGuard("recover", tmp_path)
    trainer = run("again", guard, epochs=3, resume=file) if schedule is None else None
    if trainer is not None:
        assert rates["again"] == pytest.approx([0.05] * 4) and (guard.rate, guard.recoveries) == (0.5, 1)


def test_fp16_steps_that_the_scaler_leaves_out_are_counted_and_a_collapsed_scale_stops_the_run(tmp_path):
    guard = NonFiniteGuard("stop", tmp_path)
    guard._overflowed(1024.0, 3)
    assert guard.overflows == 1
    with pytest.raises(NonFiniteError, match=r"step 4 .*scaled by 0.0001.*bf16-mixed"):
        guard._overflowed(1e-4, 4)


def test_numbers_of_the_guard_outlive_a_checkpoint(tmp_path):
    guard = NonFiniteGuard("recover", tmp_path, rate=0.25, recoveries=2)
    guard.load_state_dict({"skipped": 3, "overflows": 4, "rate": 0.5, "recoveries": 1})
    assert (guard.skipped, guard.overflows, guard.rate, guard.recoveries) == (3, 4, 0.25, 2)
