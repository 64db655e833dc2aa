"""Layers that a model calls twice: read by both routes, trained as by torch, handed out with one weight."""

import re

import pytest
import torch
import torch.nn.functional as F
from shared_models import SHARED, TIMES, Calls, conv, made
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from evonas.architecture import Architecture
from evonas.architecture.layers import Conv2d, Pad, Reuse
from evonas.errors import UserError
from evonas.network.export import quiet
from evonas.network.network import build, weights_of


def batch(count: int = 2, seed: int = 1) -> torch.Tensor:
    return torch.randn(count, 3, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def gap(wanted: torch.Tensor, outputs: torch.Tensor) -> float:
    return float((outputs - wanted).abs().max() / (wanted.max() - wanted.min()))


def given(model: nn.Module, route: str) -> nn.Module | torch.export.ExportedProgram:
    if route == "module":
        return model
    with quiet():
        return torch.export.export(model, (batch(),))


def reuses(net: Architecture) -> list[str]:
    return [name for name in net if isinstance(net.layer(name), Reuse)]


@pytest.mark.parametrize("route", ["module", "program"])
@pytest.mark.parametrize("name", SHARED)
def test_it_comes_in_as_it_is(name, route):
    model = made(name)
    net, weights = Architecture.from_module(given(model, route), batch())
    again = reuses(net)
    assert len(again) == TIMES[name]
    own = sum(tensor.numel() for tensor in model.parameters())
    assert net.parameter_count() == own  # once, whatever it is called
    assert set(weights) == set(net.parameters()) | set(net.buffers())
    for node in again:
        assert not any(key.startswith(f"{node}.") for key in weights)
    with torch.no_grad():
        for dtype, close in ((torch.float64, 1e-10), (torch.float32, 1e-5)):
            network = build(net, weights=weights, dtype=dtype).eval()
            images = batch(3, seed=2)
            assert gap(model(images), network(images.to(dtype)).double()) <= close
    assert len(list(network.parameters())) == len(net.parameters())


def test_the_calls_of_a_loop_compute_with_the_first():
    net, _ = Architecture.from_module(made("a block in a loop"), batch())
    assert [(name, net.layer(name).of) for name in reuses(net)] == [
        ("block.n0_2", "block.n0"),
        ("block.n1_2", "block.n1"),
        ("block.n0_3", "block.n0"),
        ("block.n1_3", "block.n1"),
    ]
    assert net.layer("block.n0_3").layer == net.layer("block.n0") == Conv2d(4)


@pytest.mark.parametrize(
    "name", sorted(set(SHARED) - {"a factor, a slope and a norm"})
)  # a factor is filters
def test_each_call_costs(name):
    model, images = made(name), batch()
    net, _ = Architecture.from_module(model, images)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(images)
    assert counter.get_total_flops() == len(images) * net.flops()


@pytest.mark.parametrize("name", SHARED)
def test_both_calls_train_one_weight(name):
    model = made(name)
    net, weights = Architecture.from_module(model, batch())
    network = build(net, weights=weights, dtype=torch.float64)
    twins = [
        next(other for other in model.state_dict(keep_vars=True).values() if _equal(other, tensor))
        for tensor in network.parameters()
    ]
    model.train(), network.train()
    optimisers = [torch.optim.SGD(one.parameters(), 0.05, momentum=0.9) for one in (model, network)]
    for step in range(5):
        images, labels = batch(8, seed=step), torch.arange(8) % 5
        for one, optimiser in zip((model, network), optimisers, strict=True):
            optimiser.zero_grad()
            F.cross_entropy(one(images), labels).backward()
        for mine, theirs in zip(network.parameters(), twins, strict=True):
            assert torch.allclose(mine.grad.reshape(-1), theirs.grad.reshape(-1), rtol=1e-8, atol=1e-12)
        for optimiser in optimisers:
            optimiser.step()
    model.eval(), network.eval()  # the statistics of a norm have seen both calls
    with torch.no_grad():
        assert gap(model(batch(4, 9)), network(batch(4, 9))) <= 1e-9


def _equal(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.numel() == other.numel() and torch.equal(one.detach().reshape(-1), other.detach().reshape(-1))


def test_layers_without_tensors_are_two_layers():
    relu, pool = nn.ReLU(), nn.AvgPool2d(3, 1, 1)
    model = nn.Sequential(conv(3, 4), relu, pool, conv(4, 4), relu, pool, nn.Flatten(), nn.LazyLinear(5))
    model(torch.zeros(1, 3, 8, 8))
    net, _ = Architecture.from_module(model.double().eval(), batch())
    assert not reuses(net)
    assert [net.layer(name).kind for name in net].count("ReLU") == 2


def test_where_the_first_call_is_not_needed():
    def forward(m: Calls, x: torch.Tensor) -> torch.Tensor:
        x = m.stem(x)
        like = m.both(-x)  # its shape alone is read
        x = m.both(F.relu(m.both(x)))
        return m.head((x * torch.sigmoid(x.mean((2, 3), keepdim=True)).expand_as(like)).mean((2, 3)))

    model = Calls(forward, stem=conv(3, 4), both=conv(4, 4), head=nn.Linear(4, 5)).double().eval()
    net, weights = Architecture.from_module(model, batch())
    assert set(weights) == set(net.parameters())
    assert [(name, net.layer(name).of) for name in reuses(net)] == [("both_3", "both_2")]


def test_padding_of_one_call_stays_apart():
    def forward(m: Calls, x: torch.Tensor) -> torch.Tensor:
        x = m.stem(x)
        return m.head((m.both(F.pad(x, (1, 1, 1, 1))) + F.pad(m.both(x), (1, 1, 1, 1))).mean((2, 3)))

    model = Calls(forward, stem=conv(3, 4), both=nn.Conv2d(4, 4, 3), head=nn.Linear(4, 5)).double().eval()
    net, _ = Architecture.from_module(model, batch())
    assert [net.layer(name).kind for name in net].count("Pad") == 2
    assert isinstance(net.layer(net.inputs("both")[0]), Pad)


def refused(model: nn.Module, message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)) as caught:
        Architecture.from_module(model.double().eval(), batch())
    assert "\n" not in str(caught.value)


def two(second: nn.Module, **parts: nn.Module) -> tuple[nn.Conv2d, Calls]:
    first = conv(4, 4)
    model = Calls(
        lambda m, x: m.head(m.second(m.first(m.stem(x))).mean((2, 3))),
        stem=conv(3, 4),
        first=first,
        second=second,
        head=nn.Linear(4, 5),
    )
    return first, model


def test_weights_shared_in_part():
    first, model = two(conv(4, 4))
    model.second.weight = first.weight
    refused(
        model,
        "model: second (Conv2d) cannot be represented: it shares its weight with first (Conv2d), but has "
        "another bias: layers share all of their tensors or none",
    )
    first, model = two(nn.Conv2d(4, 4, 3, padding=2, dilation=2))
    model.second.weight, model.second.bias = first.weight, first.bias
    refused(model, "it shares its weight with first (Conv2d), which is another layer: Conv2d(out_channels=4")
    first, model = two(nn.Identity())
    model.function = lambda m, x: m.head(
        F.conv2d(m.first(m.stem(x)), m.first.weight.transpose(0, 1), m.first.bias, padding=1).mean((2, 3))
    )
    refused(model, "it shares its weight with first (Conv2d), but reads it in another form")
    first, model = two(nn.BatchNorm2d(4))
    model.second.weight = model.second.bias
    refused(model, "second (BatchNorm2d) cannot be represented: its weight and its bias are one tensor")


def test_a_factor_that_is_used_in_two_ways():
    def forward(m: Calls, x: torch.Tensor) -> torch.Tensor:
        return m.head((m.factor + F.relu(m.factor * m.stem(x))).mean((2, 3)))

    model = Calls(
        forward, stem=conv(3, 4), factor=nn.Parameter(torch.rand(4, 1, 1) + 1), head=nn.Linear(4, 5)
    )
    refused(model, "it shares a constant with the operation 'mul', which is another layer")


def test_weights_that_were_trained_are_those_of_the_owner():
    net, weights = Architecture.from_module(made("a convolution twice"), batch())
    network = build(net, weights=weights, dtype=torch.float64)
    assert list(weights_of(network)) == list(net.parameters())
    with pytest.raises(UserError, match=re.escape("weights: again_2.weight: Reuse has no tensors")):
        build(net, weights={**weights, "again_2.weight": weights["again.weight"]})
