"""The workloads by name, as packages/bench/src/workloads.ts has them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from .methods import FitNet, KnowledgeDistillation, ProjectorEnsemble
from .models.resnet import cifar_resnet, imagenet_resnet
from .models.shufflenet_v2 import ShuffleNetV2
from .models.vgg import Vgg
from .models.wide_resnet import WideResNet

Build = Callable[[int], nn.Module]


@dataclass(frozen=True)
class Workload:
    """One distillation step: who teaches whom, how, and on what."""

    teacher: Build
    student: Build
    method: type[nn.Module]
    batch_size: int = 64
    image_size: int = 32
    classes: int = 100
    learning_rate: float = 0.05
    momentum: float = 0.9
    weight_decay: float = 5e-4


def resnet(depth: int, stem: int = 16, widths: tuple[int, int, int] = (16, 32, 64)) -> Build:
    return lambda classes: cifar_resnet(depth, stem, widths, classes)


WIDE = (64, 128, 256)

WORKLOADS: dict[str, Workload] = {
    "pefd-resnet32x4-resnet8x4": Workload(resnet(32, 32, WIDE), resnet(8, 32, WIDE), ProjectorEnsemble),
    "kd-wrn40_2-wrn16_2": Workload(
        lambda classes: WideResNet(40, 2, classes), lambda classes: WideResNet(16, 2, classes), KnowledgeDistillation
    ),
    "fitnet-vgg13-vgg8": Workload(
        lambda classes: Vgg((2, 2, 2, 2, 2), classes), lambda classes: Vgg((1, 1, 1, 1, 1), classes), FitNet
    ),
    "kd-resnet56-resnet20": Workload(resnet(56), resnet(20), KnowledgeDistillation),
    "kd-resnet32x4-shufflev2": Workload(
        resnet(32, 32, WIDE), lambda classes: ShuffleNetV2((116, 232, 464), 1024, classes), KnowledgeDistillation
    ),
    "pefd-resnet34-resnet18-224": Workload(
        lambda classes: imagenet_resnet((3, 4, 6, 3), classes),
        lambda classes: imagenet_resnet((2, 2, 2, 2), classes),
        ProjectorEnsemble,
        batch_size=16,
        image_size=224,
        classes=1000,
    ),
}
