"""One contender of `cpu_step.py`, in a process of its own, which makes steps when it is asked to.

The process has imported what it needs and forks one for each network, so that none finds what another has
left in memory. The words that go to it are lines, its answers JSON in a line:

- ``case NAME``: begins with a network; how much memory its steps took, and what computes them;
- ``step N``: N steps; how many seconds of the processor they took;
- ``profile N``: the share of an eager step's time that convolutions of all channels with windows take;
- ``end``: ends with the network.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import torch
from cpu_cases import Case, case_of
from torch import Tensor

from evonas.network import build
from evonas.training import Compute, Plan, Step, choose_precision, to_device, with_dense_gradients
from evonas.training.planned import PlannedStep, match

HUGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
"""What worker processes of a search are launched with."""
SCRIPT = Path(__file__).with_name("cpu_step.py")
STATUS = Path("/proc/self/status")
FAILED = "failed"


class Contender:
    """A contender's process.

    Args:
        kernels: By which code it makes steps.
    """

    def __init__(self, kernels: str) -> None:
        environment = {**os.environ, **HUGE_PAGES, "OMP_NUM_THREADS": "1", "KINETO_LOG_LEVEL": "5"}
        self._process = subprocess.Popen(
            [sys.executable, str(SCRIPT), "--serve", kernels],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self.kernels = kernels

    @contextmanager
    def case(self, name: str) -> Iterator[dict[str, Any]]:
        """Has it begin with a network; gives what it says of that."""
        told: dict[str, Any] = self.ask(f"case {name}")
        try:
            yield told
        finally:
            self.ask("end")

    def ask(self, words: str) -> Any:
        """Its answer.

        Raises:
            RuntimeError: It failed.
        """
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError(f"{self.kernels}: no pipes")
        print(words, file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line or line.startswith(FAILED):
            raise RuntimeError(f"{self.kernels} failed; see above")
        return json.loads(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


def stepper(kernels: str, case: Case, batch: int) -> tuple[Step, Callable[[], Tensor]]:
    """What makes a whole step of a new network with random images: gradients, loss and update."""
    compute = Compute("cpu", choose_precision("cpu", case.separable), threads=1)
    network = to_device(build(case.architecture, steered=False), compute).train()
    plan = Plan()
    if kernels == "planned":
        matched = match(case.architecture, steered=False)
        step: Step = PlannedStep(network, plan, compute, batch, matched)
    elif kernels == "compiled":
        step = Step(torch.compile(network), plan, compute, batch)  # type: ignore[arg-type]
    else:
        step = Step(with_dense_gradients(network) if kernels == "dense" else network, plan, compute, batch)
    generator = torch.Generator().manual_seed(0)
    shape = case.architecture.shape(case.architecture.input)
    images = torch.randn(batch, *shape, generator=generator).to(memory_format=torch.channels_last)
    labels = torch.randint(0, 10, (batch,), generator=generator)
    step.set_rate(0.01)
    return step, lambda: step(images, labels)


def _steps(once: Callable[[], Tensor], count: int) -> float:
    began = time.process_time()
    for _ in range(count):
        once()
    return time.process_time() - began


def _status(name: str) -> int:
    """Bytes that the system counts for this process."""
    words = next(line for line in STATUS.read_text().splitlines() if line.startswith(f"{name}:")).split()
    return int(words[1]) * 1024


def _tidy() -> None:
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)


def _measured(kernels: str, case: Case) -> tuple[Step, Callable[[], Tensor], int | None]:
    """A contender, warm, and the most memory that it has taken since there was no network."""
    _steps(stepper(kernels, case, 2)[1], 2)  # libraries and kernels are there
    if not STATUS.exists():
        step, once = stepper(kernels, case, case.batch)
        _steps(once, 3)
        return step, once, None
    _tidy()
    Path("/proc/self/clear_refs").write_text("5")  # the highest so far is forgotten
    before = _status("VmRSS")
    step, once = stepper(kernels, case, case.batch)
    _steps(once, 3)
    return step, once, _status("VmHWM") - before


def serve(kernels: str) -> int:
    """Forks a process for each network, until nobody asks any more."""
    torch.set_num_threads(1)
    for line in sys.stdin:
        words, _, name = line.strip().partition(" ")
        if words != "case":  # of a network that failed
            _say(None)
            continue
        forked = os.fork()
        if not forked:
            with _exiting():
                _answer(kernels, case_of(name))
        _, status = os.waitpid(forked, 0)
        print("null" if not status else FAILED, flush=True)
    return 0


@contextmanager
def _exiting() -> Iterator[None]:
    """Ends the process; what went wrong is shown."""
    status = 1
    try:
        yield
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _answer(kernels: str, case: Case) -> None:
    """What is asked about one network."""
    step, once, peak = _measured(kernels, case)
    matched = getattr(step, "_matched", None)
    _say({"peak": peak, "kept": step.kept, "native": matched and matched.native})
    for line in sys.stdin:
        words = line.split()
        if words[0] == "end":
            return
        measure = _dense_share if words[0] == "profile" else _steps
        _say(measure(once, int(words[1])))


def _say(answer: object) -> None:
    print(json.dumps(answer), flush=True)


def _dense_share(once: Callable[[], Tensor], steps: int) -> float:
    """The share of a step's time in convolutions of all channels with windows larger than a pixel."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU], record_shapes=True) as found:
        _steps(once, steps)
    events = found.key_averages(group_by_input_shape=True)
    dense = sum(one.cpu_time_total for one in events if _is_dense(one.key, one.input_shapes))
    return float(dense / sum(one.self_cpu_time_total for one in events))


def _is_dense(name: str, shapes: list[list[int]]) -> bool:
    places = {"aten::convolution": (0, 1), "aten::convolution_backward": (1, 2)}
    if name not in places:
        return False
    image, weight = (shapes[at] for at in places[name])
    return len(weight) == 4 and weight[1] == image[1] and weight[2] * weight[3] > 1
