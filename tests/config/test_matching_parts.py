from types import SimpleNamespace

import pytest

from yowo.config.matching_parts import check_parts
from yowo.errors import ConfigError


def network(
    has, loss=None, rule=None, deltas=None, wanted=None, box_wanted=None, needs_anchors=False, has_anchors=None
):
    own = SimpleNamespace(
        confidence=loss,
        deltas=wanted,
        box_loss=SimpleNamespace(deltas=box_wanted),
        assigner=SimpleNamespace(needs_anchors=needs_anchors),
    )
    return SimpleNamespace(
        has_confidence=has,
        has_anchors=has_anchors,
        delta_format=deltas,
        criterion=own,
        postprocess=SimpleNamespace(confidence=rule),
    )


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (network(False, loss="needed"), "loss: it needs a confidence and model=net predicts none"),
        (network(True, loss="unused"), "loss: it does not train the confidence that model=net predicts"),
        (network(None, needs_anchors=True, has_anchors=False), "^assigner: it needs anchors and model=net has none"),
        (network(False, rule="needed"), "postprocess: it needs a confidence and model=net predicts none"),
        (
            network(None, deltas="shifts", wanted="bins"),
            "^loss: it is for boxes as bins, and model=net predicts shifts",
        ),
        (network(None, deltas="shifts", box_wanted="bins"), "^box_loss: it is for boxes as bins.*use box_loss=giou"),
    ],
)
def test_what_cannot_work_is_refused_in_one_line(made, message):
    with pytest.raises(ConfigError, match=message):
        check_parts(made, "net")


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (network(False, loss="used"), "loss: it teaches the background by the confidence"),
        (network(False, rule="used"), "postprocess: it compares classes with each other"),
        (network(True, rule="unused"), "postprocess: it leaves out the confidence"),
    ],
)
def test_what_works_badly_is_warned_of(made, message, caplog):
    check_parts(made, "net")
    assert message in caplog.text


@pytest.mark.parametrize(
    "made",
    [
        network(True, "needed", "used", "cells", box_wanted="cells"),
        network(False, "unused", "unused", "bins", "bins"),
        network(None, "needed", "needed", None, "bins"),
    ],
)
def test_what_fits_and_what_does_not_tell_passes_silently(made, caplog):
    check_parts(made, "net")
    assert not caplog.text
