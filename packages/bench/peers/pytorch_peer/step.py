"""One training step, written the way a PyTorch user would."""

from __future__ import annotations

import time

import torch

from .workloads import Workload

VARIANTS = ("eager", "channels-last", "channels-last-compile")
PRECISIONS = ("float32", "bfloat16")


class Step:
    """A variant of a workload, ready to run: one call of `run` is one training step."""

    def __init__(self, workload: Workload, variant: str, precision: str, seed: int) -> None:
        torch.manual_seed(seed)
        self.autocast = precision == "bfloat16"
        memory_format = torch.contiguous_format if variant == "eager" else torch.channels_last
        size = (workload.batch_size, 3, workload.image_size, workload.image_size)
        self.images = torch.randn(size).contiguous(memory_format=memory_format)
        self.labels = torch.randint(workload.classes, (workload.batch_size,))
        teacher = workload.teacher(workload.classes).eval().to(memory_format=memory_format)
        teacher.requires_grad_(False)
        student = workload.method(workload.student(workload.classes), teacher)
        student = student.train().to(memory_format=memory_format)
        self.optimizer = torch.optim.SGD(
            student.parameters(),
            lr=workload.learning_rate,
            momentum=workload.momentum,
            weight_decay=workload.weight_decay,
        )
        self.target = workload.method.target
        compiled = variant == "channels-last-compile"
        self.teacher = torch.compile(teacher) if compiled else teacher
        self.student = torch.compile(student) if compiled else student

    def run(self) -> tuple[float, float, float]:
        """Milliseconds of the teacher, milliseconds of the student, and the loss."""
        start = time.perf_counter()
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=self.autocast):
            target = self.target(self.teacher(self.images))
        # A tensor made in inference mode may not be saved for backward.
        target = target.clone()
        taught = time.perf_counter()
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.autocast):
            loss = self.student(self.images, self.labels, target)
        loss.backward()
        self.optimizer.step()
        value = loss.item()
        end = time.perf_counter()
        return (taught - start) * 1e3, (end - taught) * 1e3, value
