"""The same seed gives the same search, in another process and with other hashes of strings."""

import pytest


def test_two_processes_search_alike(searches, training):
    """The first compiles kernels, and the second finds them."""
    genome = {**training["config"]["genome"], "operations": ["identity", "max3x3", "conv1x1"]}
    config = {**training["config"], "genome": genome}
    choices = {**training, "kernels": "planned", "budget": 4, "population": 2, "config": config}
    first, second = (searches(hash_seed=hash_seed).history(**choices) for hash_seed in ("0", "1"))
    for one, other in zip(first, second, strict=True):
        assert one == other
    assert [row["id"] for row in first] == list(range(4))
    assert len({row["fitness"] for row in first}) > 1
    assert any(row["inherited"] > 0 for row in first)
    assert all(row["metric_loss"] > 0 for row in first)


def test_another_seed_searches_otherwise(searches):
    choices = {"fitness": "genome", "budget": 8, "population": 4, "sample": 2}
    processes = searches()
    assert processes.history(**choices, seed=1) != processes.history(**choices, seed=2)


@pytest.mark.parametrize("look_ahead", [1, 4])
def test_a_run_folder_changes_nothing(searches, tmp_path, look_ahead):
    choices = {"fitness": "genome", "budget": 30, "population": 6, "sample": 3, "look_ahead": look_ahead}
    on_disk = searches().history(**choices, run=str(tmp_path / "run"))
    assert searches(hash_seed="5").history(**choices) == on_disk
    assert {row["status"] for row in on_disk} == {"done", "failed"}
