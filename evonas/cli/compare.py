"""`evonas compare`: ways to search, many seeds each, in one table and one figure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UserError
from ..files import expanded
from ..results import number_of
from . import grouped, options
from .comparison import tell
from .errors import INTERRUPTED
from .options import option
from .panels import HOW, LONG, OUTPUT, RARE, SEARCHED, TRAINING, WHERE
from .saying import say

if TYPE_CHECKING:
    from ..comparison import Comparison, Question, Record, Searches

OFTEN = ("recipe", "genome", "dataset", "table", "seeds", "budget", "vary", "protocol", "jobs", "output")
"""Options that most people want: they come first in help."""
FORMATS = ("svg", "png", "pdf")
WAYS = ("--recipe", "--strategy", "--contender")
"""Options that each say a way to search."""
OF_SEARCHES = (
    *("genome", "dataset", "table", "seeds", "first_seed", "budget", "epochs", "vary", "unique", "protocol"),
    *("layout", "train_limit", "without_damaged", "background", "data_dir", "download", "device", "jobs"),
    "label",
)
"""Options that say how to search, and nothing of runs that are there already."""
AS_SAID: tuple[str, ...] = (
    "genome",
    "budget",
    "epochs",
    "unique",
    "layout",
    "train_limit",
    "without_damaged",
    "background",
    "download",
    "device",
)
"""Those that a search takes as they are, by the same names."""


def compare(
    context: typer.Context,
    runs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="DIR...", show_default=False, help="Run folders; seeds of one search are put together."
        ),
    ] = None,
    recipe: Annotated[
        list[str] | None,
        option(
            "NAME|FILE.toml", "A way to search: a recipe, or a strategy. May be repeated.", panel=SEARCHED
        ),
    ] = None,
    strategy: Annotated[
        list[str] | None,
        option(
            "NAME",
            "A way to search: what evonas evolve --strategy NAME does. May be repeated.",
            panel=SEARCHED,
        ),
    ] = None,
    contender: Annotated[
        list[str] | None,
        option(
            "'KEY=V...'",
            "A way to search: options of evonas evolve without their dashes, such as 'genome=genet "
            "strategy=random operators=my.py label=Mine'. May be repeated.",
            panel=SEARCHED,
        ),
    ] = None,
    label: Annotated[
        list[str] | None,
        option(
            "NAME", "What they are called in tables and figures: one for each, in that order.", panel=OUTPUT
        ),
    ] = None,
    genome: Annotated[str | None, option("NAME", "What all of them search for.", panel=SEARCHED)] = None,
    operators: options.Operators = None,
    dataset: options.Dataset = None,
    table: Annotated[
        Path | None,
        option("FILE.csv", "Look fitness up in a table of trained networks (evonas table).", panel=TRAINING),
    ] = None,
    seeds: Annotated[int, typer.Option(metavar="N", help="Searches of each.", rich_help_panel=LONG)] = 10,
    first_seed: Annotated[
        int, typer.Option(metavar="S", help="The first seed; the others follow.", rich_help_panel=RARE)
    ] = 0,
    budget: Annotated[int | None, option("N", "Candidates of each search.", panel=LONG)] = None,
    epochs: Annotated[
        int | None, option("E", "Epochs of training for each candidate.", panel=TRAINING)
    ] = None,
    vary: Annotated[
        list[str] | None,
        option(
            "KEY=V,V",
            "Also vary a setting, such as population=5,10,20; drawn as a heat map. May be repeated.",
            panel=SEARCHED,
        ),
    ] = None,
    unique: Annotated[
        bool,
        typer.Option(
            "--unique", help="Evaluate no genotype twice, as far as asking again helps.", rich_help_panel=HOW
        ),
    ] = False,
    at: Annotated[str | None, option("N,N", "Compare after so many evaluations, too.", panel=OUTPUT)] = None,
    target: Annotated[
        float | None,
        option(
            "F", "A fitness in [0, 1] to reach; by default that of a table's best thousandth.", panel=OUTPUT
        ),
    ] = None,
    over: Annotated[
        str,
        typer.Option(
            metavar="evaluations|cost", help="What the curves are drawn over.", rich_help_panel=OUTPUT
        ),
    ] = "evaluations",
    protocol: Annotated[
        str | None,
        option(
            "search|final",
            "Train every winner from scratch by this protocol, and test it once.",
            panel=TRAINING,
        ),
    ] = None,
    layout: options.Layout = None,
    train_limit: options.TrainLimit = None,
    without_damaged: options.WithoutDamaged = False,
    background: options.Background = None,
    data_dir: options.DataDir = None,
    download: options.Download = False,
    device: options.Device = None,
    jobs: Annotated[int | None, option("N", "Processes; by default one on each core.", panel=WHERE)] = None,
    output: Annotated[
        Path | None,
        option("FOLDER", "Where to keep tables and figures; by default a fresh one in runs/.", panel=OUTPUT),
    ] = None,
    figure: Annotated[
        str, typer.Option(metavar="svg|png|pdf", help="The form of figures.", rich_help_panel=OUTPUT)
    ] = "svg",
    quiet: options.Quiet = False,
    as_json: options.Json = False,
) -> None:
    """Compare ways to search fairly, over many seeds.

    One budget for all; curves with confidence bands, and tests of ranks.

    Over a table of trained networks (--table), hundreds of searches take minutes. The folder then holds
    comparison.md, figures, CSV files, and searches.jsonl: what is in it is not searched again, so that the
    same command goes on where it was stopped, and more seeds add to those that are there.
    """
    from .fresh import fresh_folder
    from .targets import located

    _check(context)
    points = read_points(at)
    drawn = _draws(_is_given(context, "figure"))
    named = located(dataset)
    folder = output or fresh_folder("compare", named or "runs")
    if runs:
        comparison = _of_runs(runs, operators or [], points, target)
    else:
        question = _question(context, folder, named, points)
        comparison = _searched(question, jobs, quiet or as_json)
    from ..comparison import write_all  # SciPy takes a while, and a refusal does not need it

    written = write_all(comparison, folder, figure if drawn else None, over)
    tell(comparison, folder, written, quiet, as_json)


def _check(context: typer.Context) -> None:
    """Refuses options that do not go together, before anything is made.

    Raises:
        UserError: Some do not.
    """
    from ..settings import check_protocol

    said = context.params
    if said["figure"] not in FORMATS:
        raise UserError(f"figure: expected {', '.join(FORMATS)}, got {said['figure']!r}")
    if said["over"] not in ("evaluations", "cost"):
        raise UserError(f"--over: expected evaluations or cost, got {said['over']!r}")
    asked = [way for way in WAYS if said[way.removeprefix("--")]]
    if not said["runs"] and not asked:
        raise UserError(
            f"compare: expected run folders, or one of {', '.join(WAYS)} at least once, got neither"
        )
    if said["runs"] and asked:
        raise UserError(f"compare: expected run folders or {asked[0]}, got both")
    if said["runs"]:
        for name in OF_SEARCHES:
            if _is_given(context, name):
                raise UserError(
                    f"{name}: run folders were searched already: it goes with {', '.join(WAYS)} alone"
                )
    if said["protocol"] is not None:
        if said["table"] is not None:
            raise UserError("protocol: a table's networks are trained already, and none is trained again")
        check_protocol(said["protocol"])


def _question(context: typer.Context, folder: Path, named: str | None, points: list[int]) -> Question:
    """What is searched, as options say it.

    Raises:
        UserError: Something of it is unknown or refused.
    """
    from ..comparison import check_target
    from .contenders import read_contenders

    said = context.params
    chosen = grouped.choices(context, *AS_SAID)
    for key in ("table", "data_dir"):
        if said[key] is not None:
            chosen[key] = str(expanded(said[key]).resolve())
    if named is not None:
        chosen["dataset"] = named
    check_target(said["target"])
    protocol = said["protocol"] or ""
    contenders = read_contenders(said, chosen, said["operators"] or [], protocol)
    seeds, first = said["seeds"], said["first_seed"]
    if seeds < 1 or first < 0:
        raise UserError(f"seeds: expected at least 1, from 0 on, got {seeds} from {first}")
    from ..comparison import Question  # likewise

    return Question(contenders, range(first, first + seeds), chosen, protocol, folder, points, said["target"])


def read_points(text: str | None) -> list[int]:
    """Numbers of evaluations from a text such as ``100,300``.

    Raises:
        UserError: It is none.
    """
    if text is None:
        return []
    parts = text.split(",")
    if not all(part.strip().isdecimal() and len(part) < 16 and int(part) > 0 for part in parts):
        raise UserError(f"--at: expected whole numbers such as 100,300, got {text!r:.60}")
    return [int(part) for part in parts]


def _is_given(context: typer.Context, name: str) -> bool:
    """Whether an option was said, whatever its value."""
    source = context.get_parameter_source(name)
    return source is not None and source.name != "DEFAULT"


def _draws(wanted: bool) -> bool:
    """Whether there will be figures: known before hours of searching, not after.

    Raises:
        UserError: They were asked for, and matplotlib is not installed.
    """
    from ..comparison import check_matplotlib

    try:
        check_matplotlib()
    except UserError as error:
        if wanted:
            raise
        say(f"warning: {error}; there will be tables only", error=True)
        return False
    return True


def _of_runs(runs: list[Path], operators: list[Path], points: list[int], target: float | None) -> Comparison:
    from ..comparison import Own, check_target, compared, read_operators, read_runs

    with Own(read_operators(operators)).brought():  # runs may be of genomes and strategies of a file
        found = read_runs(runs)
    if found.accuracies:
        check_target(target)
    for remark in found.remarks:
        say(f"warning: {remark}", error=True)
    about = f"{found.settings.genome} on {found.settings.dataset or 'a function'}"
    return compared(
        found.records,
        points,
        found.figures,
        target,
        about,
        accuracies=found.accuracies,
        fitness=found.fitness,
    )


def _searched(question: Question, jobs: int | None, silent: bool) -> Comparison:
    """Runs what is not there yet, and compares all of it."""
    from ..comparison import Searches

    searches = Searches(question)
    if searches.missing:
        _run(searches, jobs, silent)
    return searches.compared()


def _run(searches: Searches, jobs: int | None, silent: bool) -> None:
    from ..comparison import processes
    from .progress import make_progress

    progress = make_progress("searches", silent)
    missing, total = len(searches.missing), len(searches.wanted)
    done = total - missing

    def count(record: Record) -> None:
        nonlocal done
        done += 1
        progress.advance(done, record.contender)

    try:
        with progress:
            number = processes(jobs)
            where = number_of(number, "process", "processes")
            progress.begin(f"{number_of(missing, 'search', 'searches')} on {where}", total, done)
            searches.run(number, count)
    except KeyboardInterrupt:
        say(
            f"stopped, {done} of {total} searches kept in {searches.kept.path}; the same command goes on",
            error=True,
        )
        raise typer.Exit(INTERRUPTED) from None
