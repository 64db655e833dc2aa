"""A child's network, with what it inherits from its parent."""

from __future__ import annotations

from dataclasses import dataclass

from torch import fx

from .architecture import Architecture
from .evaluation import Job
from .inheritance import inherit
from .network import build
from .seeds import Stream
from .task import Task


@dataclass(frozen=True)
class Child:
    """A built network and its inheritance.

    Attributes:
        network: On the CPU.
        inherited: Share of its parameters that came from the parent, in [0, 1].
        lineage_epochs: Epochs that the inherited weights have seen.
    """

    network: fx.GraphModule
    inherited: float
    lineage_epochs: float


def build_child(
    architecture: Architecture,
    job: Job,
    task: Task,
    mode: str,
    *,
    seed: int | None = None,
    steered: bool = False,
) -> Child:
    """Builds a candidate's network; with mode ``match`` it starts with its parent's weights."""
    network = build(architecture, job.stream(Stream.WEIGHTS) if seed is None else seed, steered=steered)
    weights = job.parent.load_weights() if mode == "match" and job.parent else None
    if job.parent is None or not weights:
        return Child(network, 0.0, 0.0)
    share = inherit(network, architecture, job.parent.genome.decode(task), weights)
    return Child(network, share, job.parent.lineage_epochs if share else 0.0)
