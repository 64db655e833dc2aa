"""What is too large is rejected before anything is built, and the search goes on."""

import pytest

import evonas
from evonas.architecture.ceilings import Ceilings, TooLargeError
from evonas.errors import UserError
from evonas.files.sizes import read_size

SEARCH = {
    "genome": "genet",
    "budget": 4,
    "recipe": "genet-small",
    "population": 4,
    "epochs": 1,
    "train_limit": 60,
    "device": "cpu",
    "precision": "float32",
    "config": {"training": {"batch_size": 32}},
}

ONE = {**SEARCH, "budget": 1, "population": 1}


def test_more_than_is_allowed_is_rejected(genome, task):
    net = genome.decode(task)
    Ceilings().check(net)
    parameters, flops = net.parameter_count(), net.flops()
    Ceilings(parameters, flops).check(net)
    with pytest.raises(
        TooLargeError,
        match=f"{parameters:,} parameters, more than max_parameters {parameters - 1:,}",
    ):
        Ceilings(parameters=parameters - 1).check(net)
    with pytest.raises(TooLargeError, match=f"{flops:,} FLOPs, more than max_flops {flops - 1:,}"):
        Ceilings(flops=flops - 1).check(net)


def test_a_search_records_what_it_rejects_and_trains_the_others():
    free = evonas.evolve(**SEARCH)
    sizes = sorted(row["parameters"] for row in free.history)
    found = list(evonas.evolve(**SEARCH, max_parameters=sizes[1]).history)
    too_large = [row["parameters"] > sizes[1] for row in free.history]
    assert 0 < sum(too_large) < 4
    assert [row["status"] == "failed" for row in found] == too_large
    assert all("more than max_parameters" in row["reason"] for row in found if row["status"] == "failed")
    assert [row["fitness"] for row in found if row["status"] == "done"] == [
        row["fitness"] for row in free.history if row["parameters"] <= sizes[1]
    ]


def test_memory_cuts_batches_before_it_rejects():
    (whole,) = evonas.evolve(**ONE).history
    memory = int(whole["metric_memory"])
    assert "metric_part" not in whole
    (cut,) = evonas.evolve(**ONE, max_memory=memory * 4 // 5).history
    assert cut["status"] == "done"
    assert 8 <= cut["metric_part"] < 32
    assert cut["metric_memory"] <= memory * 4 // 5
    (rejected,) = evonas.evolve(**ONE, max_memory="1kB").history
    assert rejected["status"] == "failed"
    assert "of memory with parts of 8 images, more than max_memory 1000 B" in rejected["reason"]


@pytest.mark.parametrize("needs", ["architecture", "network"])
def test_functions_are_not_given_what_is_too_large(needs):
    found = evonas.evolve(
        **{**SEARCH, "budget": 2, "population": 2}, evaluate=lambda thing, rng: 1.0, needs=needs, max_flops=10
    ).history
    assert [row["status"] for row in found] == ["failed", "failed"]


@pytest.mark.parametrize(("given", "size"), [("8G", 8 * 10**9), ("1.5 KiB", 1536), ("12", 12), (7, 7)])
def test_amounts_of_memory(given, size):
    assert read_size(given, "max_memory") == size


@pytest.mark.parametrize("given", ["", "much", "-3GB", "1.2.3MB", 0, 1.5, True, None, "0", "9" * 400 + "TB"])
def test_amounts_that_are_none(given):
    with pytest.raises(
        UserError, match="max_memory: expected an amount of memory such as 512MB or 8GiB, got"
    ):
        read_size(given, "max_memory")
