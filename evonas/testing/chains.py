"""Long chains of random morphisms, held to the function that the first network computes.

One morphism at one place is checked by `evonas.testing.morphisms.check_morphism`. A chain reaches the places
that nobody thinks of: a slice of a replicated branch behind a concatenation that was widened twice.

    chain = Chain(architecture, seed=0)
    chain.apply(Deepen("stem.relu", 3, "deeper"))
    chain.apply(Widen("deeper.conv", 32, seed=1))
    print(chain.gaps())

`evonas.testing.random_chains` draws what is applied. What does not hold raises a `ChainError`, which carries
the chain as JSON; `repeat` plays it again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from ..architecture import Architecture
from ..errors import NotApplicable
from ..evolution import Morphism, read_morphisms
from ..network import build
from .morphisms import TOLERANCE, images_for, randomise

Weights = dict[str, torch.Tensor]

TOLERANCES = {torch.float64: TOLERANCE, torch.float32: 1e-3}
"""How far outputs may be apart in each type, as a share of their spread over inputs."""

BOTH = (torch.float64, torch.float32)

LIVELY = 1e-3
"""The least spread of a network's outputs over inputs, as a share of the largest output.

Below that it is nearly a constant function: nothing that a morphism breaks would be seen in what it computes,
and float32 itself, which rounds at 1e-7 of the outputs, could not keep to its tolerance.
"""


class ChainError(AssertionError):
    """Something that is promised of morphisms does not hold.

    Attributes:
        chain: What was done, for `repeat`, in a form for JSON; the last morphism is the one that failed.
    """

    def __init__(self, message: str, chain: dict[str, Any]) -> None:
        super().__init__(f"{message}\n{json.dumps(chain)}")
        self.chain = chain


class Chain:
    """A network with random weights that morphisms are applied to, one after the other.

    Its weights are kept and carried in each type apart, so that each shows what carrying in it costs.

    Args:
        architecture: The first network's; never changed.
        seed: Of its weights and normalisation statistics (`randomise`).
        dtypes: The types to measure in.
        images: How many random images to compare outputs on.

    Attributes:
        architecture: The network's as it is now.
        weights: Its tensors as they are now, for each type.
        morphisms: What was applied.
        spread: How much the first network's outputs depend on the input (`evonas.testing.morphisms.spread`).
        lively: Whether that is enough for a comparison to say something (`LIVELY`).
    """

    def __init__(
        self,
        architecture: Architecture,
        seed: int,
        dtypes: Sequence[torch.dtype] = BOTH,
        images: int = 8,
    ) -> None:
        self.architecture = self._start = architecture
        self._seed = seed
        self.morphisms: list[Morphism] = []
        drawn = randomise(architecture, seed)
        self.weights = {kind: {key: one.to(kind) for key, one in drawn.items()} for kind in dtypes}
        self._batch = images_for(architecture, seed, images)
        self._first = self._now = self._outputs()
        reference = next(iter(self._first.values()))
        self.spread = float(reference.std(0).median())
        self.lively = bool(reference.isfinite().all()) and self.spread > LIVELY * float(reference.abs().max())

    @torch.no_grad()
    def _outputs(self) -> dict[torch.dtype, torch.Tensor]:
        """What the network answers in evaluation mode, in each type, in float64."""
        kinds = list(self.weights)
        network = build(self.architecture, weights=self.weights[kinds[0]], dtype=kinds[0]).eval()
        found = {}
        for kind in kinds:
            network.to(kind)
            for name, tensor in network.state_dict().items():
                tensor.copy_(self.weights[kind][name])
            found[kind] = network(self._batch.to(kind)).double()
        return found

    def _apart(
        self, one: dict[torch.dtype, torch.Tensor], other: dict[torch.dtype, torch.Tensor]
    ) -> dict[torch.dtype, float]:
        return {kind: float((one[kind] - other[kind]).abs().max()) / self.spread for kind in one}

    def gaps(self) -> dict[torch.dtype, float]:
        """How far the outputs are from the first network's, relative to their spread over inputs."""
        return self._apart(self._first, self._now)

    def child(self, morphism: Morphism) -> Architecture:
        """What a morphism would make of the architecture as it is now.

        Raises:
            NotApplicable: It does not apply.
            ChainError: It raises another error, changes the parent, or makes something invalid.
        """
        parent, copy = self.architecture, self.architecture.copy()
        try:
            child = morphism.rewrite(parent)
            child.validate()
            ends = child.shape(child.output)
        except NotApplicable:
            raise
        except Exception as error:
            raise self.failure(f"{morphism}: {type(error).__name__}: {error}", morphism) from error
        if parent != copy:
            raise self.failure(f"{morphism}: changed the parent's architecture", morphism)
        if ends != parent.shape(parent.output):
            raise self.failure(f"{morphism}: the output's shape became {ends}", morphism)
        return child

    def apply(self, morphism: Morphism) -> dict[torch.dtype, float]:
        """Applies one more morphism that preserves the function.

        Returns:
            How far the outputs are from those before, in each type, relative to their spread over inputs.

        Raises:
            NotApplicable: It does not apply; the chain stays as it was.
            ChainError: The outputs are too far from those before or from the first network's; the parent
                was changed, or the network was not; its tensors are not those that it needs; or the morphism
                raises another error, such as refusing to carry what it has rewritten.
        """
        before = self._now
        child = self.child(morphism)
        self.morphisms.append(morphism)
        try:
            carried = {kind: self._carried(morphism, child, kind) for kind in self.weights}
        except ChainError:
            raise
        except Exception as error:
            raise self.failure(f"{morphism}: {type(error).__name__}: {error}") from error
        if self._same(child, next(iter(carried.values()))):
            raise self.failure(f"{morphism}: changed nothing")
        self.architecture, self.weights = child, carried
        try:
            self._now = self._outputs()
        except Exception as error:
            raise self.failure(f"{morphism}: the child does not run: {error}") from error
        found = self._apart(before, self._now)
        for what, gaps in ((f"{morphism}", found), ("the whole chain", self.gaps())):
            for kind, gap in gaps.items():
                if not gap <= TOLERANCES[kind]:
                    raise self.failure(f"{what}: outputs in {kind} differ by {gap:.2g} of their spread")
        return found

    def _carried(self, morphism: Morphism, child: Architecture, kind: torch.dtype) -> Weights:
        """The child's tensors; the parent must stay as it is, and no tensor may be missing or left over."""
        weights, copy = self.weights[kind], self.architecture.copy()
        values = {name: tensor.clone() for name, tensor in weights.items()}
        carried = morphism.carry(self.architecture, weights)
        if self.architecture != copy:
            raise self.failure(f"{morphism}: changed the parent's architecture as it carried")
        if weights.keys() != values.keys() or not all(
            torch.equal(tensor, values[name]) for name, tensor in weights.items()
        ):
            raise self.failure(f"{morphism}: changed the parent's weights")
        wanted = child.parameters() | child.buffers()
        if {name: tuple(tensor.shape) for name, tensor in carried.items()} != wanted:
            raise self.failure(f"{morphism}: its tensors are not those that the child needs")
        if any(tensor.dtype != kind for tensor in carried.values()):
            raise self.failure(f"{morphism}: a tensor is no {kind} any more")
        return carried

    def _same(self, child: Architecture, carried: Weights) -> bool:
        """Whether a child is its parent: no tensor is new, and the graph is the same whatever its names."""
        weights = next(iter(self.weights.values()))
        if weights.keys() != carried.keys():
            return False
        return (
            all(torch.equal(tensor, weights[name]) for name, tensor in carried.items())
            and child.key() == self.architecture.key()
        )

    def failure(self, message: str, *last: Morphism) -> ChainError:
        """An error that carries the chain, and what was tried last."""
        chain = self.to_dict()
        chain["morphisms"] += [morphism.to_dict() for morphism in last]
        return ChainError(message, chain)

    def to_dict(self) -> dict[str, Any]:
        """All that it takes to repeat the chain, in a form for JSON."""
        return {
            "architecture": self._start.to_dict(),
            "seed": self._seed,
            "images": len(self._batch),
            "morphisms": [morphism.to_dict() for morphism in self.morphisms],
        }


def repeat(data: Mapping[str, Any], dtypes: Sequence[torch.dtype] = BOTH) -> Chain:
    """Plays a chain again that `Chain.to_dict` has written.

    Raises:
        ChainError: It fails again.
        UserError: It is no chain.
    """
    start = Architecture.from_dict(data["architecture"])
    chain = Chain(start, data["seed"], dtypes, data["images"])
    for morphism in read_morphisms(data["morphisms"]):
        chain.apply(morphism)
    return chain
