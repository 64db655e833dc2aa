"""`evonas show`: what a run has found, how it got there, and what it cost."""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..results import duration, fitness_text, number_of, said_of_test, share, speed
from . import grouped, options
from .onwards import next_commands
from .outcome import sessions_of, show_best, time_taken
from .page import Page, genotype_parts, made_by, make_table, short_name
from .saying import say
from .survey import Survey, described, summary, survey

if TYPE_CHECKING:
    from rich.table import Table

    from ..evolution import Candidate
    from ..results import SearchResult
    from ..search import Pace

NUMBERS_SHOWN = 8


def show(
    folder: options.RunFolder, operators: options.OwnFiles = None, as_json: options.Json = False
) -> None:
    """Show the best of a run, how it arose, cost and failures."""
    from ..api import load
    from ..settings import said_of_validation

    grouped.bring(operators)
    with closing((result := load(folder)).journal):
        found = survey(result)
        trained = _trained(folder)
        if as_json:
            say(json.dumps(_as_json(result, found, trained)))
            return
        page = Page()
        _show_settings(page, result)
        if careful := said_of_validation(result.journal.meta()):
            page.line(careful)
        _show_progress(page, result, found)
        if found.best:
            show_best(page, result, found)
            _show_winner(page, result, found.best[0])
        if sessions := sessions_of(result):
            page.section("Workers", *_session_lines(sessions))
        if found.operators:
            page.section("Operators", *_operator_lines(found, result.settings.genome))
        if found.failures:
            page.section("Failures", *_failure_lines(found))
        if trained is not None:
            _show_final(page, trained, found)
        page.commands(next_commands(result, found)[1:])  # the first is this one


def _trained(folder: Path) -> dict[str, Any] | None:
    """The report of the final training, if there was one; the weights are not read."""
    from ..results import read_report
    from ..run import DESCRIPTION, FINAL

    path = folder / FINAL / DESCRIPTION
    return read_report(path) if path.is_file() else None


def _as_json(result: SearchResult, found: Survey, trained: dict[str, Any] | None) -> dict[str, Any]:
    best = found.best[0].number if found.best else None
    line = result.lineage(best) if best is not None else []
    return {
        **summary(result, found),
        "settings": result.settings.to_dict(),
        "validation_seen": result.journal.meta().get("validation_seen"),
        "top": [{**described(candidate), **_origin(candidate)} for candidate in found.best],
        "lineage": [{"id": c.number, "fitness": c.fitness, **_origin(c)} for c in line],
        "cost": {"seconds": found.seconds, "training_images": found.images},
        "sessions": [
            {**pace.to_dict(), "busy": pace.usage.busy, "per_hour": pace.per_hour}
            for pace in sessions_of(result)
        ],
        "operators": {name: use.to_dict() for name, use in found.operators.items()},
        "failures": [{"id": number, "reason": reason} for number, reason in found.failures],
        "final": trained,
    }


def _origin(candidate: Candidate) -> dict[str, Any]:
    origin, outcome = candidate.genome.origin, candidate.result
    return {
        "operator": origin.operator,
        "parents": list(origin.parents),
        "inherited": outcome.inherited if outcome else None,
        "lineage_epochs": outcome.lineage_epochs if outcome else None,
        "accuracy_before": outcome.metrics.get("accuracy_before") if outcome else None,
    }


def _show_settings(page: Page, result: SearchResult) -> None:
    settings = result.settings
    set_here = {key: value for key, value in settings.tactics.items() if value is not None}
    tactics = ", ".join(f"{key} {value}" for key, value in set_here.items())
    threads = f", {number_of(settings.threads, 'thread')}" if settings.device == "cpu" else ""
    page.line(str(result.folder), bold=True)
    parts = [
        f"genome {settings.genome}",
        f"strategy {settings.strategy}" + (f" ({tactics})" if tactics else ""),
        f"dataset {settings.dataset or 'none'}"
        + (f" ({settings.train_limit} images)" if settings.train_limit else ""),
        f"seed {settings.seed}",
        f"inherit {settings.inherit}",
        number_of(settings.plan.epochs, "epoch") + " a candidate",
        f"{settings.device} ({settings.precision}{threads})",
    ]
    page.paragraph(", ".join(parts))


def _show_progress(page: Page, result: SearchResult, found: Survey) -> None:
    line = f"{found.evaluated} of {result.settings.budget} evaluated, {found.failed} failed"
    if found.evaluated:
        line += f"; {time_taken(result, found)}, {number_of(found.images, 'training image')} seen"
    page.paragraph(line)
    if not found.best:
        page.line("no candidate has been evaluated with success yet")


