"""`yowo export`: a network as a file of another program, which is checked against PyTorch before it gets its name."""

import logging
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from omegaconf import DictConfig
from torch import Tensor

import yowo
from yowo.commands.export_clips import calibration_clips, checked_clips, measured, prepared_data
from yowo.commands.records import record_run, run_folder
from yowo.commands.starting_weights import load_network
from yowo.config.build import build_detector, image_size, make
from yowo.config.checkpoint import network_parts, shown_rule
from yowo.config.exported import chosen_format
from yowo.errors import YowoError
from yowo.inference.exported.comparing import LIMIT, Difference, difference
from yowo.inference.exported.facts import CLIP, FORMATS, STATE, ExportFacts, read_facts
from yowo.inference.exported.onnx_rules import GraphRule, graph_rule
from yowo.inference.exported.opening import open_exported
from yowo.inference.exported.quantising import quantised, save_quantised
from yowo.inference.exported.sliding import ExportedSliding, trace_sliding
from yowo.inference.exported.tracing import OUTPUTS, Traced, trace
from yowo.inference.exported.writing import write
from yowo.models.detector import Detector
from yowo.models.sliding_past import PastTensors
from yowo.whole_file import disk_errors, whole_file

log = logging.getLogger(__name__)


@disk_errors()
def export_network(config: DictConfig) -> None:
    """Export as configured, and print what was checked and where the file is."""
    record_run(config)
    detector = build_detector(config)
    load_network(detector, config)
    detector.eval()
    kind = chosen_format(config)
    output = Path(str(config.output)) if config.output else run_folder() / f"{_stem(config)}{FORMATS[kind]}"
    clips, where = checked_clips(config)
    log.info("tracing the network")
    clip_len, name = int(config.dataset.clip_len), str(config.model.name)
    states: dict[str, Any] = {}
    if config.streaming != CLIP:
        traced, states = trace_sliding(detector, clip_len, name, str(config.streaming))
    else:
        traced = trace(detector, clip_len, max(detector.strides), name)
    rule = shown_graph_rule(config, detector) if config.nms and kind != "torch_export" else None
    facts = facts_of(config, detector, traced, states, rule)
    with complete_pair(output) as unfinished:
        log.info("writing %s", kind)
        write(kind, traced, unfinished, facts, rule)
        found = compared(detector, unfinished, clips)
        how = "frame by frame" if states else "one and two at once"
        log.info(
            "checked on clips of %s, %s, also in another size: scores differ from PyTorch's by at most %.1e, boxes by "
            "%.1e of the picture (limit %.0e)",
            where,
            how,
            found.scores,
            found.boxes,
            LIMIT,
        )
        if not found.worst <= LIMIT:
            raise YowoError(
                f"{output}: not written, because the file's detections are not PyTorch's: scores differ by "
                f"{found.scores:.1e}, boxes by {found.boxes:.1e} of the picture (limit {LIMIT:.0e}); please report it"
            )
        if config.precision == "int8":
            _quantise(config, kind, detector, unfinished, facts)
    typed = shlex.quote(f"model={output}")
    log.info("%s: %.1f MB; use: yowo detect %s source=VIDEO", output, _megabytes(output), typed)


def facts_of(
    config: DictConfig, detector: Detector, traced: Traced, states: dict[str, Any], rule: GraphRule | None
) -> ExportFacts:
    """Return what the file says of itself.

    Args:
        config: Of the command.
        detector: The network.
        traced: The traced network.
        states: Facts of the states of a network that takes frames; empty for one that takes clips.
        rule: The rule inside the file.
    """
    classes = [str(name) for name in config.dataset.classes]
    inside: dict[str, Any] | None = None
    if rule is not None:
        thresholds = {"score_threshold": rule.score_threshold, "nms_threshold": rule.nms_threshold}
        inside = {"columns": rule.columns(len(classes)), **thresholds}
    return ExportFacts(
        classes=classes,
        exclusive_classes=detector.exclusive_classes,
        clip_len=int(config.dataset.clip_len),
        dilation=int(config.dataset.dilation),
        image_size=list(image_size(config)),
        mean=[float(value) for value in config.dataset.mean],
        std=[float(value) for value in config.dataset.std],
        levels=traced.levels,
        outputs=[name for name in traced.outputs if name in OUTPUTS],
        model=str(config.model.name),
        dataset=str(config.dataset.name),
        config=network_parts(config),
        detections=inside,
        streaming=str(config.streaming),
        states=states,
        written_by=yowo.__version__,
    )


def shown_graph_rule(config: DictConfig, detector: Detector) -> GraphRule:
    """Return the rule for the output `detections`: that of `yowo detect`, with the thresholds of the command.

    Raises:
        ConfigError: The rule is one of another package.
    """
    node = dict(config.postprocess.items_ex(resolve=True))
    rule = make(type(config)(shown_rule(node))).with_options(score_threshold=config.score_threshold)
    return graph_rule(rule, detector.num_classes)


