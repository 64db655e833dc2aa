"""`evonas compare`: ways to search, many seeds each, in one table and one figure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UserError
from ..files import expanded
from ..results import number_of
from . import grouped, options
from .comparison import tell, write_all
from .errors import INTERRUPTED
from .options import option
from .panels import HOW, LONG, OUTPUT, RARE, SEARCHED, TRAINING, WHERE
from .saying import say

if TYPE_CHECKING:
    from ..comparison import Comparison, Contender, Record

OFTEN = ("recipe", "genome", "dataset", "table", "seeds", "budget", "vary", "protocol", "jobs", "output")
"""Options that most people want: they come first in help."""
FORMATS = ("svg", "png", "pdf")
OF_SEARCHES = (
    *("genome", "dataset", "table", "seeds", "first_seed", "budget", "epochs", "vary", "unique", "protocol"),
    *("layout", "train_limit", "data_dir", "download", "device", "jobs"),
)
"""Options that say how to search, and nothing of runs that are there already."""
AS_SAID: tuple[str, ...] = (
    "genome",
    "budget",
    "epochs",
    "unique",
    "layout",
    "train_limit",
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
    genome: Annotated[str | None, option("NAME", "What all of them search for.", panel=SEARCHED)] = None,
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
    from ..settings import check_protocol
    from .fresh import fresh_folder
    from .targets import located

    if figure not in FORMATS:
        raise UserError(f"figure: expected {', '.join(FORMATS)}, got {figure!r}")
    if over not in ("evaluations", "cost"):
        raise UserError(f"--over: expected evaluations or cost, got {over!r}")
    if not runs and not recipe:
        raise UserError("compare: expected run folders, or --recipe at least once, got neither")
    if runs and recipe:
        raise UserError("compare: expected run folders or --recipe, got both")
    if runs:
        for name in OF_SEARCHES:
            if _is_given(context, name):
                raise UserError(f"{name}: run folders were searched already: it goes with --recipe alone")
    if protocol is not None and table is not None:
        raise UserError("protocol: a table's networks are trained already, and none is trained again")
    if protocol is not None:
        check_protocol(protocol)
    points = read_points(at)
    drawn = _draws(_is_given(context, "figure"))
    named = located(dataset)
    folder = output or fresh_folder("compare", named or "runs")
    if runs:
        comparison = _of_runs(runs, points, target)
    else:
        chosen = grouped.choices(context, *AS_SAID)
        for key, path in (("table", table), ("data_dir", data_dir)):
            if path is not None:
                chosen[key] = str(expanded(path).resolve())
        if named is not None:
            chosen["dataset"] = named
        _check_target(target)
        contenders = _contenders(recipe or [], chosen, vary or [], protocol or "")
        if seeds < 1 or first_seed < 0:
            raise UserError(f"seeds: expected at least 1, from 0 on, got {seeds} from {first_seed}")
        comparison = _searched(
            contenders, range(first_seed, first_seed + seeds), chosen, protocol or "", jobs, folder, points,
            target, quiet or as_json,
        )  # fmt: skip
    written = write_all(comparison, folder, figure if drawn else None, over)
    tell(comparison, folder, written, quiet, as_json)


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


def _contenders(recipes: list[str], given: dict[str, Any], vary: list[str], protocol: str) -> list[Contender]:
    from ..comparison import check_varied, find_contender, read_choices, varied

    choices = read_choices(vary)
    check_varied(choices, given, protocol)
    genome = given.get("genome")
    found = [one for name in recipes for one in varied(find_contender(name, genome), choices)]
    titles = [one.title for one in found]
    for title in titles:
        if titles.count(title) > 1:
            raise UserError(f"recipe: expected every one once, got {title!r} again")
    return found


def _of_runs(runs: list[Path], points: list[int], target: float | None) -> Comparison:
    from ..comparison import compared, read_runs

    found = read_runs(runs)
    if found.accuracies:
        _check_target(target)
    for remark in found.remarks:
        say(f"warning: {remark}", error=True)
    about = f"{found.settings.genome} on {found.settings.dataset or 'a function'}"
    return compared(found.records, points, found.figures, target, about, accuracies=found.accuracies)


def _check_target(target: float | None) -> None:
    """Refuses what no accuracy can reach.

    Raises:
        UserError: It is outside [0, 1].
    """
    if target is not None and not 0 <= target <= 1:
        raise UserError(f"target: expected an accuracy in [0, 1], got {target:g}")


def _searched(
    contenders: list[Contender],
    seeds: range,
    choices: dict[str, Any],
    protocol: str,
    jobs: int | None,
    folder: Path,
    points: list[int],
    target: float | None,
    silent: bool,
) -> Comparison:
    """Runs what is not there yet, and compares all of it."""
    from ..comparison import Records, Terms, compared, identified, processes, shared_by_all
    from ..tables import read_table

    shared = shared_by_all(choices, protocol)
    contenders = identified(contenders, choices)
    kept = Records(folder / "searches.jsonl", shared)
    kept.check(contenders)
    terms = Terms(choices, protocol, None if "table" in choices else folder / "runs")
    wanted = [(contender, seed) for contender in contenders for seed in seeds]
    done = {(record.contender, record.seed) for record in kept.all}
    missing = [(contender, seed) for contender, seed in wanted if (contender.title, seed) not in done]
    if missing:
        _run(missing, terms, processes(jobs), kept, len(wanted), silent)
    titles = {contender.title: contender for contender in contenders}
    by_place = {(record.contender, record.seed): record for record in kept.all}
    records: list[Record] = [by_place[contender.title, seed] for contender, seed in wanted]
    figures = None
    if "table" in choices:
        figures = read_table(choices["table"]).figures(choices["dataset"], choices.get("epochs"))
    about = f"{choices.get('genome', 'searches')} on {Path(choices.get('dataset', 'digits')).name}"
    if "table" in choices:
        about += f", table {Path(choices['table']).name}"
    about += ", no genotype evaluated twice" if choices.get("unique") else ""
    return compared(
        records, points, figures, target, about, {title: one.varied for title, one in titles.items()}
    )


def _run(missing: list[Any], terms: Any, jobs: int, kept: Any, total: int, silent: bool) -> None:
    from ..comparison import run_all
    from .progress import make_progress

    progress = make_progress("searches", silent)
    before = total - len(missing)
    ended = 0

    def count(record: Record) -> None:
        nonlocal ended
        ended += 1
        progress.advance(before + ended, record.contender)

    try:
        with progress:
            where = number_of(jobs, "process", "processes")
            headline = f"{number_of(len(missing), 'search', 'searches')} on {where}"
            progress.begin(headline, total, before)
            run_all(missing, terms, jobs, kept, count)
    except KeyboardInterrupt:
        say(
            f"stopped, {before + ended} of {total} searches kept in {kept.path}; the same command goes on",
            error=True,
        )
        raise typer.Exit(INTERRUPTED) from None
