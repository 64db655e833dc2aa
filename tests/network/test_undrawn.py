"""Constructors of modules draw nothing that would be overwritten."""

import pytest
import torch
from torch import nn

from evonas.network.undrawn import Undrawn

DRAWS = {
    "bernoulli": lambda: torch.bernoulli(torch.full((4,), 0.5)),
    "multinomial": lambda: torch.multinomial(torch.ones(4), 2),
    "normal": lambda: torch.normal(0.0, 1.0, (4,)),
    "rand": lambda: torch.rand(4),
    "rand_like": lambda: torch.rand_like(torch.ones(4)),
    "randint": lambda: torch.randint(0, 9, (4,)),
    "randint_like": lambda: torch.randint_like(torch.ones(4), 0, 9),
    "randn": lambda: torch.randn(4),
    "randn_like": lambda: torch.randn_like(torch.ones(4)),
    "randperm": lambda: torch.randperm(4),
    "method": lambda: torch.ones(4).exponential_(),
}
MODULES = {
    "convolution": lambda: nn.Conv2d(3, 4, 3),
    "linear": lambda: nn.Linear(3, 4),
    "embedding": lambda: nn.Embedding(3, 4),
    "attention": lambda: nn.MultiheadAttention(4, 2),
    "lstm": lambda: nn.LSTM(3, 4),
    "truncated normal": lambda: nn.init.trunc_normal_(torch.empty(4)),
    "sparse": lambda: nn.init.sparse_(torch.empty(4, 4), 0.5),
}


@pytest.mark.parametrize("make", [*DRAWS.values(), *MODULES.values()], ids=[*DRAWS, *MODULES])
def test_the_global_generator_is_left_alone(make):
    before = torch.get_rng_state()
    with Undrawn():
        make()
    assert torch.equal(torch.get_rng_state(), before)
    make()
    assert not torch.equal(torch.get_rng_state(), before)  # so there was something to prevent


def test_everything_else_happens():
    with Undrawn():
        norm = nn.BatchNorm2d(4)
        linear = nn.Linear(3, 4, dtype=torch.float64)
    assert torch.equal(norm.weight, torch.ones(4)) and torch.equal(norm.running_mean, torch.zeros(4))
    assert linear.weight.dtype == torch.float64 and linear.weight.shape == (4, 3)
    assert linear.weight.requires_grad and linear.weight.device.type == "cpu"


def test_fills_hand_on_the_tensor():
    with Undrawn():
        tensor = torch.ones(4)
        assert tensor.normal_().uniform_() is tensor
    assert torch.equal(tensor, torch.ones(4))


def test_a_generator_that_is_given_is_used():
    drawn = torch.randn(4, generator=torch.Generator().manual_seed(3))
    with Undrawn():
        assert torch.equal(torch.randn(4, generator=torch.Generator().manual_seed(3)), drawn)


def test_it_ends_where_a_constructor_fails():
    with pytest.raises(ValueError, match="groups"), Undrawn():
        nn.Conv2d(3, 4, 3, groups=0)
    assert torch.ones(4).uniform_().lt(1).any()
