"""Residual networks of basic blocks: three stages on a 3x3 stem (CIFAR), four on a 7x7 stem with max-pool (ImageNet)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from . import Activations


class BasicBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut, activated after the sum."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            project = nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)
            self.shortcut = nn.Sequential(project, nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class ResNet(nn.Module):
    """`blocks[i]` basic blocks of `widths[i]` channels in stage i; every stage but the first halves the map."""

    def __init__(self, stem: nn.Module, width: int, blocks: tuple[int, ...], widths: tuple[int, ...], classes: int) -> None:
        super().__init__()
        self.stem = stem
        self.stages = nn.ModuleList()
        for stage, (count, channels) in enumerate(zip(blocks, widths)):
            layers: list[nn.Module] = []
            for index in range(count):
                layers.append(BasicBlock(width, channels, 2 if stage > 0 and index == 0 else 1))
                width = channels
            self.stages.append(nn.Sequential(*layers))
        self.fc = nn.Linear(width, classes)
        self.width = width
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Activations:
        y = self.stem(x)
        maps = []
        for stage in self.stages:
            y = stage(y)
            maps.append(y)
        embedding = y.mean(dim=(2, 3))
        return Activations(tuple(maps), embedding, self.fc(embedding))


def cifar_resnet(depth: int, stem: int, widths: tuple[int, int, int], classes: int) -> ResNet:
    """6n + 2 layers."""
    blocks = (depth - 2) // 6
    conv = nn.Sequential(nn.Conv2d(3, stem, 3, padding=1, bias=False), nn.BatchNorm2d(stem), nn.ReLU())
    return ResNet(conv, stem, (blocks,) * 3, widths, classes)


def imagenet_resnet(blocks: tuple[int, int, int, int], classes: int) -> ResNet:
    """ResNet18 and ResNet34."""
    conv = nn.Sequential(
        nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2, padding=1),
    )
    return ResNet(conv, 64, blocks, (64, 128, 256, 512), classes)
