"""Images that changed under a run, and such as moved: `resume`, `train`, `refine` and `compare` meet them."""

import json
import shutil

import numpy as np
import pytest

SEARCH = ("--genome", "genet", "--budget", 2, "--population", 2, "--epochs", 1, "--workers", 0, "--json")
REFUSED = "its training images are not those that the run began with"


def drawn(seed=0, count=60):
    """Images of three classes, and labels."""
    rng = np.random.default_rng(seed)
    y = np.arange(count) % 3
    return (rng.integers(0, 120, (count, 8, 8, 1)) + 50 * y[:, None, None, None]).astype(np.uint8), y


def write(path, x, y, **more):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, x_train=x, y_train=y, **more)
    return path


@pytest.fixture(scope="module")
def made(evonas, tmp_path_factory):
    """A run beside its images."""
    home = tmp_path_factory.mktemp("made")
    data = write(home / "images.npz", *drawn())
    ended = evonas("evolve", "--dataset", data, "--run", home / "runs" / "found", *SEARCH)
    assert ended.status == 0, ended
    return home


@pytest.fixture
def home(made, tmp_path, monkeypatch):
    """A copy of both; the run's own path leads to nothing, since the first ones are hidden."""
    shutil.copytree(made, tmp_path / "home")
    aside = made.with_name(f"{made.name}-aside")
    made.rename(aside)
    monkeypatch.chdir(tmp_path)
    yield tmp_path / "home"
    aside.rename(made)


def reordered(x, y):
    order = np.random.default_rng(5).permutation(len(y))
    return x[order], y[order]


def extended(x, y):
    return np.concatenate([x, 255 - x[:9]]), np.concatenate([y, y[:9]])


def relabelled(x, y):
    return x, np.where(np.arange(len(y)) < 6, (y + 1) % 3, y)


def resplit(x, y):
    return x[12:], y[12:]


def redrawn(x, y):
    return np.concatenate([255 - x[:20], x[20:]]), y


CHANGES = [
    (reordered, "only their order"),
    (extended, "60 images then, 69 now"),
    (relabelled, "only labels"),
    (resplit, "60 images then, 48 now"),
    (redrawn, "have other content"),
]


@pytest.mark.parametrize(("change", "words"), CHANGES)
def test_every_command_that_reads_a_runs_images_refuses_changed_ones(evonas, home, change, words):
    write(home / "images.npz", *change(*drawn()))
    run = home / "runs" / "found"
    for command in (
        ("resume", run, "--budget", 3, "--workers", 0),
        ("resume", run, "--budget", 3, "--workers", 0, "--dataset", home / "images.npz"),
        ("train", run, "--epochs", 1),
        ("train", run, "--continue", "--epochs", 1),
        ("refine", run, "--budget", 2, "--epochs", 1, "--workers", 0, "--run", home / "refined"),
    ):
        assert evonas(*command).failed_with(REFUSED, words, "--dataset"), command
    assert not (run / "final").exists() and not (home / "refined").exists()


def test_images_that_moved_with_their_run_are_found(evonas, home):
    run = home / "runs" / "found"
    trained = evonas("train", run, "--continue", "--epochs", 1, "--json")
    assert trained.status == 0, trained
    report = json.loads(trained.out)
    assert report["images_differ"] == "" and report["test_images_seen"] == 0
    assert report["dataset"] == str(home / "images.npz")
    assert [line[:13] for line in trained.err.splitlines() if "found at" in line] == ["warning: run "]
    resumed = evonas("resume", run, "--budget", 3, "--workers", 0, "--json")
    assert resumed.status == 0 and "the same ones were found at" in resumed.err, resumed
    ended = evonas(
        "refine", run, "--budget", 2, "--epochs", 1, "--workers", 0, "--run", home / "new", "--json"
    )
    assert ended.status == 0, ended
    assert json.loads(evonas("show", home / "new", "--json").out)["validation_seen"] is None


def test_images_that_lie_elsewhere_are_named_and_then_known(evonas, home, tmp_path):
    run, there = home / "runs" / "found", tmp_path / "else" / "where" / "pets.npz"
    there.parent.mkdir(parents=True)
    (home / "images.npz").rename(there)
    for command in ("resume", "train"):
        options = ("--budget", 3) if command == "resume" else ("--epochs", 1)
        assert evonas(command, run, *options).failed_with("not there any more", "--dataset"), command
    assert evonas("resume", run, "--budget", 3, "--dataset", there, "--workers", 0, "--json").status == 0
    again = evonas("resume", run, "--budget", 4, "--workers", 0, "--json")
    assert again.status == 0 and "found at" not in again.err, again
    shutil.copytree(home, tmp_path / "else" / "home")  # from there, too, the images are found as they lay
    there.rename(tmp_path / "else" / "pets.npz")
    more = "--budget", 5, "--workers", 0
    assert evonas("resume", tmp_path / "else" / "home" / "runs" / "found", *more).status == 0


def test_a_run_without_the_notes_falls_back_to_its_fingerprint(evonas, home):
    import sqlite3

    run = home / "runs" / "found"
    with sqlite3.connect(run / "journal.db") as journal:
        journal.execute("DELETE FROM meta WHERE key IN ('identity', 'images_from')")
    journal.close()
    assert evonas("resume", run, "--budget", 3, "--workers", 0, "--json").status == 0
    write(home / "images.npz", *reordered(*drawn()))
    assert evonas("train", run, "--continue").failed_with(REFUSED, "their content, order or labels")
    # Others, on demand; which test images were seen cannot be known, for the run's own are gone.
    ended = evonas("train", run, "--continue", "--epochs", 1, "--dataset", home / "images.npz")
    assert ended.status == 0 and "how many of these test images the search has seen is not known" in ended.out


