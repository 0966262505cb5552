"""Deterministic weights for golden tests of YOWOF: each tensor is made from its own name alone."""

import zlib

import numpy as np


def tensor(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Values of the checkpoint entry `name`: float32 of `shape` (int64 zeros for batch counters)."""
    random = np.random.RandomState(zlib.crc32(name.encode()) & 0xFFFFFFFF)
    count = int(np.prod(shape)) if shape else 1
    if name.endswith("num_batches_tracked"):
        return np.zeros(shape, dtype=np.int64)
    normal, uniform = random.standard_normal(count), random.random_sample(count)
    if name.endswith("running_mean"):
        values = 0.1 * normal
    elif name.endswith("running_var"):
        values = 0.5 + uniform
    elif len(shape) == 1 and name.endswith(("bn2.weight", "bn3.weight")):  # the end of a residual branch
        values = 0.3 + 0.2 * uniform
    elif len(shape) == 1 and name.endswith("weight"):  # batch-norm scale
        values = 0.8 + 0.4 * uniform
    elif name.startswith("temporal_encoder") and name.endswith("bias"):  # gates i, f, o, g in this order
        values = 0.3 * normal
        values[count // 4 : count // 2] += 2.0  # a memory that lasts for the whole clip
    elif name == "cls_pred.bias":
        values = -5.0 + 0.5 * normal
    elif name in ("act_pred.bias", "reg_pred.bias"):
        values = 0.3 * normal
    elif len(shape) == 1:  # the other biases
        values = 0.1 * normal
    else:  # convolutions, He-scaled by fan-in, then per part so that neither gates nor outputs saturate
        values = np.sqrt(2.0 / np.prod(shape[1:])) * normal
        values *= SCALES.get(name.split(".")[0], 1.0)
    return values.astype(np.float32).reshape(shape)


SCALES = {"temporal_encoder": 0.2, "cls_pred": 2.0, "act_pred": 2.0, "reg_pred": 0.8}
