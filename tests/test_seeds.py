import random
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from evonas.errors import UserError
from evonas.seeds import Stream, check_seed, derive, guarded, named_seed

NUMBERS = st.integers(0, 2**63)


def test_no_two_streams_share_a_seed():
    found = {derive(seed, number, stream) for seed in range(20) for number in range(200) for stream in Stream}
    assert len(found) == 20 * 200 * len(Stream)
    # Digits do not run into each other: seed 1 of candidate 11 is not seed 11 of candidate 1.
    assert derive(1, 11, Stream.WEIGHTS) != derive(11, 1, Stream.WEIGHTS)


@given(NUMBERS, NUMBERS, st.sampled_from(Stream))
def test_seeds_suit_every_generator(seed, number, stream):
    found = derive(seed, number, stream)
    assert 0 <= found < 2**64
    assert 0 <= named_seed(found, "stage1.cell1") < 2**63
    random.Random(found)
    np.random.default_rng(found)
    torch.Generator().manual_seed(named_seed(found, "x"))


def test_names_give_different_seeds():
    names = [f"stage{a}.cell{b}" for a in range(30) for b in range(30)]
    assert len({named_seed(seed, name) for seed in (0, 1) for name in names}) == 2 * len(names)


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_seeds_are_the_same_in_another_process(hash_seed):
    code = "from evonas.seeds import *; print(derive(3, 4, Stream.TRAINING), named_seed(5, 'a.b'))"
    command = [sys.executable, "-c", code]
    printed = subprocess.check_output(command, env={"PYTHONHASHSEED": hash_seed}, text=True)
    assert list(map(int, printed.split())) == [derive(3, 4, Stream.TRAINING), named_seed(5, "a.b")]


@pytest.mark.parametrize("seed", [-1, 1.0, "1", None, True])
def test_what_is_no_seed_is_refused(seed):
    with pytest.raises(UserError, match=f"seed: expected a whole number of at least 0, got {seed!r}"):
        check_seed(seed)


def test_a_seed_is_handed_on():
    assert check_seed(0) == 0
    assert check_seed(2**70) == 2**70


def draws() -> list[float]:
    return [random.random() for _ in range(5)]


def test_guarded_seeds_the_global_generator_and_restores_it():
    state = random.getstate()
    with guarded(4):
        first = draws()
        with guarded(5):
            other = draws()
        rest = draws()
    assert random.getstate() == state
    with guarded(4):
        assert draws() + draws() == first + rest
    assert first != other


def test_guarded_restores_after_an_error():
    state = random.getstate()
    with pytest.raises(ZeroDivisionError), guarded(1):
        draws()
        raise ZeroDivisionError
    assert random.getstate() == state


def test_guarded_leaves_other_generators_alone():
    numpy_state, torch_state = np.random.get_state()[1].tolist(), torch.get_rng_state()  # noqa: NPY002
    with guarded(1):
        draws()
    assert np.random.get_state()[1].tolist() == numpy_state  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), torch_state)
