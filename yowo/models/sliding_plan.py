"""Which sums of a stem's taps a window of frames needs, and which of them earlier windows have computed.

A convolution over time of an odd kernel D and stride 1 gives at each position of a window the sum of D taps: tap k is
the 2D convolution of the frame k - D // 2 steps after the position's own. Positions near the ends of the window lack
the taps of frames beyond it, where the convolution pads with zeros. So a position has a span (first, last) of taps; it
is complete when the frame of its last tap has come, and from then on it is the same in every window in which it has
that span.
"""

from typing import NamedTuple

Span = tuple[int, int]
"""First and last tap of a sum, 0 to D - 1, both included."""


class Past(NamedTuple):
    """A tensor of an earlier step that a step needs.

    Attributes:
        series: Name of the tensor.
        lag: Steps ago, at least 1.
    """

    series: str
    lag: int


class Sum(NamedTuple):
    """How the sum of a span is made at the step at which the frame of its last tap comes.

    Attributes:
        span: The span.
        inner: Span of the sum that it extends by one tap; None if it is one tap alone.
        lag: Steps since `inner` was complete: 1 where the last tap is added, 0 where the first one is.
        tap: The tap that is added.
        tap_lag: Steps since the frame of that tap came.
    """

    span: Span
    inner: Span | None
    lag: int
    tap: int
    tap_lag: int


class Position(NamedTuple):
    """A position of the stem's output over the window.

    Attributes:
        span: Its taps.
        lag: Steps since it was complete.
    """

    span: Span
    lag: int


class Plan(NamedTuple):
    """What a step computes.

    Attributes:
        taps: Taps of the new frame.
        sums: Sums, each after those that it is made of.
        positions: Positions of the window, oldest first.
    """

    taps: tuple[int, ...]
    sums: tuple[Sum, ...]
    positions: tuple[Position, ...]

    def past(self) -> tuple[Past, ...]:
        """Return the tensors of earlier steps that a step needs, sorted."""
        sums = {Past(sum_name(s.inner), s.lag) for s in self.sums if s.inner is not None and s.lag}
        taps = {Past(sum_name((s.tap, s.tap)), s.tap_lag) for s in self.sums if s.tap_lag}
        maps = {Past(map_name(p.span), p.lag) for p in self.positions if p.lag}
        return tuple(sorted(sums | taps | maps))


def sum_name(span: Span) -> str:
    """Return the name of the series of a sum of taps."""
    return f"sum_{span[0]}_{span[1]}"


def map_name(span: Span) -> str:
    """Return the name of the series of pooled positions."""
    return f"map_{span[0]}_{span[1]}"


def make_plan(clip_len: int, kernel: int, stride: int = 1) -> Plan:
    """Plan the steps of a stem that slides by one frame.

    Args:
        clip_len: K, frames of the window, at least 1.
        kernel: D, the stem's kernel over time, odd; it is padded by D // 2.
        stride: The stem's stride over time; the window's first position is at its first frame.

    Returns:
        The plan.

    Examples:
        >>> plan = make_plan(4, kernel=3)
        >>> [position.span for position in plan.positions], [position.lag for position in plan.positions]
        ([(1, 2), (0, 2), (0, 2), (0, 1)], [2, 1, 0, 0])
    """
    half = kernel // 2
    positions = []
    for place in range(0, clip_len, stride):
        after = clip_len - 1 - place
        first, last = max(0, half - place), min(kernel - 1, half + after)
        positions.append(Position((first, last), after - (last - half)))
    wanted = {position.span for position in positions}
    sums: dict[Span, Sum] = {}
    for span in sorted(wanted, key=lambda span: (span[1] - span[0], span)):
        _add(span, wanted, sums)
    taps = sorted({made.tap for made in sums.values()})
    for tap in taps:  # a tap that is added later than its frame came is a series of its own
        sums.setdefault((tap, tap), Sum((tap, tap), None, 0, tap, 0))
    ordered = sorted(sums.values(), key=lambda made: (made.span[1] - made.span[0], made.span))
    return Plan(tuple(taps), tuple(ordered), tuple(positions))


def _add(span: Span, wanted: set[Span], sums: dict[Span, Sum]) -> None:
    """Add the sum of a span, and those that it is made of."""
    first, last = span
    if span in sums:
        return
    if first == last:
        sums[span] = Sum(span, None, 0, first, 0)
    elif (first, last - 1) in wanted or (first + 1, last) not in wanted:
        _add((first, last - 1), wanted, sums)
        sums[span] = Sum(span, (first, last - 1), 1, last, 0)
    else:
        _add((first + 1, last), wanted, sums)
        sums[span] = Sum(span, (first + 1, last), 0, first, last - first)
