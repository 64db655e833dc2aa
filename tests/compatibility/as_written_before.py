# ruff: noqa: F401, I001
"""A user's file as version 0.1.0 has them written: every import that its pages show, and some of it in use.

It stays as it is. Much of what it imports lies elsewhere now, and is found by these names.
"""

import random
from dataclasses import dataclass
from pathlib import Path

import evonas
from evonas import final
from evonas.architecture import Architecture
from evonas.callbacks import Callback, CsvLog
from evonas.candidate import Candidate, Result
from evonas.channels import ChannelClasses
from evonas.data import load_dataset
from evonas.drawing import draw_cell_change, draw_change, draw_morphism
from evonas.errors import NotApplicable
from evonas.export import export
from evonas.genome import Genome, Origin, Space
from evonas.genomes.amoeba import AmoebaGenome, AmoebaSpace
from evonas.genomes.genet import GenetGenome, GenetSpace
from evonas.genomes.genet.stage import pairs
from evonas.genomes.graph import GraphGenome, GraphSpace, first_model
from evonas.genomes.hierarchical import HierarchicalGenome, HierarchicalSpace
from evonas.genomes.hierarchical.genome import Change
from evonas.genomes.hierarchical.motif import place
from evonas.genomes.large_scale import Activation, Convolution, Edge, LargeScaleGenome, LargeScaleSpace
from evonas.genomes.nasbench201 import NasBench201Genome, NasBench201Space
from evonas.genomes.nasbench201.cell import EDGES, OPERATIONS
from evonas.layers import Add, BatchNorm2d, Conv2d, GlobalAvgPool, Input, Linear, ReLU, Scale
from evonas.morphism import Morphism, apply, new_name
from evonas.network import build, weights_of
from evonas.operator import Operator
from evonas.operators import crossover, mutation
from evonas.operators.amoeba import hidden_state
from evonas.operators.morphisms import AddSkip, Deepen, Widen, ZeroWiden
from evonas.registry import genome_type
from evonas.report import write_report
from evonas.result import History, Individual, SearchResult
from evonas.strategies.base import Start, Strategy
from evonas.strategies.random_search import RandomSearch
from evonas.task import Task
from evonas.testing import GenomeContract, OperatorContract, StrategyContract
from evonas.testing.morphisms import check_morphism, images_for, randomise, relative_gap
from evonas.training.device import Compute


@mutation("genet")
def shift_left(genome, rng):
    """Moves every bit of the string one place to the left."""
    genome.append(genome.pop(0))
    return genome


@crossover("genet", weight=0.5)
def one_point(genome, other, rng):
    """Swaps everything behind a random place."""
    at = rng.randrange(1, len(genome))
    genome[at:], other[at:] = other[at:], genome[at:]
    return genome, other


@dataclass(frozen=True)
class ColumnSpace(Space):
    """Columns of convolutions."""

    widest: int = 4


class Column(Genome):
    """Convolutions of some widths, one after the other."""

    name = "column"
    space_type = ColumnSpace

    def __init__(self, widths, space):
        super().__init__(space)
        self.widths = list(widths)

    @classmethod
    def random(cls, space, rng):
        return cls([rng.randint(1, space.widest) for _ in range(2)], space)

    def decode(self, task):
        net = Architecture()
        x = net.add("image", Input((task.channels, task.height, task.width)))
        for number, width in enumerate(self.widths):
            x = net.add(f"layer{number}.conv", Conv2d(width, bias=True), x)
            x = net.add(f"layer{number}.relu", ReLU(), x)
        net.add("head", Linear(task.classes), net.add("pool", GlobalAvgPool(), x))
        return net

    def key(self):
        return str(self)

    def to_dict(self):
        return {"widths": self.widths}

    @classmethod
    def from_dict(cls, data, space):
        return cls(data["widths"], space)


@mutation("column")
def widen(genome, rng):
    """Draws one width anew."""
    genome.widths[rng.randrange(len(genome.widths))] = rng.randint(1, genome.space.widest)
    return genome


class RandomThenStop(RandomSearch):
    """Random search, by another name."""


class Climb(Strategy):
    """Varies the best so far."""

    def __init__(self, toolbox, start):
        super().__init__(toolbox, start)
        self.best = None

    def ask(self):
        if self.best is None:
            return self.toolbox.individual()
        (child,) = self.toolbox.mutate(self.toolbox.clone(self.best))
        child.origin = Origin((self.best.number,), "varied")
        return child

    def asked(self, genome):
        pass

    def tell(self, genome):
        if genome.fitness.valid and (self.best is None or genome.fitness >= self.best.fitness):
            self.best = genome

    def living(self):
        return set() if self.best is None else {self.best.number}


