"""What DIR|GENOTYPE means: an individual of a run, a genotype in a file, or a published one."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UserError, closest, nearest
from ..files import parse_json, read_text

if TYPE_CHECKING:
    from ..evolution import Genome, Space
    from ..settings import RunImages, Settings
    from ..task import Task


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
        text: A run folder, a folder that ``evonas train`` made, FILE.json, or a published genotype's name.
        number: The candidate of a run; None for its best.

    Raises:
        UserError: It is none of these, or cannot be read.
    """
    path = Path(text).expanduser()
    if not text:
        raise UserError("expected a run folder, FILE.json or a published genotype, got an empty text")
    if path.is_dir() and not is_trained(path):
        return _of_run(path, number)
    if number is not None:
        raise UserError(f"--id: expected only with a run folder, got {number} with {text!r}")
    if path.is_dir():
        from ..results import load_trained

        return Target(load_trained(path).genome, f"the network in {path}", path.name)
    if path.is_file() or path.suffix == ".json":
        return Target(read_genotype_file(path), str(path), path.stem)
    return Target(_published(text), text, text)


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


def _published(name: str) -> Genome:
    """A published genotype, in the space of its genome's own recipe."""
    from ..evolution import entries, genome_type
    from ..run import meant_by

    known: list[str] = []
    for genome in entries("genomes"):
        kind = genome_type(genome)
        found = kind.published()
        if name in found:
            return kind.from_dict(found[name], usual_space(kind))
        known += found
    hint = nearest(name, known)
    if not closest(name, known):  # then more likely a path than a misspelt genotype
        path = Path(name).expanduser()
        hint = meant_by(path) or hint
    raise UserError(f"{name!r} is no run folder, no file and no published genotype; {hint}")


def usual_space(kind: type[Genome]) -> Space:
    """The space in which a genome is searched unless told otherwise."""
    from ..settings import compose

    return kind.space_type.from_dict(compose(kind.name, None, {})["genome"])


def read_genotype_file(path: Path) -> Genome:
    """A genotype from JSON.

    The file is ``{"genome": "amoeba", "space": {...}, "genotype": {...}}`` (the space may be left out), or
    what ``evonas show --json`` prints, a row of a history, or a bare genotype.

    Raises:
        UserError: It cannot be read, or holds no genotype.
    """
    text = read_text(path, f"genotype {path}")
    try:
        data = parse_json(text)
    except ValueError as error:
        raise UserError(f"genotype {path}: expected JSON, got something else: {error}") from None
    if not isinstance(data, dict):
        raise UserError(f"genotype {path}: expected a JSON object, got {data!r:.60}")
    kind, space, genotype = _parts(data, path)
    if not isinstance(genotype, dict | str) or not isinstance(space, dict | None):
        raise UserError(f"genotype {path}: expected 'genotype' and 'space' to be objects, got {data!r:.60}")
    return _read(path, kind, space, genotype)


def _parts(data: dict[str, Any], path: Path) -> tuple[Any, Any, Any]:
    """Name of the genome, its space and the genotype; None for what the file leaves open."""
    if "genotype" in data:
        genome = data.get("genome")
        if isinstance(genome, dict):  # as in final.json
            return genome.get("kind"), genome.get("space"), data["genotype"]
        return genome, data.get("space"), data["genotype"]
    settings = data.get("settings")
    settings = settings if isinstance(settings, dict) else {}
    if "best" in data:
        if not isinstance(data["best"], dict):
            raise UserError(f"genotype {path}: expected a run's best candidate, got {data['best']!r:.60}")
        data = data["best"]
    return settings.get("genome"), settings.get("space"), data.get("genome", data)


def _read(path: Path, name: Any, space: dict[str, Any] | None, genotype: dict[str, Any] | str) -> Genome:
    """The genome; where the file does not name its kind, the first that accepts it."""
    from ..evolution import entries, genome_type

    errors = []
    for candidate in [name] if name is not None else list(entries("genomes")):
        try:
            kind = genome_type(candidate)
            chosen = usual_space(kind) if space is None else kind.space_type.from_dict(space)
            if isinstance(genotype, str):
                return kind.from_text(genotype, chosen)
            return kind.from_dict(genotype, chosen)
        except UserError as error:
            errors.append(str(error))
    if len(errors) == 1:
        raise UserError(f"genotype {path}: {errors[0]}")
    known = ", ".join(entries("genomes"))
    raise UserError(
        f'genotype {path}: expected {{"genome": NAME, "genotype": {{...}}}} of a known genome ({known}), '
        f"got {genotype!r:.60}"
    )


def read_start(text: str | None) -> str | dict[str, Any] | None:
    """The option ``--start``: a name stays one, a file or a run becomes its genotype in JSON form.

    Raises:
        UserError: It cannot be read.
    """
    if text is None:
        return None
    path = Path(text).expanduser()
    if path.exists() or path.suffix == ".json":
        return find_target(text).genome.to_dict()
    return text


def located(dataset: str | None) -> str | None:
    """A dataset's path made absolute, so that a run goes on from any folder; a name stays one."""
    from ..data import dataset_names

    if not dataset or dataset in dataset_names():
        return dataset
    path = Path(dataset).expanduser()
    return str(path.resolve()) if path.exists() else dataset
