"""The contract of a morphism as a test: random weights, an honest measure, and all that must hold."""

from __future__ import annotations

import json
from collections.abc import Mapping

import torch
from torch import nn

from ..architecture import Architecture
from ..architecture.layers import Scale
from ..evolution import Morphism
from ..inheritance import spread_of
from ..network import build, input_shape, weights_of

Weights = Mapping[str, torch.Tensor]

TOLERANCE = 1e-10
"""How far outputs may be apart in float64, as a share of their spread over inputs."""


def randomise(
    architecture: Architecture, seed: int, dtype: torch.dtype = torch.float64
) -> dict[str, torch.Tensor]:
    """Random tensors for an architecture: weights as they are initialised, and nothing left at a default.

    Scales, variances and factors are drawn from [0.5, 2], biases, shifts and means from a normal of standard
    deviation 0.3: at their defaults they would hide what a morphism forgets.

    Args:
        architecture: What to make tensors for.
        seed: Of all that is drawn.
        dtype: Of the tensors; drawn in this precision.
    """
    weights = weights_of(build(architecture, seed, dtype=dtype))
    generator = torch.Generator().manual_seed(seed)
    for name in sorted(weights):
        node, _, key = name.rpartition(".")
        tensor = weights[name]
        if key == "running_var" or (key == "weight" and tensor.dim() == 1):
            tensor.uniform_(0.5, 2, generator=generator)
            if isinstance(architecture.layer(node), Scale):
                tensor.neg_()
        elif key in ("bias", "running_mean"):
            tensor.normal_(std=0.3, generator=generator)
    return weights


def images_for(architecture: Architecture, seed: int = 0, count: int = 16) -> torch.Tensor:
    """Random images ``(count, channels, height, width)`` in float64."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, *input_shape(architecture), generator=generator, dtype=torch.float64)


@torch.no_grad()
def spread(network: nn.Module, batch: torch.Tensor) -> float:
    """How much a network's outputs depend on the input (`evonas.verification.spread_of`)."""
    return spread_of(network.eval()(batch))


@torch.no_grad()
def relative_gap(parent: nn.Module, child: nn.Module, batch: torch.Tensor) -> float:
    """The largest difference of any output in evaluation mode, relative to the parent's spread over inputs.

    Args:
        parent: The reference.
        child: Compared with it.
        batch: Images ``(n, channels, height, width)`` in the networks' precision, n at least 2.

    Returns:
        0 where they agree exactly; infinity where they do not and the parent is a constant function.
    """
    gap = float((parent.eval()(batch) - child.eval()(batch)).abs().max())
    if gap == 0:
        return 0.0
    whole = spread(parent, batch)
    return gap / whole if whole > 0 else float("inf")


def check_morphism(
    morphism: Morphism,
    architecture: Architecture,
    weights: Weights,
    *,
    batch: torch.Tensor | None = None,
    tolerance: float = TOLERANCE,
) -> tuple[Architecture, dict[str, torch.Tensor]]:
    """Checks all that is promised of a morphism, at one place of one architecture.

    The parent stays as it is to the last bit. The child is valid, and its tensors are those that it needs;
    none that is new shares memory with another. Written as JSON and back it is the same morphism with the
    same child. If it is `preserving`, outputs agree within `tolerance` of their spread over inputs.

    Args:
        morphism: One that applies.
        architecture: The parent's.
        weights: All its tensors in float64, such as `randomise` makes.
        batch: Images to compare the outputs on; random ones by default.
        tolerance: For `relative_gap`.

    Returns:
        The child's architecture and tensors.

    Raises:
        AssertionError: Something does not hold; the message says what.
        NotApplicable: The morphism does not apply.
    """
    before = architecture.copy()
    values = {name: tensor.clone() for name, tensor in weights.items()}
    child, carried = morphism.rewrite(architecture), morphism.carry(architecture, weights)
    _demand(architecture == before, f"{morphism}: changed the parent's architecture")
    _demand(
        weights.keys() == values.keys() and all(torch.equal(weights[name], values[name]) for name in values),
        f"{morphism}: changed the parent's weights",
    )
    _check_tensors(morphism, child, carried, weights)
    _check_json(morphism, architecture, weights, child, carried)
    if morphism.preserving:
        images = images_for(architecture) if batch is None else batch
        old = build(architecture, weights=weights, dtype=torch.float64)
        new = build(child, weights=carried, dtype=torch.float64)
        gap = relative_gap(old, new, images)
        _demand(gap <= tolerance, f"{morphism}: outputs differ by {gap:.2g} of their spread over inputs")
    return child, carried


def _check_tensors(morphism: Morphism, child: Architecture, carried: Weights, weights: Weights) -> None:
    """The child is valid and has exactly its tensors, of the parent's type and in memory of their own."""
    child.validate()
    wanted = child.parameters() | child.buffers()
    for name in sorted(wanted.keys() | carried.keys()):
        got = tuple(carried[name].shape) if name in carried else "none"
        expected = wanted.get(name, "none")
        _demand(got == expected, f"{morphism}: tensor {name!r} expected {expected}, got {got}")
    dtypes = {tensor.dtype for tensor in weights.values()}
    owners = {tensor.untyped_storage().data_ptr(): f"the parent's {name}" for name, tensor in weights.items()}
    given = {id(tensor) for tensor in weights.values()}
    for name, tensor in carried.items():
        _demand(tensor.dtype in dtypes, f"{morphism}: tensor {name!r} became {tensor.dtype}")
        if id(tensor) in given:
            _demand(
                weights.get(name) is tensor, f"{morphism}: {name!r} is the parent's tensor of another name"
            )
            continue
        place = tensor.untyped_storage().data_ptr()
        _demand(place not in owners, f"{morphism}: {name!r} shares memory with {owners.get(place)}")
        owners[place] = name


def _check_json(
    morphism: Morphism, architecture: Architecture, weights: Weights, child: Architecture, carried: Weights
) -> None:
    """JSON gives the same morphism, and that the same child, also from an architecture that was a file."""
    again = Morphism.from_dict(json.loads(json.dumps(morphism.to_dict())))
    _demand(again == morphism, f"{morphism}: JSON made {again} of it")
    parent = Architecture.from_dict(json.loads(json.dumps(architecture.to_dict())))
    _demand(again.rewrite(parent) == child, f"{morphism}: another child the second time")
    twice = again.carry(parent, weights)
    _demand(
        twice.keys() == carried.keys() and all(torch.equal(twice[name], carried[name]) for name in carried),
        f"{morphism}: other weights the second time",
    )


def _demand(holds: bool, message: str) -> None:
    if not holds:
        raise AssertionError(message)
