import csv
from types import SimpleNamespace

import lightning as L
import torch
from lightning.pytorch.demos.boring_classes import BoringModel
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger, WandbLogger

from yowo.training.logs.continued_logs import LogPlaces, NewRows, continue_logs, name_wandb_run


class Logging(BoringModel):
    def training_step(self, batch, batch_idx):
        loss = super().training_step(batch, batch_idx)["loss"]
        self.log("loss", loss)
        return loss


def train(folder, steps, resume=None, save_at=None):
    loggers = [CSVLogger(folder, "csv", ""), TensorBoardLogger(folder, "tb", "")]
    places = {} if resume is None else torch.load(resume, weights_only=True)["yowo"]["logs"]
    if resume is not None:
        continue_logs(loggers, places)

    class Save(L.Callback):
        def on_train_batch_end(self, trainer, *args):
            if trainer.global_step == save_at:
                trainer.save_checkpoint(folder / "c.ckpt")
                trainer.save_checkpoint(folder / "d.ckpt")

    torch.manual_seed(0)
    trainer = L.Trainer(
        max_steps=steps,
        logger=loggers,
        callbacks=[LogPlaces(places), Save()],
        log_every_n_steps=1,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
        accelerator="cpu",
        limit_val_batches=0,
    )
    trainer.fit(Logging(), ckpt_path=resume, weights_only=True)
    with (folder / "csv" / "metrics.csv").open() as file:
        return [int(row["step"]) for row in csv.DictReader(file)]


def test_a_csv_file_goes_on_where_the_checkpoint_was_written(tmp_path):
    assert train(tmp_path, 5, save_at=3) == [0, 1, 2, 3, 4]
    assert torch.load(tmp_path / "c.ckpt", weights_only=True)["yowo"]["logs"] == {"step": 3, "csv_rows": 3}
    assert train(tmp_path, 6, resume=tmp_path / "c.ckpt") == [0, 1, 2, 3, 4, 5]
    assert len(list((tmp_path / "tb").glob("events*"))) == 2


def test_a_log_whose_place_is_not_known_is_kept_whole(tmp_path):
    folder = tmp_path / "csv"
    folder.mkdir()
    (folder / "metrics.csv").write_text("loss,step\n1.0,0\n2.0,1\n")
    logger = CSVLogger(tmp_path, "csv", "")
    continue_logs([logger], {})
    logger.log_metrics({"loss": 3.0, "new": 4.0}, step=2)
    logger.save()
    assert (folder / "metrics.csv").read_text().split() == ["loss,new,step", "1.0,,0", "2.0,,1", "3.0,4.0,2"]


class Run:
    """Stands for a run of W&B."""

    def __init__(self, starting_step=0):
        self.starting_step, self.rows = starting_step, []

    def log(self, row, step=None):
        self.rows.append((step, row))


def test_wandb_gets_only_what_it_does_not_have():
    run = Run()
    new = NewRows(SimpleNamespace(experiment=run), {1: (1, {"a"}), 2: (2, {"a"})})
    for step, names in ((1, "a"), (2, "ab"), (3, "a")):
        new(dict.fromkeys(names, 0.5), step)
    x = "trainer/global_step"
    assert run.rows == [(3, {"b": 0.5, x: 2}), (4, {"a": 0.5, x: 3})]


def test_the_server_tells_how_far_an_online_run_is():
    run = Run(starting_step=3)
    new = NewRows(SimpleNamespace(experiment=run), {4: (4, {"a"})})  # row 4 was not uploaded
    for step in (1, 2, 3, 4):
        new({"a": 0.5}, step)
    assert [step for step, _ in run.rows] == [3, 4]


def test_a_run_of_wandb_has_its_id_before_it_starts(tmp_path, monkeypatch):
    monkeypatch.delenv("WANDB_RUN_ID", raising=False)
    logger = WandbLogger(save_dir=tmp_path, offline=True)
    identity = name_wandb_run([logger])
    assert len(identity) == 8 and logger._wandb_init["id"] == identity == name_wandb_run([logger])
    again = WandbLogger(save_dir=tmp_path, offline=True)
    continue_logs([again], {"wandb_id": "old"}, identity)
    assert again.version == identity and name_wandb_run([]) is None
