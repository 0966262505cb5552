"""The optimizer's groups of parameters: learning rates by part and by depth, and what gets no weight decay."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR

from yowo.errors import ConfigError
from yowo.models.parts import find_parts

REST = "rest"
"""Name of the group with the full learning rate."""
NORMS = (nn.modules.batchnorm._NormBase, nn.GroupNorm, nn.LayerNorm)
IMPLEMENTATION = ("fused", "foreach", "capturable")
"""Options of torch's optimizers that change how a step is computed but not what."""


@dataclass(frozen=True)
class ParameterGroups:
    """The rule that sorts a network's parameters into groups.

    Attributes:
        lr_factors: Factor of the learning rate by name of a part, see `find_parts`. Of a part and one inside it, the
            inner one counts.
        layer_decay: Factor of the learning rate from each stage of a backbone to the one before it, above 0 and at most
            1. The last stage has this factor, the one before it the square, and so on; fusion and head have 1. A
            backbone tells its stages by an attribute `stages`: tuples of names of its parts, from input to output.
        no_decay_norms: Whether biases, the weights of norms and other parameters of one axis get no weight decay.
        decay_gamma: Whether of these the last, which belong to no norm and are no bias, get it all the same: the factor
            gamma of a channel attention.
    """

    lr_factors: Mapping[str, float] = field(default_factory=dict)
    layer_decay: float = 1.0
    no_decay_norms: bool = False
    decay_gamma: bool = False

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ConfigError: One is out of range.
        """
        for name, factor in self.lr_factors.items():
            if isinstance(factor, bool) or not isinstance(factor, (int, float)) or not factor >= 0:
                raise ConfigError(f"optimizer.lr_factors.{name}: expected a number of at least 0, got {factor!r}")
        if isinstance(self.layer_decay, bool) or not 0 < self.layer_decay <= 1:
            raise ConfigError(
                f"optimizer.layer_decay: expected a number above 0 and at most 1, got {self.layer_decay!r}"
            )

    def __call__(self, network: nn.Module) -> list[dict[str, Any]]:
        """Sort the parameters that have a gradient.

        Args:
            network: The network.

        Returns:
            Groups for a torch optimizer, those with the full rate first, each with a `name`, which loggers show, and
            `lr_factor`; without any option one group that has neither.

        Raises:
            ConfigError: A name of `lr_factors` is unknown, or `layer_decay` is used and no part has stages.
        """
        given = {path: name for name in self.lr_factors for path in find_parts(network, name, "optimizer.lr_factors")}
        depths = _stages(network, self.layer_decay) if self.layer_decay != 1 else {}
        groups: dict[tuple[str, bool], dict[str, Any]] = {}
        for path, parameter in network.named_parameters():
            if not parameter.requires_grad:
                continue
            part, (stage, share) = _inmost(path, given), depths.get(_inmost(path, depths), ("", 1.0))
            typed = given.get(part, "")
            factor = share * (self.lr_factors[typed] if typed else 1.0)
            kept = self.no_decay_norms and parameter.ndim <= 1 and not (self.decay_gamma and _is_gamma(network, path))
            label = " ".join(dict.fromkeys(word for word in (typed, stage) if word)) or REST
            name = f"{label} no decay" if kept else label
            options = {"params": [], "name": name, "lr_factor": factor, **({"weight_decay": 0.0} if kept else {})}
            groups.setdefault((label, kept), options)["params"].append(parameter)
        ordered = sorted(groups.values(), key=lambda group: group["lr_factor"] != 1)
        if [group["name"] for group in ordered] == [REST]:
            return [{"params": ordered[0]["params"]}]
        return ordered


def _is_gamma(network: nn.Module, path: str) -> bool:
    """Return whether a parameter of one axis is no bias and belongs to no norm."""
    owner, _, name = path.rpartition(".")
    return name != "bias" and not isinstance(network.get_submodule(owner), NORMS)


def _inmost(path: str, parts: Iterable[str]) -> str:
    """Return the longest of `parts` that a parameter is in; "" if it is in none."""
    return max((part for part in parts if path.startswith(f"{part}.")), key=len, default="")


def _stages(network: nn.Module, decay: float) -> dict[str, tuple[str, float]]:
    """Return name of the stage and factor of the rate by name of each module that is a part of a stage."""
    found = {}
    for name, child in network.named_children():
        stages: tuple[tuple[str, ...], ...] = getattr(child, "stages", ())
        for place, parts in enumerate(stages):
            for part in parts:
                found[f"{name}.{part}"] = (f"{name}.{parts[0]}", decay ** (len(stages) - place))
    if not found:
        raise ConfigError("optimizer.layer_decay: no backbone of this network has stages; use optimizer.lr_factors")
    return found


@dataclass(frozen=True)
class GroupedOptimizer:
    """Makes the optimizer of a network.

    Attributes:
        maker: Makes it from groups of parameters.
        groups: Makes the groups.
    """

    maker: Callable[[list[dict[str, Any]]], Optimizer]
    groups: ParameterGroups = field(default_factory=ParameterGroups)

    def __call__(self, network: nn.Module) -> Optimizer:
        """Make the optimizer.

        Args:
            network: The network; its parameters without a gradient are left out.

        Raises:
            ConfigError: See `ParameterGroups`.
        """
        optimizer = self.maker(self.groups(network))
        for group in optimizer.param_groups:
            group["lr"] = group["lr"] * group.get("lr_factor", 1.0)
        if getattr(optimizer, "_step_supports_amp_scaling", False):
            # A fused optimizer offers to unscale gradients itself, too late for clipping, which Lightning then refuses.
            # Without the offer gradients are unscaled before they are clipped, as for all other optimizers.
            optimizer._step_supports_amp_scaling = False  # type: ignore[attr-defined]
        optimizer.register_load_state_dict_pre_hook(_fitting)
        return optimizer


def _fitting(optimizer: Optimizer, state: dict[str, Any]) -> dict[str, Any]:
    """Check that the state of a checkpoint has the optimizer's groups; how steps are computed stays this run's choice.

    Raises:
        ConfigError: The groups differ, by name or number of parameters.
    """
    own, stored = (
        [(g.get("name"), len(g["params"])) for g in gs] for gs in (optimizer.param_groups, state["param_groups"])
    )
    if own != stored:
        raise ConfigError(
            f"resume: the checkpoint's optimizer has {_words(stored)}, this run's {_words(own)}; give freeze, "
            "optimizer.lr_factors, layer_decay and no_decay_norms as in the first run, or begin anew with weights=FILE"
        )
    chosen = [{name: group[name] for name in IMPLEMENTATION if name in group} for group in optimizer.param_groups]
    groups = [{**group, **options} for group, options in zip(state["param_groups"], chosen, strict=True)]
    return {**state, "param_groups": groups}


def _words(groups: list[tuple[str | None, int]]) -> str:
    return ", ".join(f"{name or 'one group'} ({count} parameters)" for name, count in groups)


def make_schedule(maker: Callable[..., LRScheduler], optimizer: Optimizer, steps: Callable[[], int]) -> LRScheduler:
    """Make the scheduler of an optimizer; every group keeps its factor of the learning rate.

    Args:
        maker: Makes it from the optimizer; of a one-cycle schedule, a `functools.partial`.
        optimizer: The optimizer.
        steps: Gives the number of the optimizer's steps in the whole training, for a one-cycle schedule.
    """
    if not is_one_cycle(maker):
        return maker(optimizer)
    highest = maker.keywords["max_lr"]  # type: ignore[attr-defined]
    if not isinstance(highest, (list, tuple)):
        highest = [highest * group.get("lr_factor", 1.0) for group in optimizer.param_groups]
    return maker(optimizer, total_steps=steps(), max_lr=highest)


def is_one_cycle(maker: Callable[..., LRScheduler] | None) -> bool:
    """Return whether a maker of schedulers makes one-cycle schedules."""
    return getattr(maker, "func", None) is OneCycleLR
