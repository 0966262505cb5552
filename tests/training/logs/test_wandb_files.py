import json

from wandb.proto import wandb_internal_pb2

from yowo.training.logs.wandb_files import BLOCK, FIRST, HEADER, LAST, WHOLE, history, logged_rows, records


def row(**values):
    record = wandb_internal_pb2.Record()
    for name, value in values.items():
        item = record.history.item.add()
        item.nested_key.append(name.replace("__", "/"))
        item.value_json = json.dumps(value)
    return record.SerializeToString()


def log_of(contents):
    """The records as W&B writes them: in pieces, where they do not fit into a block."""
    written = bytearray(b":W&B" + bytes(HEADER - 4))
    for content in contents:
        first = True
        while True:
            left = BLOCK - len(written) % BLOCK
            if left < HEADER:
                written += bytes(left)
                continue
            piece, content = content[: left - HEADER], content[left - HEADER :]
            kind = (WHOLE if not content else FIRST) if first else (LAST if not content else 3)
            written += bytes(4) + len(piece).to_bytes(2, "little") + bytes([kind]) + piece
            first = False
            if not content:
                break
    return bytes(written)


def test_records_of_any_length_are_read():
    contents = [b"a" * n for n in (0, 10, BLOCK - 30, 3 * BLOCK, 5)]
    assert list(records(log_of(contents))) == contents
    assert list(records(log_of(contents)[:-3])) == contents[:-1]


def test_rows_of_all_files_of_a_run_are_joined(tmp_path):
    for name, contents in {
        "offline-run-1-abc/run-abc": [row(train__total=1.0, trainer__global_step=1, _step=1)],
        "run-2-abc/run-abc": [row(val__total=1.0, trainer__global_step=1, _step=2), b""],
        "offline-run-2-other/run-other": [row(trainer__global_step=9)],
    }.items():
        path = tmp_path / "wandb" / f"{name}.wandb"
        path.parent.mkdir(parents=True)
        path.write_bytes(log_of(contents))
    rows = logged_rows(tmp_path, "abc")
    assert rows == {1: (2, {"train/total", "val/total", "trainer/global_step", "_step"})}
    assert next(history(tmp_path / "wandb/offline-run-1-abc/run-abc.wandb"))["train/total"] == 1.0
