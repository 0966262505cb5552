"""Which tubes a picture shows: one for each actor, none that is much weaker than the best."""

from collections.abc import Sequence

import numpy as np

from yowo.contracts import Tube
from yowo.tubes.linking import suppress

SAME_ACTOR = 0.3
"""Of two tubes with a higher tube IoU, whatever their actions, the better one is drawn."""
LEAST_SHARE = 0.4
"""Tubes with a lower share of the best tube's score are not drawn."""


def clearest(tubes: Sequence[Tube]) -> list[Tube]:
    """Return the tubes to draw, by their start: no two of one actor, and none that is much worse than the best.

    Args:
        tubes: Of one video, boxes in pixels.
    """
    scores = np.array([tube.score for tube in tubes], np.float32)
    kept = [tubes[place] for place in suppress(tubes, scores, SAME_ACTOR)] if len(tubes) else []
    good = [tube for tube in kept if tube.score >= LEAST_SHARE * float(scores.max())]
    return sorted(good, key=lambda tube: (tube.start, -tube.score))
