"""`evonas.compare`: a comparison from Python, with what is one's own in it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..evolution import Brought, genome_name, named_strategy
from ..files import expanded
from ..search import Needs, UserFunction
from ..settings import check_protocol
from .asked import check_once, check_target, contender_of, read_own
from .contender import Contender
from .figure import check_matplotlib
from .own import Own
from .record import Record
from .result import ComparisonResult
from .running import processes
from .searches import Question, Searches
from .statistics import Bounds
from .variations import check_varied, varied


def compare(
    contenders: Mapping[str, Mapping[str, Any]] | Iterable[str],
    *,
    seeds: int | Iterable[int] = 10,
    folder: str | Path | None = None,
    operators: Brought | Iterable[Brought] = (),
    evaluate: UserFunction | None = None,
    needs: Needs | None = None,
    name: str = "",
    vary: Mapping[str, Sequence[Any]] | None = None,
    at: Iterable[int] = (),
    target: float | None = None,
    bounds: Bounds | None = None,
    protocol: str = "",
    jobs: int | None = 1,
    watch: Callable[[Record], None] | None = None,
    **choices: Any,
) -> ComparisonResult:
    """Compares ways to search, each over many seeds and under the same terms.

        evonas.compare({"mine": dict(genome="genet", operators="my.py"), "random": dict(strategy="random")},
                       seeds=10, budget=40, folder="runs/mine")

    Args:
        contenders: By label, what `evonas.evolve` would be called with: ``genome``, ``recipe``, ``config``,
            ``strategy`` (names or classes), ``operators``, ``evaluate``, ``needs``, and other choices; or
            names of recipes and strategies. ``name`` says what its code is called, beside its source text.
        seeds: How many searches of each, from seed 0 on, or their seeds.
        folder: Where searches are kept and the report is written; the same call goes on there, and more seeds
            add to it. None keeps nothing.
        operators: What all bring: as of `evonas.evolve`, and so are `evaluate` and `needs`.
        evaluate: A fitness for all.
        needs: What `evaluate` is given.
        name: What this code is called, beside its source text, by which kept searches are told apart.
        vary: Values by setting, ``TABLE.KEY`` or a name: each contender once for each combination.
        at: Compare after so many evaluations, too.
        target: A fitness whose reaching counts.
        bounds: The least and the most that `evaluate` can give, such as ``(0, 1)``: bands stay within them.
        protocol: Train every winner from scratch by it, ``search`` or ``final``, and test it once.
        jobs: Processes; 1 for this one, None for one on each core.
        watch: Called with the record of every search that has ended.
        choices: What all share of `evonas.evolve`'s: ``dataset``, ``table``, ``genome``, ``budget``,
            ``epochs``, ``unique`` ...

    Raises:
        UserError: Something is unknown or refused, or the folder holds searches of something else.
    """
    if protocol:
        check_protocol(protocol)
    _check_bounds(bounds)
    _check_number(target)
    number = processes(jobs)
    if watch is not None and not callable(watch):
        raise UserError(f"watch: expected a function, got {watch!r:.60}")
    if folder is not None and not isinstance(folder, str | Path):
        raise UserError(f"folder: expected a path, got {folder!r:.60}")
    said = {key: value for key, value in choices.items() if value is not None}
    own = {"operators": operators, "evaluate": evaluate, "needs": needs, "name": name}
    shared = read_own(said | {key: value for key, value in own.items() if value is not None}, "compare")
    plain = _plain(said, shared)
    question = Question(
        _contenders(contenders, plain, shared, _values(vary), protocol),
        _seeds(seeds),
        plain,
        protocol,
        None if folder is None else Path(folder),
        [_whole(point, "at", 1) for point in _several(at, "at", "numbers of evaluations")],
        target,
        bounds,
    )
    searches = Searches(question)
    if searches.accuracies:
        check_target(target)
    if searches.missing:
        searches.run(number, watch or _nobody)
    found = ComparisonResult.of(searches.compared(), question.folder)
    if question.folder is not None:
        found.write(question.folder, "svg" if _draws() else None)
    return found


def _nobody(record: Record) -> None:
    """Hears of every search where nobody else does."""


def _plain(said: Mapping[str, Any], shared: Own) -> dict[str, Any]:
    """Choices of all, for JSON: classes by their names, paths as texts."""
    refused = {"config": "say it of each contender", "seed": "give seeds=...", "run": "give folder=..."}
    for key, hint in refused.items():
        if key in said:
            raise UserError(f"compare: {key!r} is none of what all share: {hint}")
    plain: dict[str, Any] = {}
    with shared.brought():
        for key, value in said.items():
            value = genome_name(value) if key == "genome" else value
            value = named_strategy(value) if key == "strategy" else value
            plain[key] = str(expanded(value).resolve()) if isinstance(value, Path) else value
    for key in ("table", "data_dir"):
        if key in plain:
            plain[key] = str(expanded(plain[key]).resolve())
    return plain


def _contenders(
    contenders: Mapping[str, Mapping[str, Any]] | Iterable[str],
    given: Mapping[str, Any],
    shared: Own,
    vary: Mapping[str, Sequence[Any]],
    protocol: str,
) -> list[Contender]:
    if not isinstance(contenders, Mapping):
        names = [contenders] if isinstance(contenders, str) else contenders
        names = list(_several(names, "contenders", "arguments by label, or names of recipes"))
        asked_of: list[tuple[Any, Any]] = [(name, {"recipe": name}) for name in names]
    else:
        asked_of = list(contenders.items())
    check_varied(vary, given, protocol)
    found: list[Contender] = []
    for label, asked in asked_of:
        if not isinstance(asked, Mapping):
            raise UserError(
                f"contender {label!r}: expected what evonas.evolve is called with, such as "
                f"dict(strategy='random'), got {asked!r:.60}"
            )
        if not label:
            raise UserError("label: expected a text in one line, got an empty one")
        found += varied(contender_of(label, asked, given, shared, protocol), vary)
    if not found:
        raise UserError("compare: expected at least one contender, got none")
    check_once(found)
    return found


def _values(vary: Any) -> dict[str, Sequence[Any]]:
    """What is varied, each setting with its values.

    Raises:
        UserError: It is something else.
    """
    if vary is None:
        return {}
    if not isinstance(vary, Mapping) or not all(isinstance(key, str) for key in vary):
        raise UserError(
            f"vary: expected values by setting, such as {{'population': [5, 10]}}, got {vary!r:.60}"
        )
    for key, values in vary.items():
        if not isinstance(values, list | tuple | range) or not values:
            raise UserError(f"vary {key!r}: expected a list of values such as [5, 10], got {values!r:.60}")
    return dict(vary)


def _seeds(seeds: Any) -> list[int]:
    if isinstance(seeds, Integral):
        return list(range(_whole(seeds, "seeds", 1)))
    found = [_whole(seed, "seeds", 0) for seed in _several(seeds, "seeds", "how many, or their seeds")]
    if not found or len(set(found)) < len(found):
        raise UserError(f"seeds: expected each once and at least one, got {found!r:.60}")
    return found


def _several(things: Any, what: str, expected: str) -> Iterable[Any]:
    if not isinstance(things, Iterable):
        raise UserError(f"{what}: expected {expected}, got {things!r:.60}")
    return things


def _whole(number: Any, what: str, least: int) -> int:
    if isinstance(number, bool) or not isinstance(number, Integral) or int(number) < least:
        raise UserError(f"{what}: expected whole numbers of at least {least}, got {number!r:.60}")
    return int(number)  # NumPy's are no numbers for JSON


def _check_number(target: Any) -> None:
    number = isinstance(target, Real) and not isinstance(target, bool)
    if target is not None and not (number and math.isfinite(target)):
        raise UserError(f"target: expected a finite number, got {target!r:.60}")


def _check_bounds(bounds: Any) -> None:
    if bounds is not None and not (
        isinstance(bounds, tuple | list)
        and len(bounds) == 2
        and all(isinstance(one, Real) and math.isfinite(one) for one in bounds)
        and bounds[0] < bounds[1]
    ):
        raise UserError(f"bounds: expected the least and the most, such as (0, 1), got {bounds!r:.60}")


def _draws() -> bool:
    """Whether figures can be drawn; without, there are tables all the same."""
    try:
        check_matplotlib()
    except UserError as error:
        warnings.warn(f"{error}; there will be tables only", RuntimeWarning, stacklevel=3)
        return False
    return True
