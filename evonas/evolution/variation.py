"""Varying individuals: operators are drawn and applied, and what goes wrong in one costs one candidate."""

from __future__ import annotations

import json
import random
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from deap import base

from ..errors import NotApplicable, UserError
from .genome import RANDOM, UNKNOWN, Genome, Origin
from .operator import Operator
from .time_limit import TimeLimitReached, limited

TRIES = 100
"""How often another operator is drawn where one does not apply."""

SECONDS = 10.0
"""How long an operator may take, unless a toolbox says otherwise."""


class OperatorError(UserError):
    """An operator raised, returned something else than a valid genome, or took too long.

    Attributes:
        operator: Its name.
    """

    def __init__(self, operator: str, reason: str, message: str = "") -> None:
        super().__init__(message or f"operator {operator!r}: {reason}")
        self.operator = operator


def draw_generator() -> random.Random:
    """A generator for one call, seeded by the global one, which the engine has seeded."""
    return random.Random(random.getrandbits(64))


def mutate(individual: Genome, operators: Sequence[Operator]) -> tuple[Genome]:
    """Applies one mutation, drawn by weight, in place; where it does not apply another is drawn.

    Returns:
        DEAP's tuple of one individual, whose `origin` names the operator, and as its parent the candidate
        that it was.

    Raises:
        OperatorError: No operator applied in 100 draws, or one raised or returned no genome.
    """
    rng = draw_generator()
    parents = _parents(individual)
    operator, child = _applied(operators, rng, lambda operator: operator.mutate(individual, rng))
    _check_own(child, (individual,), operator.name)
    child.origin = Origin(parents, operator.name, morphisms=child.origin.morphisms)
    child.number, child.heritage = None, individual.heritage
    return (child,)


def mate(first: Genome, second: Genome, operators: Sequence[Operator]) -> tuple[Genome, Genome]:
    """Applies one crossover, drawn by weight, in place; where it does not apply another is drawn.

    Returns:
        Both individuals, whose `origin` names the operator and both parents, its own first.

    Raises:
        OperatorError: No operator applied in 100 draws, or one raised or did not return two genomes.
        UserError: They are of two kinds.
    """
    if first.name != second.name:
        raise UserError(f"mate: expected two genomes of one kind, got {first.name!r} and {second.name!r}")
    rng = draw_generator()
    parents = [_parents(individual) for individual in (first, second)]
    operator, children = _applied(operators, rng, lambda operator: operator.mate(first, second, rng))
    _check_apart(children, (first, second), operator.name)
    for child, given, own, other in zip(children, (first, second), parents, reversed(parents), strict=True):
        child.origin = Origin(tuple(dict.fromkeys((*own, *other))), operator.name)
        child.number, child.heritage = None, child.heritage or given.heritage
    return children[0], children[1]


def _parents(individual: Genome) -> tuple[int, ...]:
    """The parents of what an individual is about to become: where it is a candidate, that is its parent."""
    return individual.origin.parents if individual.number is None else (individual.number,)


def _check_own(child: Genome, given: Sequence[Genome], name: str) -> None:
    """Checks that an operator returned what it was given, or something new.

    An earlier genome that it remembers belongs to others, and has other parents than what it was given.
    """
    if any(child is one for one in given):
        return
    known = {parent for one in given for parent in (*one.origin.parents, *_parents(one))}
    if child.number not in {None, *(one.number for one in given)} or not known >= {*child.origin.parents}:
        which = "an earlier child" if child.number is None else f"candidate {child.number}"
        expected = "expected it to return the genome that it was given, or a new one"
        raise OperatorError(name, f"{expected}, got that of {which}")


def _check_apart(children: Sequence[Genome], given: Sequence[Genome], name: str) -> None:
    """The same for a crossover, whose genomes must not be one."""
    if children[0] is children[1]:
        raise OperatorError(name, "expected it to return both genomes, got one of them twice")
    for child in children:
        _check_own(child, given, name)


def _applied(
    operators: Sequence[Operator], rng: random.Random, call: Callable[[Operator], Any]
) -> tuple[Operator, Any]:
    """Draws operators by weight until one applies; also what it gave."""
    weights = [operator.weight for operator in operators]
    reason = ""
    for _ in range(TRIES):
        operator = rng.choices(operators, weights)[0]
        try:
            return operator, call(operator)
        except NotApplicable as why:
            reason = f"; {operator.name}: {why}" if str(why) else ""
        except OperatorError:
            raise
        except TimeLimitReached as limit:
            raise OperatorError(operator.name, _too_long(limit)) from None
        except Exception as error:
            raise OperatorError(operator.name, _in_words(error, operator.name)) from error
    names = [operator.name for operator in operators]
    told = f"operators: none of {', '.join(names)} applied in {TRIES} draws{reason}"
    raise OperatorError("+".join(names), reason, told)


def _too_long(limit: BaseException) -> str:
    return f"{limit}, which is all that operator_seconds allows"