@dataclass(frozen=True)
class InsertScale(Morphism):
    """A learnt factor behind a node."""

    node: str
    name: str

    @classmethod
    def draw(cls, architecture, rng):
        nodes = sorted(node for node in architecture if len(architecture.shape(node)) == 3)
        return cls(rng.choice(nodes), new_name(architecture, "scale", rng))

    def rewrite(self, architecture):
        if self.node not in architecture:
            raise NotApplicable(f"node {self.node!r}: not in this architecture")
        child = architecture.copy()
        readers, output = child.readers(self.node), child.output
        child.add(self.name, Scale(1.0), self.node)
        for reader in readers:
            child.rewire(reader, *(self.name if read == self.node else read for read in child.inputs(reader)))
        child.output = self.name if output == self.node else output
        return child

    def carry(self, architecture, weights):
        like = next(tensor for tensor in weights.values() if tensor.is_floating_point())
        return {**weights, f"{self.name}.weight": like.new_ones(1)}

    def describe(self):
        return f"a factor behind {self.node}"


@mutation("graph")
def insert_scale(genome, rng):
    """A learnt factor behind a random node."""
    genome.take(InsertScale.draw(genome.architecture, rng))
    return genome


class Listener(Callback):
    """Remembers who has ended."""

    def __init__(self):
        self.heard = []

    def on_candidate(self, candidate):
        self.heard.append(candidate)


def ones(genome, rng):
    return sum(genome)


def width(architecture, rng):
    return architecture.parameter_count()


class TestShiftLeft(OperatorContract):
    operator = shift_left


class TestClimb(StrategyContract):
    strategy = Climb


def test_insert_scale():
    net = first_model(Task(3, 16, 16, 10), (4, 4, 8))
    check_morphism(InsertScale.draw(net, random.Random(0)), net, randomise(net, seed=0))


def main():
    found = evonas.evolve(
        "genet",
        operators=[shift_left, one_point],
        strategy="genetic",
        evaluate=ones,
        needs="genome",
        budget=20,
    )
    assert found.best.fitness == ones(found.best.genome, None)
    assert {"genet-shift-left"} <= {row["operator"] for row in found.history}
    listener = Listener()
    evonas.evolve(
        "genet",
        strategy=RandomThenStop,
        evaluate=ones,
        needs="genome",
        budget=5,
        callbacks=[listener, CsvLog("log.csv")],
    )
    assert all(isinstance(one, Candidate) and isinstance(one.result, Result) for one in listener.heard)
    assert len(listener.heard) == 5
    assert len(Path("log.csv").read_text().splitlines()) == 6

    # By cloudpickle to a process of its own, which cannot import this file.
    columns = evonas.evolve(
        Column,
        operators=[widen],
        strategy=Climb,
        evaluate=width,
        needs="architecture",
        budget=8,
        workers=1,
    )
    assert isinstance(columns, SearchResult)
    assert isinstance(columns.best, Individual)
    assert isinstance(columns.best.genome, Column)
    assert [row["status"] for row in columns.history] == ["done"] * 8
    build(columns.best.architecture, seed=0)

    scaled = evonas.evolve(
        "graph",
        operators=[insert_scale],
        evaluate=width,
        needs="architecture",
        budget=8,
        run="scaled",
        strategy="aging",
        population=2,
        sample=1,
        config={"genome": {"filters": [2, 2, 4]}},
    )
    assert "graph-insert-scale" in {row["operator"] for row in scaled.history}
    assert any(isinstance(m, InsertScale) for one in scaled.top(8) for m in one.genome.origin.morphisms)
    write_report("scaled", Path("report.html"))
    plan = scaled.settings.final_plan.changed({"epochs": 1})
    few = load_dataset("digits", train_limit=80)
    trained = final.train(scaled.best.genome, few, plan, Compute("cpu"))
    assert 0 <= trained.report["test_accuracy"] <= 1

    named = evonas.evolve(
        "genet", operators=__file__, evaluate=ones, needs="genome", budget=8, strategy="climb"
    )
    assert [row["status"] for row in named.history] == ["done"] * 8
    print("all of it works")


if __name__ == "__main__":
    main()
