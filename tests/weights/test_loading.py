import argparse

import pytest
import torch
from safetensors.torch import save_file

import yowo
from yowo.errors import WeightsError
from yowo.weights.loading import find_state_dict, load_weights, read_checkpoint


def small_net():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 2))


class Evil:
    def __reduce__(self):
        return (print, ("run",))


@pytest.mark.parametrize("wrap", [lambda s: s, lambda s: {"model": s, "epoch": 3}, lambda s: {"state_dict": s}])
def test_a_state_dict_is_found_however_it_is_wrapped(wrap, tmp_path):
    source, net = small_net().state_dict(), small_net()
    torch.nn.init.zeros_(net[0].weight)
    torch.save(wrap(source), tmp_path / "w.pth")
    report = load_weights(net, tmp_path / "w.pth")
    assert torch.equal(net[0].weight, source["0.weight"])
    assert str(report) == "4 entries loaded, 0 ignored, 0 missing"


def test_the_lightning_modules_prefix_and_its_other_entries_are_dropped():
    state = {"detector.0.weight": torch.ones(1), "metric.total": torch.ones(1)}
    assert list(find_state_dict({"state_dict": state}, "x")) == ["0.weight"]


def test_the_prefix_of_data_parallel_training_is_dropped():
    state = {f"module.{name}": tensor for name, tensor in small_net().state_dict().items()}
    assert len(load_weights(small_net(), state).loaded) == 4


def test_safetensors_files_are_read(tmp_path):
    save_file(small_net().state_dict(), tmp_path / "w.safetensors")
    assert len(load_weights(small_net(), tmp_path / "w.safetensors").loaded) == 4


def test_the_authors_namespace_is_plain_data(tmp_path):
    torch.save({"model": small_net().state_dict(), "args": argparse.Namespace(lr=1e-4)}, tmp_path / "w.pth")
    assert read_checkpoint(tmp_path / "w.pth")["args"].lr == 1e-4


def test_code_in_a_checkpoint_is_refused(tmp_path, capsys):
    torch.save({"model": small_net().state_dict(), "args": Evil()}, tmp_path / "evil.pth")
    with pytest.raises(WeightsError, match=r"evil\.pth: refused, because reading it would run code"):
        read_checkpoint(tmp_path / "evil.pth")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("content", [b"", b"garbage" * 50, b"PK\x03\x04broken zip", b"\x80\x04not a pickle"])
def test_damaged_files_are_one_clear_line(tmp_path, content):
    (tmp_path / "w.pth").write_bytes(content)
    with pytest.raises(WeightsError, match=r"w\.pth: (not a whole PyTorch file|refused)"):
        read_checkpoint(tmp_path / "w.pth")


def test_a_truncated_file_is_one_clear_line(tmp_path):
    torch.save(small_net().state_dict(), tmp_path / "w.pth")
    whole = (tmp_path / "w.pth").read_bytes()
    (tmp_path / "w.pth").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WeightsError, match=r"w\.pth: not a whole PyTorch file"):
        read_checkpoint(tmp_path / "w.pth")


def test_damaged_safetensors_are_one_clear_line(tmp_path):
    (tmp_path / "w.safetensors").write_bytes(b"nothing at all")
    with pytest.raises(WeightsError, match=r"w\.safetensors: not a whole safetensors file"):
        read_checkpoint(tmp_path / "w.safetensors")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(WeightsError, match=r"nowhere\.pth: there is no such weights file"):
        load_weights(small_net(), tmp_path / "nowhere.pth")


def test_a_file_without_tensors_is_named(tmp_path):
    torch.save({"epoch": 3}, tmp_path / "w.pth")
    with pytest.raises(WeightsError, match=r"holds no state dict; its entries are epoch"):
        load_weights(small_net(), tmp_path / "w.pth")


def test_missing_entries_are_an_error_unless_asked_for():
    state = {k: v for k, v in small_net().state_dict().items() if k != "1.bias"}
    with pytest.raises(WeightsError, match=r"lacks 1\.bias; pass strict=False"):
        load_weights(small_net(), state)
    report = load_weights(small_net(), state | {"extra": torch.ones(1)}, strict=False)
    assert (report.missing, report.ignored) == (["1.bias"], ["extra"])


def test_another_shape_is_an_error_that_names_both():
    state = small_net().state_dict() | {"0.bias": torch.ones(9)}
    with pytest.raises(WeightsError, match=r"does not fit this network: 0\.bias \(file \[9\], network \[4\]\)"):
        load_weights(small_net(), state)


def test_a_failed_load_changes_nothing():
    net = small_net()
    before = net[0].weight.clone()
    with pytest.raises(WeightsError, match="does not fit"):
        load_weights(net, {"0.weight": torch.zeros(4, 3), "0.bias": torch.zeros(7)})
    assert torch.equal(net[0].weight, before)


def test_weights_of_another_class_count_do_not_fit_silently():
    state = yowo.build_model("yowo_tiny", "motion", 8).state_dict()
    with pytest.raises(WeightsError, match=r"head\.weight \(file \[65"):
        yowo.load_weights(yowo.build_model("yowo_tiny", "ucf24", 8, "dataset.image_size=96"), state)