def _in_words(error: Exception, name: str) -> str:
    first = str(error).strip().partition("\n")[0][:300].removeprefix(f"operator {name!r}: ")
    if isinstance(error, UserError):
        return first
    told = f"{type(error).__name__}: {first}".rstrip(": ")
    frames = traceback.extract_tb(error.__traceback__)
    return f"{told} ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else told


# -- for strategies -----------------------------------------------------------------------------


def offspring(toolbox: base.Toolbox, parent: Genome) -> Genome:
    """A mutated clone of a parent, with its origin and without fitness.

    Where the operator failed, the child is an unchanged clone whose `origin` says why: the search records it
    as a failed candidate.
    """
    child: Genome = toolbox.clone(parent)
    return mutated(toolbox, unborn(child))


def unborn(clone: Genome, operator: str = RANDOM) -> Genome:
    """A clone as the child of whom it was cloned from: without number and fitness."""
    clone.origin = Origin((clone.number,) if clone.number is not None else (), operator)
    clone.number = None
    del clone.fitness.values
    return clone


def mutated(toolbox: base.Toolbox, child: Genome) -> Genome:
    """What the toolbox's `mutate` makes of a child, checked; in place.

    Returns:
        The child; where that failed, one that is as it was before and whose `origin` says why.
    """
    before, origin = child.clone(), child.origin
    try:
        with limited(_seconds(toolbox)):
            returned = toolbox.mutate(child)
        result = _one(returned, type(before), toolbox.mutate)
        _check_own(result, (child,), _name_of(toolbox.mutate))
        _check_valid(result, toolbox.mutate, (before,))
    except (Exception, TimeLimitReached) as error:
        return _failed(before, toolbox.mutate, error)
    if result.origin is origin or result.origin == UNKNOWN:  # of a user's function, which signs nothing
        result.origin = replace(origin, operator=_name_of(toolbox.mutate))
    del result.fitness.values
    return result


def mated(toolbox: base.Toolbox, first: Genome, second: Genome) -> tuple[Genome, Genome]:
    """What the toolbox's `mate` makes of two children, checked; in place.

    Returns:
        Both; where that failed, two as they were before, the first with an `origin` that says why.
    """
    before, origins = (first.clone(), second.clone()), (first.origin, second.origin)
    try:
        with limited(_seconds(toolbox)):
            returned = toolbox.mate(first, second)
        if not isinstance(returned, tuple) or len(returned) != 2:
            raise UserError(f"expected it to return both genomes, got {returned!r:.80}")
        for child in returned:
            _check_valid(_one(child, type(first), toolbox.mate), toolbox.mate, before)
        _check_apart(returned, (first, second), _name_of(toolbox.mate))
    except (Exception, TimeLimitReached) as error:
        return _failed(before[0], toolbox.mate, error), before[1]
    for child, origin in zip(returned, origins, strict=True):
        if child.origin is origin or child.origin == UNKNOWN:
            child.origin = replace(origin, operator=_name_of(toolbox.mate))
        del child.fitness.values
    return returned[0], returned[1]


def _seconds(toolbox: base.Toolbox) -> float:
    return float(getattr(toolbox, "operator_seconds", SECONDS))


def _one(returned: Any, kind: type[Genome], function: Any) -> Genome:
    """The genome in what an operator returned."""
    if isinstance(returned, tuple) and len(returned) == 1:
        returned = returned[0]
    if not isinstance(returned, kind):
        raise OperatorError(
            _name_of(function), f"expected it to return the genome, got {type(returned).__name__}"
        )
    return returned


def _check_valid(child: Genome, function: Any, parents: Sequence[Genome]) -> None:
    """Checks that a genome can be written and read, and lies in its space if its parents do.

    A journal that cannot be read would be the run's end.
    """
    name = child.origin.operator if child.origin.operator != RANDOM else _name_of(function)
    try:
        form = child.to_dict()
        if not all(type(value) is str for value in form.values()):  # texts come back as they are
            form = json.loads(json.dumps(form))
        type(child).from_dict(form, child.space)
    except Exception as error:
        raise OperatorError(name, f"it left an invalid genome: {_in_words(error, name)}") from error
    if leaving := left_space(child, parents):
        raise OperatorError(name, f"it left the search space: {leaving}")


def left_space(child: Genome, parents: Sequence[Genome]) -> str:
    """In what a child lies outside its space, in words; empty where it does not, or a parent did before."""
    found = child.outside_space()
    return "" if found and any(parent.outside_space() for parent in parents) else found


def _failed(before: Genome, function: Any, error: BaseException) -> Genome:
    """A candidate that is not evaluated: the clone as it was, and why."""
    if isinstance(error, OperatorError):
        name, reason = error.operator, str(error)
    else:
        name = _name_of(function)
        told = _in_words(error, name) if isinstance(error, Exception) else _too_long(error)
        reason = str(OperatorError(name, told))
    before.origin = replace(before.origin, operator=name, failure=reason)
    return before


def _name_of(function: Any) -> str:
    """What to call a function that a toolbox holds."""
    while isinstance(function, partial):
        function = function.func
    return str(getattr(function, "__name__", None) or getattr(function, "name", type(function).__name__))
