"""The distillation methods of the workloads: each a module with the student inside, to be compiled as one.

`target` picks what a method needs of the teacher; `forward` gives the weighted total loss, taken in float32 whatever the
precision of the layers.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .models import Activations


class ProjectorEnsemble(nn.Module):
    """Cosine between the mean of projected embeddings and the teacher's embedding (arXiv:2210.15274)."""

    def __init__(self, student: nn.Module, teacher: nn.Module, projectors: int = 3, weight: float = 25.0) -> None:
        super().__init__()
        self.student, self.weight = student, weight
        self.projectors = nn.ModuleList(nn.Linear(student.width, teacher.width) for _ in range(projectors))

    @staticmethod
    def target(teacher: Activations) -> Tensor:
        return teacher.embedding

    def forward(self, images: Tensor, labels: Tensor, target: Tensor) -> Tensor:
        _, embedding, logits = self.student(images)
        projected = torch.stack([F.relu(project(embedding)) for project in self.projectors]).mean(dim=0)
        cosine = F.cosine_similarity(projected.float(), target.float(), dim=1)
        return F.cross_entropy(logits.float(), labels) + self.weight * (1 - cosine).mean()


class KnowledgeDistillation(nn.Module):
    """0.1 cross-entropy + 0.9 KL of predictions softened by 4 (arXiv:1503.02531)."""

    def __init__(self, student: nn.Module, teacher: nn.Module) -> None:
        super().__init__()
        self.student, self.temperature = student, 4.0

    @staticmethod
    def target(teacher: Activations) -> Tensor:
        return teacher.logits

    def forward(self, images: Tensor, labels: Tensor, target: Tensor) -> Tensor:
        logits = self.student(images).logits.float()
        t = self.temperature
        softened = F.kl_div(F.log_softmax(logits / t, 1), F.softmax(target.float() / t, 1), reduction="batchmean")
        return 0.1 * F.cross_entropy(logits, labels) + 0.9 * t * t * softened


class FitNet(nn.Module):
    """A regressor on the student's second stage meets the teacher's map of the same size (arXiv:1412.6550)."""

    def __init__(self, student: nn.Module, teacher: nn.Module, channels: int = 256) -> None:
        super().__init__()
        self.student = student
        self.regressor = nn.Sequential(nn.Conv2d(channels, channels, 1), nn.BatchNorm2d(channels), nn.ReLU())

    @staticmethod
    def target(teacher: Activations) -> Tensor:
        return teacher.stages[1]

    def forward(self, images: Tensor, labels: Tensor, target: Tensor) -> Tensor:
        stages, _, logits = self.student(images)
        hint = F.mse_loss(self.regressor(stages[1]).float(), target.float())
        return F.cross_entropy(logits.float(), labels) + 100 * hint
