import io
import json
import socket

import pytest
from rich.console import Console

from yowo.reports.narrow_tables import print_table
from yowo.reports.run_states import find_states, how_far, states_markdown, states_table
from yowo.reports.run_status import DONE, FAILED, PRUNED, STATUS, ended, started, write_status

LOG = """\
2026-01-31 12:00:00 INFO    epoch 1 of 5: loss 3.2, lr 0.0001, val/total 4.02, val/frame_map/0.5 0.712, 3 s, about 9 s left
2026-01-31 12:00:09 INFO    epoch 2 of 5, batch 3 of 40: loss 3.1, lr 0.0001
"""


@pytest.fixture
def sweep(tmp_path):
    """A sweep with a job in each state."""
    for number, state in enumerate((DONE, FAILED, PRUNED, DONE)):
        folder = tmp_path / str(number)
        write_status(folder, ended(started(), state, "" if state == DONE else f"[why] {number}", 0.5))
        (folder / ".hydra").mkdir()
        (folder / ".hydra" / "overrides.yaml").write_text(f"- optimizer.lr={number}\n")
    (tmp_path / "0" / "metrics.json").write_text("{}")
    write_status(tmp_path / "10", started())
    (tmp_path / "10" / "train.log").write_text(LOG)
    return tmp_path


def test_every_run_without_a_result_has_a_state_and_a_reason(sweep):
    found = find_states([sweep])
    assert [(s.folder.name, s.state) for s in found] == [
        ("1", "failed"), ("2", "pruned"), ("3", "done"), ("10", "running"),
    ]  # fmt: skip
    assert found[0].reason == "[why] 1" and found[2].reason == "no evaluation; best score 0.5"
    assert found[3].reason.startswith("epoch 2 of 5, batch 3 of 40, val/frame_map/0.5 0.712, on ")
    assert f"on {socket.gethostname()}, process " in found[3].reason


def test_a_run_on_another_machine_is_said_to_run_as_far_as_is_known(sweep):
    record = json.loads((sweep / "10" / STATUS).read_text())
    (sweep / "10" / STATUS).write_text(json.dumps({**record, "host": "elsewhere"}))
    assert find_states([sweep])[-1].reason.endswith(
        f"on elsewhere, process {record['process']}, as far as this machine can tell"
    )


def test_the_table_reads_at_80_columns(sweep):
    console = Console(width=80, record=True, file=io.StringIO())
    print_table(console, states_table(find_states([sweep]), ("optimizer.lr",), sweep))
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= 80 and "…" not in text
    for words in ("optimizer.lr=1", "[why] 1", "failed", "pruned", "running"):
        assert words in text


def test_markdown_has_a_line_a_run(sweep):
    lines = states_markdown(find_states([sweep]), ("optimizer.lr",), sweep).splitlines()
    assert lines[0] == "| run | settings | state | reason |"
    assert lines[2] == "| 1 | optimizer.lr=1 | failed | [why] 1 |" and len(lines) == 6


def test_before_the_first_epoch_nothing_is_said_about_epochs(tmp_path):
    assert how_far(tmp_path) == ""
    (tmp_path / "train.log").write_text("2026-01-31 12:00:00 INFO    training: 5 epochs\n")
    assert how_far(tmp_path) == ""
