"""A class that lacks a method is named when it is brought, in one line: file, class, methods."""

from __future__ import annotations

import pytest

import evonas
from evonas.cli import main
from evonas.evolution import Genome
from evonas.evolution.strategies import Strategy

IMPORTS = """
from dataclasses import dataclass
from evonas.evolution import Genome, Morphism, Space, mutation
from evonas.evolution.strategies import Strategy
"""

GENOME = """
class Dots(Genome):
    name = "dots"
    space_type = Space

    @classmethod
    def random(cls, space, rng): ...
    def deocde(self, task): ...
    def key(self): ...
    def to_dict(self): ...
    @classmethod
    def from_dict(cls, data, space): ...
"""
STRATEGY = """
class Climb(Strategy):
    def ask(self): ...
    def asked(self, genome): ...
"""
MORPHISM = """
@dataclass(frozen=True)
class Grow(Morphism):
    node: str

    @classmethod
    def draw(cls, architecture, rng): ...
    def rewrites(self, architecture): ...
    def describe(self): ...

@mutation("graph")
def grow(genome, rng): ...
"""
NAMELESS = """
class Dots(Genome):
    space_type = Space
    nmae = "dots"
    @classmethod
    def random(cls, space, rng): ...
    def decode(self, task): ...
    def key(self): ...
    def to_dict(self): ...
    @classmethod
    def from_dict(cls, data, space): ...
"""


@pytest.mark.parametrize("command", ["evolve", "list operators"])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            GENOME,
            "class Dots: a Genome needs the method 'decode', got none; did you mean 'decode' by 'deocde'?",
        ),
        (STRATEGY, "class Climb: a Strategy needs the method 'tell', got none"),
        (
            MORPHISM,
            "class Grow: a Morphism needs the methods 'rewrite' and 'carry', got none; "
            "did you mean 'rewrite' by 'rewrites'?",
        ),
        (
            NAMELESS,
            "class Dots: a Genome needs the attribute 'name', got none; did you mean 'name' by 'nmae'?",
        ),
        (
            "class Empty(Genome):\n    name = 'empty'\n",
            "class Empty: a Genome needs the attribute 'space_type' and the methods 'random', 'decode', "
            "'key', 'to_dict' and 'from_dict', got none",
        ),
    ],
    ids=["a genome", "a strategy", "a morphism", "no name", "nothing"],
)
def test_it_is_named_in_one_line(written, capsys, command, text, message):
    path = written(IMPORTS + text)
    assert main([*command.split(), "--operators", str(path)]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"error: operators {path}, {message}\n")


def test_what_classes_of_the_file_share_may_leave_methods_open(written, capsys):
    path = written(
        IMPORTS
        + """
class Shared(Strategy):
    def asked(self, genome): ...
    def tell(self, genome): ...

class _AlsoShared(Genome):
    pass

class Asking(Shared):
    def ask(self): ...
"""
    )
    assert main(["list", "strategies", "--operators", str(path)]) == 0
    out = capsys.readouterr().out
    assert "asking" in out and "shared" not in out


def test_a_class_given_in_python_is_checked_too():
    class Silent(Strategy):
        def ask(self): ...
        def asked(self, genome): ...

    class Dots(Genome):
        name = "dots"

    with pytest.raises(evonas.UserError, match="strategy, class Silent: a Strategy needs the method 'tell'"):
        evonas.evolve("genet", strategy=Silent, evaluate=lambda genome, rng: 0.0, needs="genome", budget=1)
    with pytest.raises(
        evonas.UserError, match="genome, class Dots: a Genome needs the attribute 'space_type'"
    ):
        evonas.evolve(Dots, evaluate=lambda genome, rng: 0.0, needs="genome", budget=1)
