"""Evaluating a candidate: build only what is needed, and turn every outcome into a result."""

from __future__ import annotations

import math
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from ..errors import UserError
from ..evolution import DONE, FAILED, NO_MEMORY, Genome, Result
from ..run import FolderStore, Stored, WeightsError
from ..seeds import Stream, derive

if TYPE_CHECKING:
    import torch

Needs = Literal["genome", "architecture", "network"]
NEEDS: tuple[Needs, ...] = ("genome", "architecture", "network")

UserFunction = Callable[[Any, random.Random], float | Mapping[str, float]]
"""A fitness: takes what it needs and a generator; returns a number, or a dict with ``fitness`` in it."""


@dataclass(frozen=True)
class Parent:
    """What a child may inherit from.

    Attributes:
        genome: The parent.
        lineage_epochs: Epochs of training that its weights have seen.
        load_weights: Reads its tensors; None where they are gone.
        kept: The file that they are in, where another process can read it.
    """

    genome: Genome
    lineage_epochs: float
    load_weights: Callable[[], Mapping[str, torch.Tensor] | None]
    kept: tuple[FolderStore, Stored] | None = None


@dataclass(frozen=True)
class Shared:
    """Weights that all candidates share.

    Attributes:
        weights: The newest tensor of each name.
        lineage_epochs: The most that any of them has seen.
    """

    weights: Mapping[str, torch.Tensor]
    lineage_epochs: float


@dataclass(frozen=True)
class Job:
    """One evaluation to do.

    Attributes:
        number: The candidate's number.
        genome: What to evaluate.
        seed: The run's seed; every stream of the evaluation is derived from it and the number.
        parent: Whose weights the child starts with, if any.
        shared: What it starts with where all share their weights.
    """

    number: int
    genome: Genome
    seed: int
    parent: Parent | None = field(default=None)
    shared: Shared | None = field(default=None)

    def stream(self, purpose: Stream) -> int:
        """The seed of one stream of this evaluation's randomness."""
        return derive(self.seed, self.number, purpose)


class Evaluator(ABC):
    """Gives candidates their fitness.

    Attributes:
        needs: What `evaluate` is given; nothing more is built.
        keeps_weights: Whether results carry weights that children can inherit.
        packs: Whether threads of one process may evaluate with it at a time, each a candidate.
    """

    needs: Needs = "network"
    keeps_weights: bool = False
    packs: bool = False

    @abstractmethod
    def evaluate(self, job: Job) -> Result:
        """Evaluates one candidate; raises what goes wrong."""

    def on(self, device: str) -> Evaluator:
        """The same on another device; itself, where it has none."""
        return self

    def sharing(self, memory: int | None, let_in: Callable[[], None]) -> Evaluator:
        """The same, for several candidates on one device, each in a thread of its own.

        Args:
            memory: Bytes that they may take together; None for what the device has.
            let_in: To be called in a candidate's thread when there is room for it, before it begins.
        """
        return self

    def tidy(self) -> None:  # noqa: B027 - not every evaluator holds anything
        """Lets go of memory that an evaluation has left behind, after one that ran out of it."""

    def warm_up(self) -> None:  # noqa: B027 - not every evaluator has anything to do
        """Does what the first evaluation would wait for, such as imports; called where a worker begins."""

    def run(self, job: Job) -> Result:
        """Evaluates one candidate; what goes wrong becomes a failed result with its reason.

        Raises:
            WeightsError: The parent's weights are gone or damaged, which is not the candidate's fault.
        """
        began = time.perf_counter()
        try:
            result = self.evaluate(job)
        except WeightsError:
            raise
        except SystemExit:  # `sys.exit()`, as in code that was written to run by itself
            result = Result(FAILED, reason="SystemExit: the evaluation wanted to end the process")
        except Exception as error:
            result = Result(FAILED, reason=reason_of(error))
        if result.out_of_memory:
            self.tidy()
        if result.status == DONE and (wrong := _what_is_wrong_with(result.weights or {})):
            result = failed(result, wrong)
        return replace(sound(result), seconds=time.perf_counter() - began)


def failed(result: Result, reason: str) -> Result:
    """The same evaluation as one that has failed: nothing is chosen for it, and nothing inherited."""
    return replace(result, status=FAILED, fitness=None, reason=reason, weights=None)


def sound(result: Result) -> Result:
    """A result that counts; one whose fitness is not a finite number has failed, whoever gave it."""
    if result.status == DONE and (result.fitness is None or not math.isfinite(result.fitness)):
        return failed(result, f"the fitness was {result.fitness}, not a finite number")
    if result.status != DONE and (result.fitness is not None or result.weights is not None):
        return failed(result, result.reason)
    return result


def _what_is_wrong_with(weights: Mapping[str, torch.Tensor]) -> str:
    """Why weights cannot be inherited, in words; empty where they can."""
    for name, tensor in weights.items():
        if not tensor.isfinite().all():
            return f"training diverged: {name} is {'NaN' if tensor.isnan().any() else 'infinite'}"
    return ""


OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "cannot allocate memory")
"""What CUDA and PyTorch's allocator for the CPU say."""


def wants_memory(text: str) -> bool:
    """Whether an error's text says that memory ran out."""
    return any(words in text.lower() for words in OUT_OF_MEMORY)


def reason_of(error: BaseException) -> str:
    """An exception in one line that a person understands."""
    first = str(error).strip().partition("\n")[0][:300]
    if isinstance(error, MemoryError) or wants_memory(first):
        return f"{NO_MEMORY}: {first}" if first else NO_MEMORY
    if isinstance(error, UserError):
        return first
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
