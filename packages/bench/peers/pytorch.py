"""The PyTorch peer of `npm run bench`: the same training step, written the way a PyTorch user would.

Start it once per variant, so that the peak memory it reports belongs to that variant alone:

    python pytorch.py --variant eager --precision float32 --threads 2

It then answers every request line on standard input with one line of JSON on standard output, so that the
caller can alternate it with its own measurements and compare ratios taken in one sitting:

    {"steps": 5}
    {"variant": "eager", "precision": "float32", "steps": 5}

    {"workload": ..., "variant": "eager", "precision": "float32", "steps": 5, "teacherMs": ..., "studentMs": ...,
     "stepMs": ..., "imagesPerSecond": ..., "peakRssMb": ..., "warmupSteps": ..., "warmupMs": ..., "loss": ...}

Times are medians over the steps of the request. `teacherMs` is the frozen teacher's forward pass, `studentMs`
the student's forward, loss, backward and optimiser update, `stepMs` both together. Warm-up (and compilation) runs
once, before the first measured step of a variant; its time is reported apart and never counted. `peakRssMb` is the
peak of the whole process since it started, hence honest only when the process measures a single variant: a
process started with `--variant` refuses requests for another one.

    --list        print the workloads, variants and precisions as JSON, and exit
    --workload    name of a workload (default: the first one)
    --variant     bind the process to one variant; without it every request must name one
    --precision   bind the process to one precision; without it every request must name one
    --threads     number of intra-op threads (default: PyTorch's own choice)
    --warmup      steps before the first measured one (default: 3)
    --seed        seed of the weights and the batch (default: 10)

A request that cannot be answered gets {"error": {"code": ..., "message": ...}}. End of input ends the process.
Needs PyTorch 2.x and nothing else; `channels-last-compile` also needs a C++ compiler.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import time
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

VARIANTS = ("eager", "channels-last", "channels-last-compile")
PRECISIONS = ("float32", "bfloat16")


@dataclass(frozen=True)
class ResNetShape:
    """A CIFAR residual network: `blocks` basic blocks in each of the three stages."""

    blocks: int
    stem: int
    widths: tuple[int, int, int]


@dataclass(frozen=True)
class Workload:
    """One distillation step: who teaches whom, how, and on what."""

    teacher: ResNetShape
    student: ResNetShape
    projectors: int
    feature_weight: float
    batch_size: int = 64
    image_size: int = 32
    classes: int = 100
    learning_rate: float = 0.05
    momentum: float = 0.9
    weight_decay: float = 5e-4


WORKLOADS: dict[str, Workload] = {
    "pefd-resnet32x4-resnet8x4": Workload(
        teacher=ResNetShape(blocks=5, stem=32, widths=(64, 128, 256)),
        student=ResNetShape(blocks=1, stem=32, widths=(64, 128, 256)),
        projectors=3,
        feature_weight=25.0,
    ),
}


class RequestError(Exception):
    """A request that cannot be answered; `code` is stable, the message says what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


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
    """The CIFAR residual network; returns the pooled embedding and the logits."""

    def __init__(self, shape: ResNetShape, classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, shape.stem, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(shape.stem)
        blocks: list[nn.Module] = []
        channels = shape.stem
        for stage, width in enumerate(shape.widths):
            for index in range(shape.blocks):
                stride = 2 if stage > 0 and index == 0 else 1
                blocks.append(BasicBlock(channels, width, stride))
                channels = width
        self.blocks = nn.Sequential(*blocks)
        self.fc = nn.Linear(channels, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y = self.blocks(F.relu(self.bn1(self.conv1(x))))
        embedding = y.mean(dim=(2, 3))
        return embedding, self.fc(embedding)


class ProjectedStudent(nn.Module):
    """The student, its projectors and the projector-ensemble loss, as one module to compile."""

    def __init__(self, workload: Workload) -> None:
        super().__init__()
        inputs, outputs = workload.student.widths[-1], workload.teacher.widths[-1]
        self.backbone = ResNet(workload.student, workload.classes)
        self.projectors = nn.ModuleList(nn.Linear(inputs, outputs) for _ in range(workload.projectors))
        self.feature_weight = workload.feature_weight

    def forward(self, images: Tensor, labels: Tensor, target: Tensor) -> Tensor:
        embedding, logits = self.backbone(images)
        projected = torch.stack([F.relu(project(embedding)) for project in self.projectors]).mean(dim=0)
        # The loss is taken in float32 whatever the precision of the layers.
        cosine = F.cosine_similarity(projected.float(), target.float(), dim=1)
        return F.cross_entropy(logits.float(), labels) + self.feature_weight * (1 - cosine).mean()


class Step:
    """A variant of a workload, ready to run: one call of `run` is one training step."""

    def __init__(self, workload: Workload, variant: str, precision: str, seed: int) -> None:
        torch.manual_seed(seed)
        self.autocast = precision == "bfloat16"
        memory_format = torch.contiguous_format if variant == "eager" else torch.channels_last
        size = (workload.batch_size, 3, workload.image_size, workload.image_size)
        self.images = torch.randn(size).contiguous(memory_format=memory_format)
        self.labels = torch.randint(workload.classes, (workload.batch_size,))
        teacher = ResNet(workload.teacher, workload.classes).eval().to(memory_format=memory_format)
        teacher.requires_grad_(False)
        student = ProjectedStudent(workload).train().to(memory_format=memory_format)
        self.optimizer = torch.optim.SGD(
            student.parameters(),
            lr=workload.learning_rate,
            momentum=workload.momentum,
            weight_decay=workload.weight_decay,
        )
        compiled = variant == "channels-last-compile"
        self.teacher = torch.compile(teacher) if compiled else teacher
        self.student = torch.compile(student) if compiled else student

    def run(self) -> tuple[float, float, float]:
        """Milliseconds of the teacher, milliseconds of the student, and the loss."""
        start = time.perf_counter()
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=self.autocast):
            target, _ = self.teacher(self.images)
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


class Peer:
    """Answers requests; keeps the one step it has built last, with its weights."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.workload = WORKLOADS[arguments.workload]
        self.key: tuple[str, str] | None = None
        self.step: Step | None = None
        self.warmup_ms = 0.0

    def choose(self, request: dict, field: str, known: tuple[str, ...]) -> str:
        bound = getattr(self.arguments, field)
        value = request.get(field, bound)
        if value not in known:
            raise RequestError(f"unknown-{field}", f"{field} is {value!r}; expected one of {', '.join(known)}")
        if bound is not None and value != bound:
            raise RequestError(
                f"other-{field}", f"this process measures {field} {bound!r} only; start another for {value!r}"
            )
        return value

    def prepare(self, variant: str, precision: str) -> Step:
        if self.step is None or self.key != (variant, precision):
            self.step = None
            start = time.perf_counter()
            step = Step(self.workload, variant, precision, self.arguments.seed)
            for _ in range(self.arguments.warmup):
                step.run()
            self.warmup_ms = (time.perf_counter() - start) * 1e3
            self.step, self.key = step, (variant, precision)
        return self.step

    def answer(self, request: object) -> dict:
        if not isinstance(request, dict):
            raise RequestError("bad-request", "a request is a JSON object")
        steps = request.get("steps")
        if not isinstance(steps, int) or isinstance(steps, bool) or steps < 1:
            raise RequestError("bad-steps", f"steps is {steps!r}; expected a positive integer")
        variant = self.choose(request, "variant", VARIANTS)
        precision = self.choose(request, "precision", PRECISIONS)
        step = self.prepare(variant, precision)
        times = [step.run() for _ in range(steps)]
        step_ms = statistics.median(teacher + student for teacher, student, _ in times)
        return {
            "workload": self.arguments.workload,
            "variant": variant,
            "precision": precision,
            "steps": steps,
            "teacherMs": statistics.median(teacher for teacher, _, _ in times),
            "studentMs": statistics.median(student for _, student, _ in times),
            "stepMs": step_ms,
            "imagesPerSecond": self.workload.batch_size * 1e3 / step_ms,
            "peakRssMb": peak_rss_mb(),
            "warmupSteps": self.arguments.warmup,
            "warmupMs": self.warmup_ms,
            "loss": times[-1][2],
        }


def peak_rss_mb() -> float:
    """Peak resident memory of this process in MiB; macOS counts bytes where Linux counts KiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not a positive number")
    return value


def parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="PyTorch peer of the benchmark; see the top of this file.")
    parser.add_argument("--list", action="store_true", help="print workloads, variants and precisions as JSON")
    parser.add_argument("--workload", choices=tuple(WORKLOADS), default=next(iter(WORKLOADS)))
    parser.add_argument("--variant", choices=VARIANTS)
    parser.add_argument("--precision", choices=PRECISIONS)
    parser.add_argument("--threads", type=positive)
    parser.add_argument("--warmup", type=positive, default=3)
    parser.add_argument("--seed", type=int, default=10)
    return parser.parse_args(argv)


def main(argv: list[str]) -> None:
    arguments = parse(argv)
    if arguments.list:
        print(json.dumps({"workloads": list(WORKLOADS), "variants": VARIANTS, "precisions": PRECISIONS}))
        return
    if arguments.threads is not None:
        torch.set_num_threads(arguments.threads)
    peer = Peer(arguments)
    for line in sys.stdin:
        if not line.strip():
            continue
        try:
            answer = peer.answer(json.loads(line))
        except json.JSONDecodeError as error:
            answer = {"error": {"code": "bad-json", "message": str(error)}}
        except RequestError as error:
            answer = {"error": {"code": error.code, "message": str(error)}}
        except Exception as error:  # A variant may not run here at all: no compiler, no such instruction.
            answer = {"error": {"code": "failed", "message": f"{type(error).__name__}: {error}"[:2000]}}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