# -- new images, on demand ----------------------------------------------------------------------------


def test_test_images_that_were_trained_on_are_left_out(evonas, home):
    run = home / "runs" / "found"
    other = write(home / "other.npz", *reordered(*drawn()))
    ended = evonas("train", run, "--continue", "--epochs", 1, "--dataset", other, "--json")
    assert ended.status == 0, ended
    report = json.loads(ended.out)
    seen = report["test_images_seen"]
    assert 0 < seen < 12 and report["test_images_left_out"] == seen
    assert report["test_images"] == 12 - seen
    assert report["images_differ"].startswith("only their order")
    assert f"left out of the test: {seen} images that were trained or validated on" in evonas("show", run).out


def test_a_test_of_nothing_but_seen_images_is_said(evonas, home):
    x, y = drawn()
    run = home / "runs" / "found"
    other = write(home / "other.npz", *drawn(1), x_test=x, y_test=y)
    report = json.loads(evonas("train", run, "--epochs", 1, "--dataset", other, "--json").out)
    assert report["test_images"] == 12  # those that the first search had kept for the test
    kept = np.load(other)
    from evonas.data import load_dataset

    own = load_dataset(str(home / "images.npz"))
    write(other, kept["x_train"], kept["y_train"], x_test=own.full_training().x, y_test=own.full_training().y)
    ended = evonas("train", run, "--epochs", 1, "--dataset", other)
    assert (
        "careful: 48 of these 48 test images are equal to some that were trained or validated on" in ended.out
    )


def test_a_refinement_on_others_says_what_its_network_has_seen(evonas, home):
    run, new = home / "runs" / "found", home / "new"
    other = write(home / "other.npz", *reordered(*drawn()))
    options = ("--budget", 2, "--epochs", 1, "--workers", 0)
    ended = evonas("refine", run, "--dataset", other, "--run", new, *options)
    assert ended.status == 0 and "may have seen" in ended.err, ended
    shown = json.loads(evonas("show", new, "--json").out)["validation_seen"]
    assert 0 < shown["seen"] <= shown["of"]
    words = f"may have seen {shown['seen']} of the {shown['of']} validation images"
    assert words in evonas("show", new).out
    assert evonas("report", new, "--output", home / "r.html").status == 0
    assert words in (home / "r.html").read_text()
    # It stays so in a refinement of that.
    third = evonas("refine", new, "--run", home / "third", *options)
    assert third.status == 0 and words in third.err, third
    assert json.loads(evonas("show", home / "third", "--json").out)["validation_seen"] == shown
    # What its weights saw before goes with them: the first run's test images are new to neither.
    report = json.loads(evonas("train", new, "--continue", "--epochs", 1, "--json").out)
    assert report["images_differ"] == ""
    assert report["test_images_left_out"] == report["test_images_seen"] > 0
    assert report["test_images"] == 12 - report["test_images_seen"]


def test_a_refinement_of_fewer_images_is_divided_anew(evonas, home):
    run, new = home / "runs" / "found", home / "new"
    options = ("--budget", 2, "--epochs", 1, "--workers", 0, "--train-limit", 20)
    ended = evonas("refine", run, "--run", new, *options)
    assert ended.status == 0 and "another train_limit" in ended.err, ended


def test_entirely_new_images_are_tested_on_whole(evonas, home):
    run = home / "runs" / "found"
    other = write(home / "other.npz", *drawn(7))
    report = json.loads(evonas("train", run, "--continue", "--epochs", 1, "--dataset", other, "--json").out)
    assert (report["test_images"], report["test_images_seen"], report["test_images_left_out"]) == (12, 0, 0)
    assert "48 of the 48 images" in report["images_differ"]


def test_weights_go_on_with_classes_that_are_theirs_or_it_is_said(evonas, home):
    run = home / "runs" / "found"
    x, y = drawn(7)
    words = "for classes 0, 1, 2, in this order; now these are ant, bee, cow"
    other = write(home / "other.npz", x, np.array(["cow", "ant", "bee"])[y])
    ended = evonas("train", run, "--continue", "--epochs", 1, "--dataset", other, "--json")
    assert ended.status == 0 and words in ended.err, ended
    options = ("--budget", 1, "--epochs", 1, "--workers", 0)
    ended = evonas("refine", run, "--dataset", other, "--run", home / "new", *options)
    assert ended.status == 0 and words in ended.err, ended
    write(other, np.repeat(x, 3, axis=3), y)
    ended = evonas("train", run, "--continue", "--epochs", 1, "--dataset", other)
    assert ended.failed_with(
        "--continue: expected 1-channel images in 3 classes", "got 3-channel images in 3"
    )


def test_a_comparison_trains_its_winners_on_the_images_of_their_search(evonas, home):
    from evonas import UserError, load
    from evonas.comparison.running import Terms, _retrained

    found, terms = load(home / "runs" / "found"), Terms({}, "search")
    assert 0 <= _retrained(found, terms, seed=0) <= 1
    write(home / "images.npz", *relabelled(*drawn()))
    with pytest.raises(UserError, match=REFUSED):
        _retrained(found, terms, seed=0)
    found.journal.close()


def test_a_run_without_images_takes_none(tmp_path):
    from evonas import UserError, evolve, resume

    def constant(genome, rng):
        return 0.5

    how = {"evaluate": constant, "needs": "genome"}
    evolve("genet", budget=2, population=2, run=tmp_path / "run", **how)
    with pytest.raises(UserError, match="dataset: expected none, for the run has no images, got 'x.npz'"):
        resume(tmp_path / "run", budget=3, dataset="x.npz", **how)
