"""Long chains of all preserving morphisms on random networks of every kind keep the function."""

import importlib.util
import random
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import evonas.operators.morphisms as box
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evonas.evolution.morphism import Morphism
from evonas.seeds import guarded
from evonas.testing.chains import Chain, repeat
from evonas.testing.random_chains import Limits, Tally, extend

BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "morphism_exactness.py"
FAMILIES = ("drawn node by node", "amoeba", "genet", "hierarchical", "large-scale")


@pytest.fixture(scope="module")
def study() -> ModuleType:
    """The benchmark, whose networks and draws are these tests'."""
    spec = importlib.util.spec_from_file_location("morphism_exactness", BENCHMARK)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look for it there
    spec.loader.exec_module(module)
    return module


def run(study: ModuleType, family: str, seed: int, length: int) -> tuple[Chain, Tally]:
    """One chain, which raises where anything does not hold."""
    rng = random.Random(seed)
    while True:
        with guarded(seed):
            net = study.FAMILIES[family](rng)
        chain = Chain(net, rng.getrandbits(32))
        if chain.lively:
            break
    limits = Limits(nodes=len(net) + 40, parameters=net.parameter_count() + 20_000)
    return chain, extend(chain, study.DRAWS, length, rng, limits)


def test_every_family_and_every_preserving_kind_is_there(study: ModuleType) -> None:
    assert tuple(study.FAMILIES) == FAMILIES
    kinds = [getattr(box, name) for name in box.__all__]
    preserving = {kind.__name__ for kind in kinds if issubclass(kind, Morphism) and kind.preserving}
    assert preserving <= set(study.DRAWS)
    assert len(preserving) == 10


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=3)
@given(seed=st.integers(0, 2**32))
def test_chains(study: ModuleType, family: str, seed: int) -> None:
    chain, tally = run(study, family, seed, 12)
    assert len(chain.morphisms) == len(tally.applied) >= 8
    assert max(chain.gaps().values()) < 1e-3


def test_a_chain_is_repeated_from_its_json(study: ModuleType) -> None:
    chain, _ = run(study, "genet", 3, 8)
    again = repeat(chain.to_dict())
    assert again.architecture == chain.architecture
    assert again.gaps() == chain.gaps()


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_forty_long_chains_of_each_family(study: ModuleType, family: str) -> None:
    applied = 0
    for seed in range(40):
        applied += len(run(study, family, seed, 30)[1].applied)
    assert applied > 40 * 20


@pytest.mark.slow
def test_the_benchmark_measures_and_says_so() -> None:
    """Its own process; a run too short for each kind to come up is a failure that it names."""
    for count, length, status in ((1, 12, 1), (20, 30, 0)):
        done = subprocess.run(
            [sys.executable, BENCHMARK, "--chains", f"{count}", "--length", f"{length}"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        assert "0 failed" in done.stdout
        assert ("applied less than once in 5 chains" in done.stdout) == (status == 1)