def _show_winner(page: Page, result: SearchResult, best: Candidate) -> None:
    page.section(f"Genotype of candidate {best.number}", *genotype_parts(best.genome.summary()))
    columns = ("id", "operator", "fitness", "before training", "inherited", "epochs in all")
    rows = []
    for candidate in result.lineage(best.number):
        outcome = candidate.result
        if outcome is None:
            continue
        before = outcome.metrics.get("accuracy_before")
        cells = (
            str(candidate.number),
            made_by(candidate),
            fitness_text(outcome.fitness),
            fitness_text(before),
            share(outcome.inherited),
            f"{outcome.lineage_epochs:g}",
        )
        rows.append(cells)
    title = f"Lineage of candidate {best.number}, the oldest first"
    page.section(title, make_table(columns, rows, right=("id", *columns[2:])))


def _operator_lines(found: Survey, genome: str) -> list[str | Table]:
    """How often each operator was used, and how its children fared; columns without a number are left out."""
    uses = found.operators.values()
    children = sum(use.children for use in uses)
    counted = "applied" if found.composed else "children"
    columns = ["operator", counted, "share", "better than\ntheir parent", "mean\nchange"]
    unchanged, failed = any(use.unchanged for use in uses), any(use.failed for use in uses)
    columns += ["unchanged"] * unchanged + ["failed"] * failed
    rows = []
    for name, use in found.operators.items():
        better = f"{use.better} of {use.compared} ({share(use.better / (use.compared or 1))})"
        row = [short_name(name, genome), str(use.children), share(use.children / children)]
        row += ["-", "-"] if use.change is None else [better, f"{use.change:+.4f}"]
        rows.append(row + [str(use.unchanged)] * unchanged + [str(use.failed)] * failed)
    lines: list[str | Table] = [make_table(columns, rows, right=columns[1:], names=columns[1:])]
    if not all(use.children for use in uses):
        lines.append("0: never applied, as it was not drawn or found no place")
    if found.composed:
        lines.append("applied: how often; one candidate may be made by several")
    if unchanged:
        lines.append("unchanged: children that are what their parent was")
    return lines


def _session_lines(sessions: list[Pace]) -> list[str | Table]:
    """The last session's workers in a table, and all sessions in a line each."""
    lines: list[str | Table] = []
    for number, pace in enumerate(sessions, start=1):
        which = f"session {number}: " if len(sessions) > 1 else ""
        wait = f"; a candidate waited {duration(pace.wait)} for a free worker, on average"
        wait = wait if pace.usage.waited else ""
        speeds = ", ".join(speed(pace))
        lines.append(
            f"{which}{number_of(pace.candidates, 'candidate')} in {duration(pace.seconds)}: {speeds}{wait}"
        )
    slots = sessions[-1].usage.slots
    if len(slots) > 1:
        whole = max(sessions[-1].seconds, 1e-9)
        rows = [
            (slot.name, str(slot.candidates), share(slot.busy / whole), duration(max(0.0, whole - slot.busy)))
            for slot in slots
        ]
        lines.append(
            make_table(("where", "candidates", "busy", "idle"), rows, right=("candidates", "busy", "idle"))
        )
    return lines


def _failure_lines(found: Survey) -> list[str]:
    """Each reason once, with the candidates that it met."""
    by_reason: defaultdict[str, list[int]] = defaultdict(list)
    for number, reason in found.failures:
        by_reason[reason].append(number)
    lines = []
    for reason, numbers in by_reason.items():
        shown = ", ".join(str(number) for number in numbers[:NUMBERS_SHOWN])
        more = f" and {len(numbers) - NUMBERS_SHOWN} more" if len(numbers) > NUMBERS_SHOWN else ""
        lines.append(f"{len(numbers)} × {reason} (candidate {shown}{more})")
    return lines


def _show_final(page: Page, report: dict[str, Any], found: Survey) -> None:
    number = report.get("candidate")
    who = "the network" if number is None else f"candidate {number}"
    epochs = number_of(len(report.get("training_loss", [])), "epoch")
    lines = [
        f"test accuracy {report['test_accuracy']:.4f} on {number_of(report['test_images'], 'image')}: {who} "
        f"after {epochs} on {report['dataset']}, {report['parameters']:,} parameters"
    ]
    if careful := said_of_test(report):
        lines.append(careful)
    if number is not None and found.best and number != found.best[0].number:
        lines.append(f"the search has found a better candidate since: {found.best[0].number}")
    page.section("Final training", *lines)
