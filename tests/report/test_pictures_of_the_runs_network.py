"""Every drawing of a run is of networks for the images of that run."""

import base64
import gzip
import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
from evonas.genomes.genet import GenetGenome
from evonas.genomes.graph import GraphGenome
from evonas.genomes.large_scale import LargeScaleGenome
from evonas.operators import large_scale

import evonas
from evonas import load
from evonas.cli import main
from evonas.errors import NotApplicable
from evonas.evolution import draw_genotype
from evonas.report import pictures_of
from evonas.report.pictures import cleaned
from evonas.serving.drawings import Drawings
from evonas.task import Task
from evonas.testing.made_runs import make_run

DIGITS = Task(1, 8, 8, 10)


def grown(seed: int) -> LargeScaleGenome:
    """A genotype of some convolutions."""
    rng = random.Random(seed)
    genome = LargeScaleGenome.random(LargeScaleGenome.default_space(), rng)
    for _ in range(8):
        try:
            genome = large_scale.insert_convolution.mutate(genome, rng)
        except NotApplicable:
            continue
    return genome


def picture(genome: Any, folder: Path, task: Task | None = None) -> str:
    return cleaned(draw_genotype(genome, folder / "it.svg", task).read_text(encoding="utf-8"))


@pytest.fixture(scope="module", params=["large-scale", "graph", "amoeba"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp(request.param) / "run", request.param, 12)


def test_all_of_them_draw_the_network_for_the_images(run: Path, tmp_path: Path) -> None:
    result = load(run)
    number = result.best.id
    expected = picture(result.best.genome, tmp_path, result.known_task())
    assert result.known_task() == DIGITS
    assert pictures_of(result, number)["genotype"] == expected
    drawings = Drawings(run)
    assert drawings.of(number)["genotype"] == expected
    drawings.close()
    assert main(["draw", str(run), "--id", str(number), "-o", str(tmp_path / "draw.svg")]) == 0
    result.best.draw(tmp_path / "library.svg")
    for name in ("draw", "library"):
        assert cleaned((tmp_path / f"{name}.svg").read_text(encoding="utf-8")) == expected
    result.journal.close()


def test_the_report_shows_the_best_ones(run: Path, tmp_path: Path) -> None:
    assert main(["report", str(run), "-o", str(tmp_path / "report.html")]) == 0
    result = load(run)
    expected = picture(result.best.genome, tmp_path, DIGITS)
    result.journal.close()
    found = re.search(r'id="data">([^<]+)</script>', (tmp_path / "report.html").read_text(encoding="utf-8"))
    assert found is not None
    pictures = json.loads(gzip.decompress(base64.b64decode(found[1])))["pictures"]
    assert expected in [one.get("genotype") for one in pictures.values()]


@pytest.mark.parametrize(
    "task",
    [Task(1, 28, 28, 10), Task(1, 8, 8, 10), Task(3, 12, 20, 7), Task(4, 32, 32, 2), Task(2, 48, 16, 3)],
)
def test_a_network_that_is_drawn_is_the_tasks(task: Task, tmp_path: Path) -> None:
    genome = grown(3)
    net = genome.decode(task)
    assert net.parameter_count() != genome.decode(Task(3, 32, 32, 10)).parameter_count()
    assert picture(genome, tmp_path, task) == cleaned(
        net.draw(tmp_path / "n.svg").read_text(encoding="utf-8")
    )
    assert picture(genome, tmp_path, task) != picture(genome, tmp_path)
    graph = GraphGenome.of(genome, DIGITS)
    drawn = graph.decode(task).draw(tmp_path / "g.svg").read_text(encoding="utf-8")
    assert picture(graph, tmp_path, task) == cleaned(drawn)


def test_a_genome_whose_draw_takes_no_task_is_drawn_as_before(tmp_path: Path) -> None:
    class Own(GenetGenome):
        def draw(self, path: Any) -> Any:
            path.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>", encoding="utf-8")
            return path

    own = Own([0] * 19)
    assert "svg" in picture(own, tmp_path, DIGITS)


def test_a_run_without_images_is_drawn_for_the_reference_size(tmp_path: Path) -> None:
    result = evonas.evolve(
        genome="large-scale",
        budget=1,
        population=1,
        evaluate=lambda genome, rng: 1.0,
        needs="genome",
        workers=0,
    )
    result.best.draw(tmp_path / "a.svg")
    result.best.genome.draw(tmp_path / "b.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
