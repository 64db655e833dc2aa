"""A child's network, with what it inherits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import fx, nn

from ..architecture import Architecture
from ..errors import NotApplicable
from ..evolution import apply
from ..network import Weights, build
from ..search import Job, Parent
from ..seeds import Stream
from ..task import Task
from .by_morphisms import morph
from .by_name import inherit
from .by_slices import remap
from .momentum import belonging, without_momentum


@dataclass(frozen=True)
class Child:
    """A built network and its inheritance.

    Attributes:
        network: On the CPU.
        inherited: Share of its parameters that came from the parent, in [0, 1].
        lineage_epochs: Epochs that the inherited weights have seen.
        inserted: Normalisations that began as the identity, to be calibrated on data before training.
        parent: The parent's network, where it was asked for and morphisms led from it to the child.
        preserving: Whether these claim that both compute the same function.
        changed: The nodes that they have changed, where they do not.
        momentum: The optimiser's, of what was taken over as it was, where the parent's was kept.
    """

    network: fx.GraphModule
    inherited: float = 0.0
    lineage_epochs: float = 0.0
    inserted: tuple[str, ...] = ()
    parent: fx.GraphModule | None = None
    preserving: bool = False
    changed: frozenset[str] = frozenset()
    momentum: Mapping[str, torch.Tensor] = field(default_factory=dict)


def build_child(
    architecture: Architecture,
    job: Job,
    task: Task,
    mode: str,
    *,
    seed: int | None = None,
    steered: bool = False,
    with_parent: bool = False,
) -> Child:
    """Builds a candidate's network, which starts with its parent's weights as the mode says.

    Args:
        architecture: The candidate's.
        job: Its seeds, its parent and the weights that all share.
        task: What the parent is decoded for.
        mode: One of `evonas.inheritance.MODES`.
        seed: Of what is new; by default the candidate's own.
        steered: Include layers that act only where a trainer steers them.
        with_parent: Build the parent, too, where morphisms led from it to the child.
    """
    seed = job.stream(Stream.WEIGHTS) if seed is None else seed
    if mode == "pool":
        return _from_pool(build(architecture, seed, steered=steered), job)
    loaded = job.parent.load_weights() if mode != "none" and job.parent else None
    if job.parent is None or not loaded:
        return Child(build(architecture, seed, steered=steered))
    weights, momentum = without_momentum(loaded)
    child = _inheriting(architecture, job, job.parent, weights, task, mode, seed, steered, with_parent)
    return replace(child, momentum=belonging(momentum, child.network, weights)) if momentum else child


def _inheriting(
    architecture: Architecture,
    job: Job,
    parent: Parent,
    weights: Weights,
    task: Task,
    mode: str,
    seed: int,
    steered: bool,
    with_parent: bool,
) -> Child:
    before = parent.genome.decode(task)
    if mode == "morph" and job.genome.origin.morphisms:
        child = _morphed(architecture, before, weights, job, parent, seed, steered, with_parent)
        if child is not None:
            return child
    network = build(architecture, seed, steered=steered)
    inserted: tuple[str, ...] = ()
    if mode == "morph":
        morphed = morph(network, architecture, before, weights)
        share, inserted = morphed.share, morphed.inserted
    else:
        share = (remap if mode == "remap" else inherit)(network, architecture, before, weights)
    return Child(network, share, parent.lineage_epochs if share else 0.0, inserted)


def _morphed(
    architecture: Architecture,
    before: Architecture,
    weights: Weights,
    job: Job,
    parent: Parent,
    seed: int,
    steered: bool,
    with_parent: bool,
) -> Child | None:
    """The child as its morphisms make it; None where they do not lead from the parent to it."""
    morphisms = job.genome.origin.morphisms
    try:
        reached, carried = apply(morphisms, before, weights)
    except NotApplicable:
        return None
    if reached != architecture:
        return None
    network = build(architecture, seed, carried, steered=steered, consume=True)
    inserted = [name for morphism in morphisms for name in morphism.inserted_normalisations()]
    preserving = all(morphism.preserving for morphism in morphisms)
    return Child(
        network,
        _share_kept(network, before),
        parent.lineage_epochs,
        tuple(name for name in inserted if name in architecture),
        build(before, seed, weights) if with_parent else None,
        preserving,
        frozenset() if preserving else frozenset(affected(architecture, before)),
    )


def affected(child: Architecture, parent: Architecture) -> set[str]:
    """The nodes that a change has touched: new ones, those of other shapes or inputs, and what reads them."""
    before, after = parent.parameters(), child.parameters()
    changed = {name.rpartition(".")[0] for name, shape in after.items() if before.get(name) != shape}
    changed |= {node for node in child if node not in parent or child.inputs(node) != parent.inputs(node)}
    changed |= {child.owner(node) for node in changed if node in child}
    return changed | {reader for node in changed for reader in child.readers(node)}


def _share_kept(network: nn.Module, before: Architecture) -> float:
    """The share of the parameters that belong to nodes of the parent, as far as these were as large there."""
    known = before.parameters()
    total = kept = 0
    for name, tensor in network.named_parameters():
        total += tensor.numel()
        if name in known:
            kept += min(tensor.numel(), torch.Size(known[name]).numel())
    return kept / total if total else 0.0


@torch.no_grad()
def _from_pool(network: fx.GraphModule, job: Job) -> Child:
    """A network with every tensor of the pool that has its name and shape (as in ENAS, Pham et al. 2018)."""
    shared = job.shared
    if shared is None or not shared.weights:
        return Child(network)
    trained = dict(network.named_parameters())
    inherited = 0
    for name, tensor in network.state_dict(keep_vars=True).items():
        source = shared.weights.get(name)
        if source is not None and source.shape == tensor.shape:
            tensor.copy_(source)
            inherited += tensor.numel() if name in trained else 0
    share = inherited / max(1, sum(parameter.numel() for parameter in trained.values()))
    return Child(network, share, shared.lineage_epochs if share else 0.0)
