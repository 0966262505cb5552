"""Checks that the loss and the rule for detections suit the network that they are configured with."""

import logging
from typing import Any

from yowo.errors import ConfigError

_log = logging.getLogger(__name__)
WITH = "loss=yowo_v2, yowo_plus or yowo"
WITHOUT = "loss=yowof, or with model=yowo_v3 loss=yowo_v3"
WITH_GIOU = "loss=yowof or yowo_v2"
RULES_WITH, RULES_WITHOUT = "postprocess=default, yowo or yowo_v2", "postprocess=yowo_v3 or yowof"


def check_parts(network: Any, model: str) -> None:
    """Check `criterion` and `postprocess` of a network.

    A loss and a rule say by an attribute `confidence` what they do with a confidence: "needed", "used" where there is
    one, or "unused". A loss or its `box_loss` that reads `deltas` says by `deltas` in which format, and an assigner by
    `needs_anchors` that it does. A network that does not say what it has (`has_confidence`, `has_anchors`,
    `delta_format`) is not checked.

    Args:
        network: The network, with its loss and its rule.
        model: Its name, for the message.

    Raises:
        ConfigError: The network cannot be trained with the loss, or the rule cannot be computed.
    """
    loss, rule = network.criterion, network.postprocess
    has = getattr(network, "has_confidence", None)
    of_loss, of_rule = (getattr(part, "confidence", None) for part in (loss, rule))
    if has is False and of_loss == "needed":
        raise ConfigError(f"loss: it needs a confidence and model={model} predicts none; use {WITHOUT}")
    if has is False and of_loss == "used":
        _log.warning(
            "loss: it teaches the background by the confidence and model=%s predicts none, so that it will see people "
            "everywhere; use %s",
            model,
            WITHOUT,
        )
    if has is True and of_loss == "unused":
        raise ConfigError(f"loss: it does not train the confidence that model={model} predicts; use {WITH}")
    if has is False and of_rule == "needed":
        raise ConfigError(f"postprocess: it needs a confidence and model={model} predicts none; use {RULES_WITHOUT}")
    if has is False and of_rule == "used":
        _log.warning(
            "postprocess: it compares classes with each other and model=%s scores each of them by itself; use %s",
            model,
            RULES_WITHOUT,
        )
    if has is True and of_rule == "unused":
        _log.warning("postprocess: it leaves out the confidence that model=%s predicts; use %s", model, RULES_WITH)
    assigner = getattr(loss, "assigner", None)
    if getattr(network, "has_anchors", None) is False and getattr(assigner, "needs_anchors", False):
        raise ConfigError(f"assigner: it needs anchors and model={model} has none; use simota, tal or best_prediction")
    own = getattr(network, "delta_format", None)
    for key, part, other in (("loss", loss, WITH_GIOU), ("box_loss", getattr(loss, "box_loss", None), "box_loss=giou")):
        wanted = getattr(part, "deltas", None)
        if own is not None and wanted is not None and wanted != own:
            raise ConfigError(f"{key}: it is for boxes as {wanted}, and model={model} predicts {own}; use {other}")
