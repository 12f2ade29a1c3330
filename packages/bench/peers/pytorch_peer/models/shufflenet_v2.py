"""ShuffleNet V2 for images of 32 pixels: 1x1 stem, three stages that halve the map, a last 1x1 convolution."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import Activations


def pointwise(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))


def depthwise(channels: int, stride: int) -> nn.Sequential:
    conv = nn.Conv2d(channels, channels, 3, stride=stride, padding=1, groups=channels, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(channels))


def shuffle(x: Tensor) -> Tensor:
    n, c, h, w = x.shape
    return x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)


class Unit(nn.Module):
    """Half of the channels pass, the other half is convolved."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.first, self.middle, self.last = pointwise(half, half), depthwise(half, 1), pointwise(half, half)

    def forward(self, x: Tensor) -> Tensor:
        passing, y = x.chunk(2, dim=1)
        y = F.relu(self.last(self.middle(F.relu(self.first(y)))))
        return shuffle(torch.cat([passing, y], dim=1))


class DownUnit(nn.Module):
    """Both branches are convolved at half the resolution."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        half = outputs // 2
        self.left = nn.Sequential(depthwise(inputs, 2), pointwise(inputs, half))
        self.first, self.middle, self.last = pointwise(inputs, half), depthwise(half, 2), pointwise(half, half)

    def forward(self, x: Tensor) -> Tensor:
        right = F.relu(self.last(self.middle(F.relu(self.first(x)))))
        return shuffle(torch.cat([F.relu(self.left(x)), right], dim=1))


class ShuffleNetV2(nn.Module):
    def __init__(self, widths: tuple[int, int, int], last: int, classes: int) -> None:
        super().__init__()
        self.stem = pointwise(3, 24)
        self.stages = nn.ModuleList()
        channels = 24
        for width, units in zip(widths, (3, 7, 3)):
            self.stages.append(nn.Sequential(DownUnit(channels, width), *(Unit(width) for _ in range(units))))
            channels = width
        self.head = pointwise(channels, last)
        self.linear = nn.Linear(last, classes)
        self.width = last

    def forward(self, x: Tensor) -> Activations:
        y = F.relu(self.stem(x))
        maps = []
        for stage in self.stages:
            y = stage(y)
            maps.append(y)
        embedding = F.relu(self.head(y)).mean(dim=(2, 3))
        return Activations(tuple(maps), embedding, self.linear(embedding))
