"""What can be done next with a run: commands that can be copied."""

from __future__ import annotations

import shlex
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..results import SearchResult
    from .survey import Survey


def quoted(path: Path | str) -> str:
    """A path as the shell takes it."""
    text = str(path)
    return shlex.quote(f"./{text}" if text.startswith("-") else text)


def program() -> str:
    """How evonas is called here: by name, or by its path where the shell would not find it."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py" and called.parent.name == "evonas":
        return "python -m evonas"
    if called.name == "evonas" and shutil.which("evonas") is None:
        return quoted(called)
    return "evonas"


def resuming(folder: Path | str, *words: str) -> str:
    """The command that goes on with a run."""
    return " ".join((program(), "resume", quoted(folder), *words))


def exporting(folder: Path | str, genome: str) -> str:
    """The command that exports a run's best, in a form that can be written here.

    Args:
        folder: The run's.
        genome: The name of what it searched.
    """
    portable = find_spec("onnx") is not None and find_spec("onnxscript") is not None
    words = "--to onnx -o best.onnx" if portable else "--to python -o best.py"
    return f"{program()} export {quoted(folder)} {words}{file_of(genome)}"


def file_of(genome: str) -> str:
    """The option that names the file of a genome of a user's own; it begins with a space. Else nothing."""
    from ..evolution import brought_files, provider

    source = provider("genomes", genome)
    return f" --operators {quoted(source)}" if source in brought_files() else ""


def next_commands(result: SearchResult, found: Survey) -> list[tuple[str, str]]:
    """What can be done with a run, and what for.

    Args:
        result: The run, in a folder.
        found: What it has come to.
    """
    run, budget, first = quoted(str(result.folder)), result.settings.budget, program()
    complete = found.evaluated >= budget
    more = [f"--budget {2 * budget}"] if complete else []
    more += [f"--operators {quoted(file)}" for file in _files(result)]
    go_on = (resuming(str(result.folder), *more), "search on" if complete else "finish the search")
    genome = result.settings.genome
    own = file_of(genome)
    if not found.best:
        return [(f"{first} show {run}{own}", "what went wrong"), go_on]
    return [
        (f"{first} show {run}{own}", "how it arose, what it cost"),
        (f"{first} report {run}{own}", "all of it, to look at"),
        (f"{first} draw {run} -o best.svg{own}", "see it"),
        (f"{first} train {run}{own}", "train it long, test it"),
        (exporting(str(result.folder), genome), "take it along"),
        go_on,
    ]


def _files(result: SearchResult) -> list[str]:
    """Python files whose operators, genomes or strategies a run needs, as they were named."""
    from ..evolution import brought_files

    noted = (result.journal.meta().get("variation") or {}).get("operators") or []
    sources = [source for _, _, source in noted if source.endswith(".py")]
    return sorted({*sources, *brought_files()})
