"""Operators, genomes and strategies that a caller brings: in a Python file, or as objects."""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import UserError, after, nearest_path
from ..files import expanded
from .contracts import check_all_whole, check_whole
from .genome import Genome
from .offers import bring, dashed
from .operator import Operator
from .strategies import Strategy


@dataclass(frozen=True)
class FileText:
    """A Python file as it was read, for where it may not be.

    Attributes:
        path: Absolute; what its module is named by.
        text: What is in it.
    """

    path: Path
    text: bytes

    @classmethod
    def read(cls, path: str | Path) -> FileText:
        """Reads a file.

        Raises:
            UserError: It cannot be read.
        """
        path = expanded(path)
        try:
            return cls(path.resolve(), path.read_bytes())
        except ValueError as error:  # a name with a null
            raise UserError(f"operators {path!s:.60}: cannot be read: {error}") from None
        except OSError as error:
            hint = after(nearest_path(path, ".py") if isinstance(error, FileNotFoundError) else "")
            raise UserError(f"operators {path}: cannot be read: {error.strerror or error}{hint}") from None


Brought = str | Path | FileText | Operator
"""A Python file, or an operator."""


def operators_from(brought: Brought | Iterable[Brought]) -> list[Operator]:
    """The operators that a caller brings; genomes and strategies of files become known by name.

    A file is code and is run: only name one that you trust.

    Args:
        brought: Operators and Python files, or one of either.

    Raises:
        UserError: A file cannot be run, holds nothing of use, or a class that lacks a method; something is
            no operator.
    """
    items: list[Any] = [brought]
    if isinstance(brought, Iterable) and not isinstance(brought, Brought):
        items = list(brought)
    found: list[Operator] = []
    for item in items:
        if isinstance(item, Operator):
            found.append(item)
        elif isinstance(item, str | Path):
            found += _from_file(expanded(item), FileText.read(item))
        elif isinstance(item, FileText):
            found += _from_file(item.path, item)
        else:
            raise UserError(
                "operators: expected functions with the decorator mutation or crossover, "
                f"or Python files, got {item!r:.80}"
            )
    return found


def _from_file(path: Path, file: FileText) -> list[Operator]:
    """Runs a file and takes the operators, genomes and strategies that it defines."""
    module = _run(path, file)
    values = list({id(value): value for value in vars(module).values()}.values())  # one may have two names
    operators = [value for value in values if isinstance(value, Operator)]
    classes = [value for value in values if isinstance(value, type) and value.__module__ == module.__name__]
    check_all_whole(classes, f"operators {path}")
    genomes = [value for value in classes if issubclass(value, Genome) and _is_meant(value)]
    strategies = [value for value in classes if issubclass(value, Strategy) and _is_meant(value)]
    _check_once("genomes", [genome.name for genome in genomes], path)
    _check_once("strategies", [strategy_name(strategy) for strategy in strategies], path)
    for varied in {operator.genome for operator in operators}:
        own = [operator.name for operator in operators if operator.genome == varied]
        _check_once(f"operators of {varied}", own, path)
    for genome in genomes:
        bring("genomes", genome.name, genome, str(path))
    for strategy in strategies:
        bring("strategies", strategy_name(strategy), strategy, str(path))
    if not operators and not genomes and not strategies:
        raise UserError(
            f"operators {path}: expected a function with the decorator mutation or crossover, "
            "a Genome with a name or a Strategy at its top level, found none"
        )
    return [replace(operator, source=str(path)) for operator in operators]


def _check_once(what: str, found: Sequence[Any], path: Path) -> None:
    """Makes sure that things of one file have names of their own: the last would hide the others.

    Raises:
        UserError: Two have one name, or one has no text for a name.
    """
    for place, name in enumerate(found):
        if not isinstance(name, str) or not name:
            raise UserError(f"operators {path}: {what}: expected a text for a name, got {name!r:.60}")
        if name in found[:place]:
            raise UserError(f"operators {path}: {what}: expected names of their own, got {name!r} twice")


def _is_meant(kind: type[Genome] | type[Strategy]) -> bool:
    """Whether a class stands for itself: what others share may leave methods or its name open."""
    return not inspect.isabstract(kind) and (issubclass(kind, Strategy) or hasattr(kind, "name"))


def _run(path: Path, file: FileText) -> ModuleType:
    name = f"evonas_file_{hashlib.sha256(str(file.path).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=None)
    if spec is None or spec.loader is None:
        raise UserError(f"operators {path}: expected a Python file (.py)")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickling of its classes look it up
    try:
        exec(compile(file.text, str(path), "exec"), module.__dict__)
    except (Exception, SystemExit) as error:  # a script that ends itself would end the search unsaid
        sys.modules.pop(name, None)
        line = _line_of(error, str(path))
        raise UserError(f"operators {path}{line}: {type(error).__name__}: {error}") from error
    return module


def _line_of(error: BaseException, path: str) -> str:
    """The line of the file in which an error arose, if it arose there."""
    if isinstance(error, SyntaxError):
        return "" if error.lineno is None else f", line {error.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    return f", line {lines[-1]}" if lines else ""


def genome_name(genome: str | type[Genome] | None) -> str | None:
    """The name of a genome that may be given as a class, which becomes known by it.

    Raises:
        UserError: It is neither a name nor a genome with one, or the genome lacks a method.
    """
    if genome is None or isinstance(genome, str):
        return genome
    if not isinstance(genome, type) or not issubclass(genome, Genome) or not hasattr(genome, "name"):
        raise UserError(f"genome: expected a name or a subclass of Genome with a name, got {genome!r:.80}")
    check_whole(genome, "genome")
    _bring_once("genomes", genome.name, genome)
    return genome.name


def strategy_name(strategy: type[Strategy]) -> str:
    """What a strategy's class is called: its attribute ``name``, else the class's name with dashes."""
    return str(getattr(strategy, "name", "") or dashed(strategy.__name__))


def named_strategy(strategy: Any) -> Any:
    """The name of a strategy that may be given as a class, which becomes known by it.

    Raises:
        UserError: The class lacks a method.
    """
    if not isinstance(strategy, type) or not issubclass(strategy, Strategy):
        return strategy
    check_whole(strategy, "strategy")
    _bring_once("strategies", strategy_name(strategy), strategy)
    return strategy_name(strategy)


def _bring_once(group: str, name: str, thing: Any) -> None:
    """Brings a class that its package has not installed under the same name."""
    from .offers import entries, find

    if name not in entries(group) or find(group, name) is not thing:
        bring(group, name, thing, thing.__module__)
