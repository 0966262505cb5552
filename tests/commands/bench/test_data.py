from tests.make_data import ucf24_files
from yowo.commands.bench.data import run

SMALL = ("dataset=ucf24", "dataset.image_size=64", "dataset.num_workers=0", "dataset.clip_len=8")


def test_rates_of_workers_and_of_the_batch_are_shown(tmp_path, capsys):
    root = ucf24_files(tmp_path / "ucf")
    run([*SMALL, f"dataset.root={root}", "--clips", "4", "--workers", "0", "1"])
    shown = capsys.readouterr().out
    assert "worker:" in shown and "clips per second" in shown
    assert "each frame read once" in shown and "key frames per CPU second" in shown
    assert "clips per CPU" in shown and "both" in shown
