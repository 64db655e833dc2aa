"""Damaged files and transparent images at the command line, from a search to its final training."""

import json

import numpy as np

SEARCH = ("--genome", "genet", "--budget", 2, "--population", 2, "--epochs", 1, "--workers", 0)


def test_a_run_reads_its_images_as_it_began(evonas, photos, eager, tmp_path):
    run = tmp_path / "run"
    start = ("evolve", "--dataset", photos, *SEARCH, "--config", eager, "--run", run)
    assert evonas(*start).failed_with("2 damaged files", "broken.png", "empty.jpg", "--without-damaged")
    assert evonas(*start, "--without-damaged").failed_with("in the alpha channel alone", "--background")
    assert not run.exists()
    ended = evonas(*start, "--without-damaged", "--background", "white")
    assert ended.status == 0 and "without 2 damaged files" in ended.err, ended
    assert evonas("resume", run, "--budget", 3, "--workers", 0, "--json").status == 0
    report = json.loads(evonas("train", run, "--continue", "--epochs", 1, "--json").out)
    assert (report["images_differ"], report["training_images"], report["test_images"]) == ("", 24, 6)
    ended = evonas("refine", run, "--budget", 2, "--epochs", 1, "--workers", 0, "--run", tmp_path / "new")
    assert ended.status == 0 and "may have seen" not in ended.err, ended
    # One more that is damaged is not among those that the search had, so they have changed.
    (photos / "a" / "00.png").write_bytes(b"gone")
    assert evonas("train", run, "--epochs", 1).failed_with("30 images then, 29 now")


def test_how_other_images_are_read_is_said_with_them(evonas, photos, eager, tmp_path):
    (tmp_path / "plain").mkdir()
    rng = np.random.default_rng(1)
    np.savez(
        tmp_path / "plain.npz",
        x_train=rng.integers(0, 256, (30, 8, 8, 3), np.uint8),
        y_train=np.arange(30) % 2,
    )
    run = tmp_path / "run"
    words = ("--dataset", tmp_path / "plain.npz", *SEARCH, "--config", eager)
    assert evonas("evolve", *words, "--run", run).status == 0
    assert evonas("train", run, "--without-damaged").failed_with("expected with --dataset")
    options = ("--dataset", photos, "--without-damaged", "--background", "#00ff00", "--epochs", 1)
    report = json.loads(evonas("train", run, "--continue", *options, "--json").out)
    assert report["test_images"] == 6 and report["test_images_seen"] == 0
    assert evonas("train", run, "--dataset", photos, "--background", "greenish").failed_with(
        "expected a colour"
    )
