"""The numbers that weights and images of golden values are filled with, as README.md defines them."""

import math

import numpy as np

SEED = "1"


def pattern(name, shape):
    """Numbers in [-1, 1), as README.md defines them, in float64."""
    seed = 0x811C9DC5
    for byte in f"{SEED}:{name}".encode():
        seed = ((seed ^ byte) * 0x01000193) & 0xFFFFFFFF
    size = math.prod(shape)
    z = (seed + np.arange(1, size + 1, dtype=np.uint64) * 0x9E3779B9) & 0xFFFFFFFF
    z = ((z ^ (z >> 16)) * 0x21F0AAAD) & 0xFFFFFFFF
    z = ((z ^ (z >> 15)) * 0x735A2D97) & 0xFFFFFFFF
    z = z ^ (z >> 15)
    return (2 * (z / 2.0**32) - 1).reshape(shape)


def filled(name, shape):
    u = pattern(name, shape)
    if name.endswith("running_mean"):
        return 0.1 * u
    if name.endswith("running_var"):
        return 1 + 0.25 * u
    if len(shape) >= 2:
        return u * math.sqrt(6 / math.prod(shape[1:]))
    return 1 + 0.25 * u if name.endswith("weight") else 0.1 * u
