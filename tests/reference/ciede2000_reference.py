"""CIEDE2000, the standard of how different colours look: Sharma, Wu and Dalal (2005)."""

import numpy as np

XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
D65 = np.array([0.95047, 1, 1.08883])


def lab(colours):
    share = np.asarray(colours, np.float64) / 255
    light = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4) @ XYZ.T / D65
    f = np.where(light > 216 / 24389, np.cbrt(light), (24389 / 27 * light + 16) / 116)
    return 116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])


def colour_difference(one, other):
    """Return float64 [n] for sRGB colours uint8 [n, 3] and [n, 3]."""
    (l1, a1, b1), (l2, a2, b2) = lab(one), lab(other)
    mean = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    g = 0.5 * (1 - np.sqrt(mean / (mean + 25.0**7)))
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    dh = 2 * np.sqrt(c1 * c2) * np.sin(np.radians((h2 - h1 + 180) % 360 - 180) / 2)
    dh = np.where(c1 * c2 == 0, 0, dh)
    light, c = (l1 + l2) / 2, (c1 + c2) / 2
    far = np.abs(h1 - h2) > 180
    h = np.where(c1 * c2 == 0, h1 + h2, (h1 + h2 + far * np.where(h1 + h2 < 360, 360, -360)) / 2)
    cos = [np.cos(np.radians(k * h + turn)) for k, turn in ((1, -30), (2, 0), (3, 6), (4, -63))]
    t = 1 - 0.17 * cos[0] + 0.24 * cos[1] + 0.32 * cos[2] - 0.20 * cos[3]
    sl = 1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)
    sc, sh = 1 + 0.045 * c, 1 + 0.015 * c * t
    turn = np.radians(60 * np.exp(-(((h - 275) / 25) ** 2)))
    r = -2 * np.sqrt(c**7 / (c**7 + 25.0**7)) * np.sin(turn)
    return np.sqrt(((l2 - l1) / sl) ** 2 + ((c2 - c1) / sc) ** 2 + (dh / sh) ** 2 + r * (c2 - c1) / sc * dh / sh)
