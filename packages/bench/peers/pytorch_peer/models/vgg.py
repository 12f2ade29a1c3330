"""VGG with batch norm and one linear classifier, for images of 32 pixels."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from . import Activations

WIDTHS = (64, 128, 256, 512, 512)


class Vgg(nn.Module):
    """`convolutions[i]` 3x3 convolutions in block i; the first three blocks end in a max-pool."""

    def __init__(self, convolutions: tuple[int, ...], classes: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList()
        channels = 3
        for count, width in zip(convolutions, WIDTHS):
            layers: list[nn.Module] = []
            for _ in range(count):
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
                channels = width
            self.blocks.append(nn.Sequential(*layers))
        self.classifier = nn.Linear(channels, classes)
        self.width = channels

    def forward(self, x: Tensor) -> Activations:
        maps = []
        for index, block in enumerate(self.blocks):
            x = block(x)
            maps.append(x)
            if index < 3:
                x = F.max_pool2d(x, 2)
        embedding = x.mean(dim=(2, 3))
        # the first block counts as the stem
        return Activations(tuple(maps[1:]), embedding, self.classifier(embedding))
