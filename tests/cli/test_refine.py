"""`evonas refine` and `evonas train --continue`."""

import pytest

import evonas as library


@pytest.fixture(scope="module")
def found(evonas, tmp_path_factory):
    """A small run of GeNet, refined at its end."""
    folder = tmp_path_factory.mktemp("runs")
    config = folder / "small.toml"
    config.write_text(
        "[genome]\nnodes = [3]\nfilters = [4]\nhidden = 8\n[training]\nepochs = 1\n", encoding="utf-8"
    )
    ended = evonas(
        "evolve", "--genome", "genet", "--train-limit", 120, "--budget", 4, "--population", 2,
        "--config", config, "--run", folder / "run", "--refine", 3, "--workers", 0, "--quiet",
    )  # fmt: skip
    assert ended.status == 0, ended
    assert ended.out.split() == [str(folder / "run"), str(folder / "run" / "refined")]
    return folder / "run"


def test_a_search_is_refined_at_its_end(found):
    refined = library.load(found / "refined")
    rows = list(refined.history)
    assert [row["operator"] for row in rows][0] == "given"
    assert len(rows) == 3
    assert refined.best.fitness >= rows[0]["fitness"]
    assert refined.settings.train_limit == 120


def test_a_run_is_refined_and_shown(evonas, found, tmp_path):
    run = tmp_path / "refined"
    small = ["--budget", 4, "--neighbours", 2, "--morphisms", 1, "--epochs", 1, "--workers", 0]
    ended = evonas("refine", found, "--id", 1, *small, "--verify-morphisms", "--run", run)
    assert ended.status == 0, ended
    assert "given" in ended.out
    shown = evonas("show", run).out
    assert "strategy hill-climbing (neighbours 2, morphisms 1" in " ".join(shown.split())
    assert '{"architecture"' not in shown  # a summary, not the whole text
    assert evonas("resume", run, "--budget", 5, "--workers", 0, "--quiet").status == 0
    assert len(library.load(run).history) == 5
    drawing = tmp_path / "best.svg"
    assert evonas("draw", run, "-o", drawing).status == 0
    assert drawing.stat().st_size > 1000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "refine 'nowhere': expected a run folder or a MODEL.pt2, found neither"),
        (["setup.cfg"], "cannot be read as a .pt2 file"),
        (["setup.cfg", "--id", "3"], "id: expected only with a run folder, got 3"),
    ],
)
def test_what_cannot_be_refined(evonas, arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "setup.cfg").write_text("no model", encoding="utf-8")
    ended = evonas("refine", *arguments)
    assert ended.status == 2
    assert message in ended.err
    assert "Traceback" not in ended.err


def test_runs_nearby_are_named_whatever_is_asked_of_one(evonas, found):
    missing = found.parent / "nope"
    for words in (["show", missing], ["report", missing], ["refine", missing]):
        assert evonas(*words).failed_with(f"there is {found}"), words
    same = [evonas(name, missing).err for name in ("show", "report")]
    assert same[0] == same[1]


def test_too_few_candidates_to_refine(evonas):
    assert evonas("evolve", "--refine", 1).failed_with("refine: expected at least 2 candidates")


def test_a_final_training_can_continue(evonas, found, tmp_path):
    longer = ["train", found, "--epochs", 1, "--seed", 3, "--output"]
    assert evonas(*longer, tmp_path / "scratch", "--quiet").status == 0
    assert evonas(*longer, tmp_path / "on", "--continue", "--quiet").status == 0
    from evonas.results.final import load_trained

    scratch, on = load_trained(tmp_path / "scratch").report, load_trained(tmp_path / "on").report
    assert (scratch["began"], on["began"]) == ("from scratch", "with the weights of the search")
    assert on["training_loss"][0] < scratch["training_loss"][0]


def test_what_cannot_continue(evonas, found, tmp_path):
    evonas_says = evonas("train", "genet-1", "--dataset", "digits", "--continue", "--output", tmp_path / "x")
    assert evonas_says.failed_with("continue: expected a run folder, whose weights are kept, got genet-1")
