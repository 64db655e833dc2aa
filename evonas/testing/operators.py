"""The contract of a mutation or crossover."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any, ClassVar

from ..errors import NotApplicable
from ..evolution import (
    Genome,
    Operator,
    Space,
    TimeLimitReached,
    genome_type,
    left_space,
    limited,
    mutate,
    operators_for,
)
from ..seeds import guarded
from ..task import Task
from .checks import TASK, nothing_global_changed, require, require_valid, written


class OperatorContract:
    """Tests that every operator has to pass; inherit it in a class whose name begins with ``Test``.

    Attributes:
        operator: A function with the decorator `mutation` or `crossover`.
        genome: The class that it varies; by default the one known by the operator's `genome`.
        space: The search space of the parents; by default the genome's own.
        task: What children are decoded for.
        draws: How many parents it is tried on: random genomes, and mutants of such.
        seconds: How long one application may take.
        parent: ``parent(number)`` makes a parent, where it applies to special ones only.
    """

    operator: ClassVar[Any]
    genome: ClassVar[type[Genome] | None] = None
    space: ClassVar[Space | None] = None
    task: ClassVar[Task] = TASK
    draws: ClassVar[int] = 30
    seconds: ClassVar[float] = 5.0
    parent: ClassVar[Callable[[int], Genome] | None] = None

    def test_it_is_an_operator(self) -> None:
        """It has been made one by the decorator, and its genome is known."""
        self._operator()
        self._genome()

    def test_it_applies_to_some_genomes(self) -> None:
        """On random parents it does not always raise `NotApplicable`."""
        found = [self._apply(number, number) for number in range(self.draws)]
        require(
            any(children for _, children in found),
            f"{self._name()}: it applied to none of {self.draws} random genomes (NotApplicable each time)",
        )

    def test_it_returns_genomes_of_the_same_kind(self) -> None:
        """A mutation returns the genome (or DEAP's tuple of one), a crossover a tuple of two."""
        for _, children in self._all():
            for child in children:
                require(isinstance(child, Genome), f"{self._name()}: it returned {type(child).__name__}")

    def test_children_are_valid_and_decode(self) -> None:
        """Every child can be written, read, decoded and identified, and lies in its parents' space."""
        for parents, children in self._all():
            for child in children:
                require_valid(child, self.task, self._name())
                leaving = left_space(child, [parent for parent, _, _ in parents])
                require(not leaving, f"{self._name()}: it left the search space: {leaving}")

    def test_parents_stay_untouched(self) -> None:
        """What is done to a clone does not reach its parent, nor the search space that all share."""
        for parents, children in self._all():
            for parent, text, space in parents:
                who = self._name()
                require(
                    written(parent, who) == text, f"{who}: it changed the parent of the clone that it got"
                )
                require(
                    parent.space.to_dict() == space,
                    f"{who}: it changed the search space, which all individuals share",
                )
                require(
                    all(child.space.to_dict() == space for child in children),
                    f"{who}: its child has another search space than the parent",
                )

    def test_earlier_children_stay_untouched(self) -> None:
        """No later call changes what it has returned, or returns it again: it belongs to others."""
        before: list[tuple[Genome, str]] = []
        who = self._name()
        for number in range(self.draws):
            _, children = self._apply(number, number)
            for child in children:
                require(
                    all(child is not one for one, _ in before),
                    f"{who}: it returned a genome that an earlier call had returned; return the one that it "
                    "gets, or a new one",
                )
            require(len(set(map(id, children))) == len(children), f"{who}: it returned one genome twice")
            require(
                all(written(one, who) == text for one, text in before),
                f"{who}: it changed a genome that an earlier call had returned; change the one that it gets",
            )
            before += [(child, written(child, who)) for child in children]

    def test_the_same_rng_gives_the_same_child(self) -> None:
        """Its only source of chance is the rng, and it remembers nothing between calls."""
        for number in range(self.draws):
            first, second = (
                [written(child, self._name()) for child in self._apply(number, number)[1]] for _ in range(2)
            )
            require(
                first == second,
                f"{self._name()}: the same genome and the same rng gave two different children; "
                "draw from the rng alone, and remember nothing between calls",
            )

    def test_it_changes_nothing_global(self) -> None:
        """Global random generators, the environment and the working folder stay as they are."""
        for number in range(self.draws):
            with nothing_global_changed(self._name()):
                self._apply(number, number)

    # -- what the tests use ------------------------------------------------------------------------

    def _operator(self) -> Operator:
        operator = getattr(type(self), "operator", None)
        require(
            isinstance(operator, Operator),
            f"{type(self).__name__}.operator: expected a function with the decorator mutation or crossover, "
            f"got {operator!r:.80}",
        )
        return operator  # type: ignore[return-value]

    def _name(self) -> str:
        return f"operator {self._operator().name!r}"

    def _genome(self) -> type[Genome]:
        return self.genome or genome_type(self._operator().genome)

    def _random(self, number: int) -> Genome:
        """A random genome; two of three have been through mutations that are installed, up to 20."""
        make = type(self).parent
        if make is not None:
            return make(number)
        kind = self._genome()
        genome = kind.random(self.space or kind.default_space(), random.Random(number))
        installed = [one for one in operators_for(kind.name) if one.kind == "mutation" and one.weight > 0]
        with guarded(number):
            for _ in range(10 * (number % 3) if installed else 0):
                (genome,) = mutate(genome, installed)
        return genome

    def _apply(
        self, number: int, seed: int
    ) -> tuple[list[tuple[Genome, str, dict[str, Any]]], tuple[Genome, ...]]:
        """Parents with what they were, and the children; none where the operator does not apply."""
        operator = self._operator()
        count = 1 if operator.kind == "mutation" else 2
        parents = [self._random(number * count + place) for place in range(count)]
        known = [
            (parent, written(parent, self._name()), copy.deepcopy(parent.space.to_dict()))
            for parent in parents
        ]
        clones = [parent.clone() for parent in parents]
        rng = random.Random(seed)
        try:
            with limited(self.seconds):
                if operator.kind == "mutation":
                    return known, (operator.mutate(clones[0], rng),)
                return known, operator.mate(clones[0], clones[1], rng)
        except NotApplicable:
            return known, ()
        except TimeLimitReached:
            raise AssertionError(f"{self._name()}: it did not return within {self.seconds:g} s") from None
        except AssertionError:
            raise
        except Exception as error:
            message = str(error).removeprefix(f"{self._name()}: ")
            raise AssertionError(f"{self._name()}: {type(error).__name__}: {message}") from error

    def _all(self) -> list[tuple[list[tuple[Genome, str, dict[str, Any]]], tuple[Genome, ...]]]:
        return [self._apply(number, number) for number in range(self.draws)]
