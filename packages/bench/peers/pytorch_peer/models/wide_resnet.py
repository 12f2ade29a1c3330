"""Wide residual networks: pre-activation blocks, 6n + 4 layers."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from . import Activations


class WideBlock(nn.Module):
    """Batch norm and ReLU stand before each of the two convolutions; a change of width is projected by a bare convolution."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False) if inputs != outputs else None

    def forward(self, x: Tensor) -> Tensor:
        active = F.relu(self.bn1(x))
        y = self.conv2(F.relu(self.bn2(self.conv1(active))))
        return y + (x if self.shortcut is None else self.shortcut(active))


class WideResNet(nn.Module):
    """Three stages of (depth - 4) / 6 blocks, 16, 32 and 64 channels times `factor`."""

    def __init__(self, depth: int, factor: int, classes: int) -> None:
        super().__init__()
        blocks = (depth - 4) // 6
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.stages = nn.ModuleList()
        width = 16
        for stage in range(3):
            channels = 16 * 2**stage * factor
            layers: list[nn.Module] = []
            for index in range(blocks):
                layers.append(WideBlock(width, channels, 2 if stage > 0 and index == 0 else 1))
                width = channels
            self.stages.append(nn.Sequential(*layers))
        self.bn1 = nn.BatchNorm2d(width)
        self.fc = nn.Linear(width, classes)
        self.width = width

    def forward(self, x: Tensor) -> Activations:
        y = self.conv1(x)
        maps = []
        for stage in self.stages:
            y = stage(y)
            maps.append(y)
        embedding = F.relu(self.bn1(y)).mean(dim=(2, 3))
        return Activations(tuple(maps), embedding, self.fc(embedding))
