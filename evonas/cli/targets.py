"""What DIR|GENOTYPE means: an individual of a run, a genotype in a file, as text, or a published one."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UserError, closest, nearest
from ..files import as_path, read_text

if TYPE_CHECKING:
    from ..evolution import Genome
    from ..settings import RunImages, Settings
    from ..task import Task


LONGEST_NAME = 80
"""What is longer is no misspelt name of a genotype."""


@dataclass(frozen=True)
class Target:
    """A genotype, and what is known of where it comes from.

    Attributes:
        genome: In its search space.
        title: What to call it.
        stem: The same, for a file name.
        run: The run folder, or None for a bare genotype.
        candidate: Its number there.
        settings: The run's.
        task: What the run decoded it for.
        data_dir: Where the run's named dataset was kept.
        images: What the run knows of its images.
    """

    genome: Genome
    title: str
    stem: str
    run: Path | None = None
    candidate: int | None = None
    settings: Settings | None = None
    task: Task | None = None
    data_dir: Path | None = None
    images: RunImages | None = None

    def resized(self, cells: int | None, filters: int | None) -> Genome:
        """The genotype in a network of another size.

        Raises:
            UserError: Its genome has no such setting, or refuses the number.
        """
        wanted = {key: value for key, value in (("cells", cells), ("filters", filters)) if value is not None}
        if not wanted:
            return self.genome
        space = self.genome.space
        return self.genome.with_space(type(space).from_dict({**space.to_dict(), **wanted}))


def find_target(text: str, number: int | None = None) -> Target:
    """Finds out what is meant.

    Args:
        text: A run folder, a folder that ``evonas train`` made, FILE.json, a published genotype's name, or a
            genotype's text.
        number: The candidate of a run; None for its best.

    Raises:
        UserError: It is none of these, or cannot be read.
    """
    if not text:
        raise UserError("expected a run folder, FILE.json or a genotype, got an empty text")
    path = as_path(text)
    if path is not None and path.is_dir() and not is_trained(path):
        return _of_run(path, number)
    if number is not None:
        raise UserError(f"--id: expected only with a run folder, got {number} with {text!r:.80}")
    if path is not None and path.is_dir():
        from ..results import load_trained

        trained = load_trained(path)
        return Target(trained.genome, f"the network in {path}", path.name, task=trained.task)
    if path is not None and (path.is_file() or path.suffix == ".json"):
        return Target(read_genotype_file(path), str(path), path.stem)
    return _genotype(text)


def is_trained(folder: Path) -> bool:
    """Whether a folder holds a network that ``evonas train`` made, and no run."""
    from ..run import DESCRIPTION
    from ..run.journal import FILE as JOURNAL

    return (folder / DESCRIPTION).is_file() and not (folder / JOURNAL).is_file()


def _of_run(folder: Path, number: int | None) -> Target:
    from ..api import load

    with closing((result := load(folder)).journal):
        individual = result.best if number is None else result.individual(number)
        noted = result.journal.meta()
        return Target(
            individual.genome,
            f"candidate {individual.id} of {folder}",
            f"{folder.resolve().name}-{individual.id}",
            folder,
            individual.id,
            result.settings,
            result.known_task() if "task" in noted else None,
            Path(noted["data_dir"]) if noted.get("data_dir") else None,
            result.images,
        )


def _genotype(text: str) -> Target:
    """A genotype by its name or its text.

    Raises:
        UserError: It is neither.
    """
    from ..settings import genotype_from_text, published_genotype

    genome, known = published_genotype(text)
    if genome is not None:
        return Target(genome, text, text)
    genome = genotype_from_text(text)
    if genome is not None:
        short = genome.key()[:8]
        return Target(genome, f"{genome.name} {short}", f"{genome.name}-{short}")
    hint = nearest(text, known) if len(text) <= LONGEST_NAME else "evonas list genotypes has examples"
    if not closest(text, known):  # then more likely a path than a misspelt genotype
        hint = _near(text) or hint
    raise UserError(f"{text!r:.80} is no run folder, no file and no genotype; {hint}")


def _near(text: str) -> str:
    """What lies near a path where nothing is; empty for what is no path, or lies nowhere near anything."""
    from ..run import meant_by

    path = as_path(text)
    return "" if path is None else meant_by(path)


def read_genotype_file(path: Path) -> Genome:
    """A genotype from a file of JSON (see `evonas.settings.genotypes.parts_of`).

    Raises:
        UserError: It cannot be read, or holds no genotype.
    """
    from ..settings import genotype_from_json

    return genotype_from_json(read_text(path, f"genotype {path}"), f"genotype {path}")


def read_start(text: str | None) -> str | dict[str, Any] | None:
    """The option ``--start``: a name or a text stays one, a file or a run becomes its genotype in JSON form.

    Raises:
        UserError: It cannot be read.
    """
    if text is None:
        return None
    path = as_path(text)
    if path is not None and (path.exists() or path.suffix == ".json"):
        return find_target(text).genome.to_dict()
    return text


def located(dataset: str | None) -> str | None:
    """A dataset's path made absolute, so that a run goes on from any folder; a name stays one."""
    from ..data import dataset_names

    if not dataset or dataset in dataset_names():
        return dataset
    path = as_path(dataset)
    return str(path.resolve()) if path is not None and path.exists() else dataset
