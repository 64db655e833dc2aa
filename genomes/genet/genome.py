"""The Genetic CNN genome: a list of bits (Xie and Yuille 2017)."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any, Self

import networkx as nx

from ...architecture import Architecture
from ...errors import UserError
from ...evolution import Genome
from ...task import Task
from .decode import KERNEL, decode
from .space import GenetSpace
from .stage import is_text, nodes_of, pairs, read, stage_graph, stage_key, write


class GenetGenome(Genome, list[int]):
    """A list of zeros and ones, stage after stage.

    It is a list in every respect: indexing, slicing and comparing are a list's, and so it has no hash. DEAP's
    operators for bit strings (`tools.mutFlipBit`, `tools.cxUniform`) apply to it as they are. Its length is
    checked when it is read as a network.

    Args:
        bits: As many as the space's stages have pairs of nodes.
        space: The settings; by default the paper's for CIFAR-10.

    Raises:
        UserError: Their number is wrong, or one is neither 0 nor 1.
    """

    name = "genet"
    space_type = GenetSpace
    recipe = "genet-small"
    good_for = "learning how a search works; strings of bits, short to read and quick to train"
    space: GenetSpace

    def __init__(self, bits: Iterable[int], space: GenetSpace | None = None) -> None:
        super().__init__(space or GenetSpace())
        self.extend(bits)
        self.stages()

    @classmethod
    def random(cls, space: GenetSpace, rng: random.Random) -> Self:
        """Every bit a Bernoulli draw, with probability 0.5 in the paper (Algorithm 1)."""
        return cls([int(rng.random() < space.density) for _ in range(space.length)], space)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.__dict__)  # with what DEAP's tools may have put on it
        twin.extend(self)
        twin.fitness = copy.deepcopy(self.fitness)
        return twin

    def stages(self) -> list[list[int]]:
        """The bits of each stage.

        Raises:
            UserError: Their number is wrong, or one is neither 0 nor 1.
        """
        space = self.space
        if len(self) != space.length:
            nodes = ", ".join(map(str, space.nodes))
            raise UserError(
                f"genet genotype: expected {space.length} bits for stages of {nodes} nodes, got {len(self)}"
            )
        if any(bit not in (0, 1) for bit in self):
            raise UserError(f"genet genotype: expected bits, each 0 or 1, got {list(self)!r:.80}")
        return [self[place] for place in space.slices]

    def graphs(self) -> list[nx.DiGraph]:
        """The graph of each stage (see `stage.stage_graph`)."""
        return [stage_graph(bits, nodes) for bits, nodes in zip(self.stages(), self.space.nodes, strict=True)]

    @classmethod
    def smallest(cls, space: GenetSpace, task: Task) -> Self:
        """No edge: of each stage one convolution is left."""
        return cls([0] * space.length, space)

    def decode(self, task: Task) -> Architecture:
        return decode(self.graphs(), self.space, task)

    def key(self) -> str:
        parts = "/".join(stage_key(graph) for graph in self.graphs())
        return blake2b(parts.encode(), digest_size=16).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        return {"code": str(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], space: GenetSpace) -> Self:
        if not isinstance(data, Mapping) or not isinstance(data.get("code"), str):
            raise UserError(f"genet genotype: expected a 'code' such as '1-01|0-01-100', got {data!r:.80}")
        return cls.from_text(data["code"], space)

    @classmethod
    def reads(cls, text: str) -> bool:
        return is_text(text)

    @classmethod
    def space_for(cls, genotype: str | Mapping[str, Any], space: GenetSpace) -> GenetSpace:
        code = genotype.get("code") if isinstance(genotype, Mapping) else genotype
        return space.of_nodes(nodes_of(code)) if isinstance(code, str) and is_text(code) else space

    @classmethod
    def from_text(cls, text: str, space: GenetSpace) -> Self:
        parts = text.strip().split("|")
        if len(parts) != len(space.nodes):
            raise UserError(
                f"genet genotype: expected {len(space.nodes)} stages with | between them, got {text!r:.80}"
            )
        codes = (read(part.strip(), nodes) for part, nodes in zip(parts, space.nodes, strict=True))
        return cls([bit for code in codes for bit in code], space)

    def neighbours(self) -> list[Self]:
        """The genotypes that differ in one bit."""
        found = []
        for place in range(len(self)):
            twin = type(self)(self, self.space)
            twin[place] = 1 - twin[place]
            found.append(twin)
        return found

    @classmethod
    def published(cls) -> dict[str, dict[str, Any]]:
        from .published import PUBLISHED

        return {name: {"code": code} for name, code in PUBLISHED.items()}

    def pictured(self) -> dict[str, nx.DiGraph]:
        """The stages, which are drawn side by side, each under its bits and the pairs that they stand for."""
        kernels = {"input": self.space.kernel, "node": KERNEL, "output": KERNEL}
        found = {}
        codes = str(self).split("|")
        for number, (graph, bits, nodes) in enumerate(
            zip(self.graphs(), self.stages(), self.space.nodes, strict=True), 1
        ):
            for node, role in graph.nodes(data="role"):
                called = str(node) if role == "node" else role
                graph.nodes[node]["label"] = f"conv {kernels[role]}×{kernels[role]} · {called}"
            graph.graph["title"] = f"stage {number}: {codes[number - 1]}"
            graph.graph["bits"] = [
                (str(int(bit)), f"{source}→{target}")
                for bit, (source, target) in zip(bits, pairs(nodes), strict=True)
            ]
            found[f"stage {number}"] = graph
        return found

    def __str__(self) -> str:
        return "|".join(
            write(bits, nodes) for bits, nodes in zip(self.stages(), self.space.nodes, strict=True)
        )
