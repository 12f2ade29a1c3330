"""The networks of the workloads. Each returns an `Activations`: its stage maps, its embedding and its logits."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Activations(NamedTuple):
    """What a distillation step may look at."""

    stages: tuple[Tensor, ...]
    embedding: Tensor
    logits: Tensor
