"""Check IoU thresholds that users give."""

from collections.abc import Sequence

from yowo.errors import ConfigError


def checked_thresholds(values: Sequence[float], name: str = "iou_thresholds") -> tuple[float, ...]:
    """Return IoU thresholds that metrics can use.

    Args:
        values: The thresholds.
        name: Their name in errors.

    Raises:
        ConfigError: There is no threshold, or one is not above 0 and at most 1.
    """
    if not values or not all(0 < value <= 1 for value in values):
        raise ConfigError(f"{name}: expected numbers above 0 up to 1, got {list(values)}")
    return tuple(values)