@torch.inference_mode()
def compared(detector: Detector, file: Path, clips: Tensor) -> Difference:
    """Compare a file with the network that it was made of: one clip at a time, two at once, and another size.

    Args:
        detector: In evaluation mode.
        file: The exported file.
        clips: float [n, 3, K, H, W], normalised.

    Returns:
        The largest differences.
    """
    facts = read_facts(file)
    network = open_exported(file, facts)
    if isinstance(network, ExportedSliding):
        return compared_sliding(detector, network, clips)
    stride = max(detector.strides)
    other = (clips.shape[2], clips.shape[3] + stride, clips.shape[4] + 2 * stride)
    batches = [*clips.unsqueeze(1), clips[-2:], F.interpolate(clips[-1:], other)]
    worst = Difference(0.0, 0.0)
    for batch in batches:
        worst = worst.joined(difference(detector(batch), network(batch), facts.exclusive_classes))
    return worst


@torch.inference_mode()
def compared_sliding(detector: Detector, network: ExportedSliding, clips: Tensor) -> Difference:
    """Compare a file that takes frames with the network that takes clips, on every frame of a few clips.

    Args:
        detector: In evaluation mode.
        network: The opened file.
        clips: float [n, 3, K, H, W], normalised; two of them are used, and one in another size.

    Returns:
        The largest differences.
    """
    stride, length = max(detector.strides), clips.shape[2]
    other = F.interpolate(clips[-1:], (length, clips.shape[3] + stride, clips.shape[4] + 2 * stride))
    worst = Difference(0.0, 0.0)
    for clip in (clips[:1], clips[-1:], other):
        frames = clip[0].transpose(0, 1).unsqueeze(1).numpy()  # [K, 1, 3, H, W]
        past: PastTensors[Any] = PastTensors(network.past, network.kept)
        past.fill(network.first(np.ascontiguousarray(frames[0])))
        for place in range(length):
            raw, kept = network.step(np.ascontiguousarray(frames[place]), past.tensors())
            past.push(kept)
            if place % 3 == 0 or place == length - 1:
                worst = worst.joined(difference(detector(_seen(clip, place, network)), raw, network.exclusive_classes))
    return worst


def _seen(clip: Tensor, place: int, network: ExportedSliding) -> Tensor:
    """Return the frames on which a file's output depends after some frame of a clip, float [1, 3, n, H, W].

    Frames before the first are copies of it. A state knows all frames, other files K of them.
    """
    length = clip.shape[2]
    first = 1 - length if network.facts.streaming == STATE else place + 1 - length
    return clip[:, :, [max(0, frame) for frame in range(first, place + 1)]]


@contextmanager
def complete_pair(output: Path) -> Iterator[Path]:
    """Yield a temporary path for a file, and for the weights beside it (.bin) if the block writes any.

    The weights get their name just before the file does, and an earlier file is removed before that, so that a file is
    never beside the weights of another one.

    Args:
        output: The file to write.

    Raises:
        YowoError: It cannot be written.
    """
    with whole_file(output) as unfinished:
        yield unfinished
        weights = unfinished.with_suffix(".bin")
        if weights.exists():
            output.unlink(missing_ok=True)
            weights.replace(output.with_suffix(".bin"))


def _quantise(config: DictConfig, kind: str, detector: Detector, file: Path, facts: ExportFacts) -> None:
    """Replace a file in float32 by one in int8, and print the mAP of both."""
    data = prepared_data(config)
    log.info("quantising with at most %d clips of %s", config.calibration_clips, config.dataset.name)
    model = quantised(kind, file, calibration_clips(config, data), int(config.calibration_clips))
    whole = open_exported(file, read_facts(file))
    small = file.with_name(f"int8{file.suffix}")
    save_quantised(kind, model, small, ExportFacts(**{**vars(facts), "precision": "int8"}))
    networks: dict[str, Callable[..., Any]] = {"fp32": whole, "int8": open_exported(small, read_facts(small))}
    with torch.inference_mode():
        figures = measured(config, data, make(config.postprocess), networks)
    del whole, networks
    for name, before in figures["fp32"].items():
        after = figures["int8"][name]
        log.info(
            "%s: fp32 %.2f %%, int8 %.2f %% (%+.2f points)", name, 100 * before, 100 * after, 100 * (after - before)
        )
    for part in (small, small.with_suffix(".bin")):
        if part.exists():
            part.replace(file.with_suffix(part.suffix))


def _stem(config: DictConfig) -> str:
    return Path(str(config.checkpoint or config.weights.file)).stem


def _megabytes(output: Path) -> float:
    parts = (output, output.with_suffix(".bin"))
    return sum(part.stat().st_size for part in parts[: 2 if output.suffix == ".xml" else 1]) / 1e6
