from types import SimpleNamespace

import pytest
import torch

import yowo
from yowo.config.build import build_detector
from yowo.config.compose import compose_config
from yowo.contracts import ClipBatch
from yowo.errors import WeightsError
from yowo.training.guarding.bad_batch import ENTRY, BadBatch, random_states, read_bad_batch, replay_batch, sample_names
from yowo.training.guarding.guards import NonFiniteGuard
from yowo.training.guarding.nonfinite import NonFiniteError

TARGET = {"boxes": torch.tensor([[0.2, 0.2, 0.7, 0.8]]), "labels": torch.tensor([1])}


@pytest.fixture(scope="module")
def detector():
    return build_detector(compose_config("train", ["model=yowo_tiny", "dataset=motion", "dataset.image_size=64"]))


class Holder(torch.nn.Module):
    """What the guard needs of a LightningModule."""

    device = torch.device("cpu")

    def __init__(self, detector):
        super().__init__()
        self.detector, self.loss = detector, SimpleNamespace(samples=5)


def stop(detector, folder, clips):
    """Compute one batch as training does, until the guard stops it."""
    targets = [TARGET] * len(clips)
    batch = ClipBatch(list(range(len(clips))), [(128, 96)] * len(clips), clips, targets)
    detector.zero_grad()
    module, guard = Holder(detector.train()), NonFiniteGuard("stop", folder)
    dataset = SimpleNamespace(name=lambda position: f"video v, key frame {position}")
    trainer = SimpleNamespace(
        world_size=1,
        global_rank=0,
        current_epoch=2,
        global_step=7,
        is_global_zero=True,
        callback_metrics={},
        precision_plugin=None,
        datamodule=SimpleNamespace(dataset=lambda stage: dataset),
    )
    guard.on_train_batch_start(trainer, module, batch, 0)
    losses = detector.criterion(detector(clips), targets, 5)
    guard.on_before_backward(trainer, module, losses["total"])
    losses["total"].backward()
    trainer.callback_metrics = {f"train/{name}": value.detach() for name, value in losses.items()}
    guard.on_after_backward(trainer, module)
    guard.on_before_optimizer_step(trainer, module, torch.optim.SGD(detector.parameters(), lr=1.0))
    return {name: float(value.detach()) for name, value in losses.items()}


def test_a_stopped_batch_is_computed_again_from_its_file(detector, tmp_path):
    clips = torch.rand(2, 3, 8, 64, 64)
    clips[1, 0, 3, 5, 5] = float("inf")
    expected = (
        r"\(box nan, conf nan, cls nan\) in epoch 3, step 7, for video v, key frame 0; video v, key frame 1; the batch"
    )
    with pytest.raises(NonFiniteError, match=expected):
        stop(detector, tmp_path, clips)
    file = tmp_path / "nonfinite-step-7.pt"
    found = yowo.replay(file)
    assert all(value != value for value in found.terms.values())
    assert found.layer == "clips" and "head.weight" in found.gradients
    assert str(found).startswith(
        "epoch 3, step 7: box nan, conf nan, cls nan, total nan\nfirst output that is not finite"
    )
    assert str(found).endswith("clips: video v, key frame 0; video v, key frame 1")
    stored = torch.load(file, weights_only=True)
    assert torch.equal(stored[ENTRY]["clips"], clips) and stored["yowo"]["config"]["model"]["name"] == "yowo_tiny"


def test_the_part_of_the_network_that_overflows_is_named(detector, tmp_path):
    weight = detector.fusion.layers[0].conv.weight
    with torch.no_grad():
        before = weight.clone()
        weight.fill_(3e38)
    try:
        with pytest.raises(NonFiniteError, match="the loss is not finite"):
            stop(detector, tmp_path, torch.rand(2, 3, 8, 64, 64))
        found = replay_batch(detector, read_bad_batch(tmp_path / "nonfinite-step-7.pt"))
    finally:
        weight.data.copy_(before)
    assert found.layer == "fusion.layers.0.conv"


def test_dropout_of_a_replay_is_that_of_the_training_and_the_generator_is_left_alone(detector):
    clips, before = torch.rand(2, 3, 8, 64, 64), random_states(torch.device("cpu"))
    terms = stop(detector, None, clips)
    bad = BadBatch(clips, [TARGET] * 2, [0, 1], ["a", "b"], before, samples_seen=5)
    now = torch.get_rng_state()
    found = replay_batch(detector, bad)
    assert found.terms == pytest.approx(terms) and found.layer is None and found.gradients == []
    assert torch.equal(torch.get_rng_state(), now) and not torch.equal(before["cpu"], now)


@pytest.mark.parametrize("content", [b"no checkpoint", None])
def test_other_files_are_an_error(tmp_path, content):
    path = tmp_path / "other.pt"
    path.write_bytes(content) if content else torch.save({"state_dict": {}}, path)
    with pytest.raises(WeightsError, match=r"other\.pt: (cannot be read|expected a file nonfinite-step-N)"):
        read_bad_batch(path)


def test_without_a_data_set_samples_are_named_by_their_position():
    assert sample_names(SimpleNamespace(), [3, 4]) == ["sample 3", "sample 4"]
