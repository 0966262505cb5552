"""Reads the file of an offline run of Weights & Biases: a log of blocks as LevelDB writes them, of protobuf records."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from wandb.proto import wandb_internal_pb2

from yowo.training.logs.wandb_files import records


class OfflineRun(NamedTuple):
    """What one run has sent."""

    name: str
    group: str
    job_type: str
    tags: list[str]
    config: dict[str, Any]
    history: list[dict[str, Any]]
    summary: dict[str, Any]
    metrics: dict[str, Any]
    files: list[str]
    alerts: list[Any]
    artifacts: list[Any]
    exit_code: int | None


def set_in(tree: dict[str, Any], item: Any) -> None:
    *parents, last = list(item.nested_key) or [item.key]
    for parent in parents:
        below = tree.get(parent)
        tree[parent] = below if isinstance(below, dict) else {}
        tree = tree[parent]
    tree[last] = json.loads(item.value_json)


def read_run(path: Path) -> OfflineRun:
    """Read a run-*.wandb file."""
    run, config, history, summary = None, {}, [], {}
    metrics, files, alerts, artifacts, exit_code = {}, [], [], [], None
    for content in records(path.read_bytes()):
        record = wandb_internal_pb2.Record.FromString(content)
        kind = record.WhichOneof("record_type")
        if kind == "run":
            run = record.run
        elif kind == "config":
            for item in record.config.update:
                set_in(config, item)
        elif kind == "history":
            row: dict[str, Any] = {}
            for item in record.history.item:
                set_in(row, item)
            history.append(row)
        elif kind == "summary":
            for item in record.summary.update:
                set_in(summary, item)
        elif kind == "metric":
            metrics[record.metric.name or record.metric.glob_name] = record.metric
        elif kind == "files":
            files += [file.path for file in record.files.files]
        elif kind == "alert":
            alerts.append(record.alert)
        elif kind == "artifact":
            artifacts.append(record.artifact)
        elif kind == "exit":
            exit_code = record.exit.exit_code
    assert run is not None, path
    return OfflineRun(
        run.display_name,
        run.run_group,
        run.job_type,
        list(run.tags),
        config,
        history,
        summary,
        metrics,
        files,
        alerts,
        artifacts,
        exit_code,
    )


def runs_below(folder: Path) -> list[OfflineRun]:
    """Read the runs in a folder, the oldest first."""
    return [read_run(path) for path in sorted(folder.rglob("offline-run-*/run-*.wandb"), key=str)]
