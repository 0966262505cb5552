"""What can be chosen of painted pictures and their videos; checked before torch loads."""

from yowo.errors import ConfigError

KINDS = ("tube", "class")
"""What colours can distinguish."""
SCALES = (0.05, 16.0)
"""The smallest and the largest factor of enlargement."""
PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")
"""Of libx264, from large files to small ones."""


def check_drawing(colour: object, scale: object, preset: object) -> None:
    """Check options of drawing and encoding.

    Args:
        colour: What colours distinguish, see `KINDS`.
        scale: Factor of enlargement; None leaves it to the painter.
        preset: Of the video encoder, see `PRESETS`.

    Raises:
        ConfigError: One of them is none of these.
    """
    if colour not in KINDS:
        raise ConfigError(f"colour={colour}: expected one of {', '.join(KINDS)}")
    number = isinstance(scale, (int, float)) and not isinstance(scale, bool)
    if scale is not None and not (number and SCALES[0] <= float(str(scale)) <= SCALES[1]):
        raise ConfigError(f"scale={scale}: expected a factor from {SCALES[0]:g} to {SCALES[1]:g}, or null")
    if preset not in PRESETS:
        raise ConfigError(f"preset={preset}: expected one of {', '.join(PRESETS)}")
