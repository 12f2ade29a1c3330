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

import torch

from pytorch_peer.step import PRECISIONS, VARIANTS, Step
from pytorch_peer.workloads import WORKLOADS


class RequestError(Exception):
    """A request that cannot be answered; `code` is stable, the message says what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


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
