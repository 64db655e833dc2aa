"""Concatenations with dense gradients: the same network, another layout of what goes back."""

import copy

import pytest
import torch
from planned_networks import SMALL, batch_for, decoded, started
from torch import nn
from torch.nn import functional as F

from evonas.architecture.layers import Concat
from evonas.task import Task
from evonas.training.dense import joined, with_dense_gradients

TASK = Task(3, 16, 16, 4)


@pytest.mark.parametrize("name", ["amoeba", "darts", "nasbench201"])
def test_a_network_stays_what_it_is(name):
    architecture = decoded(name, TASK)
    plain = started(architecture).double()  # sums are taken in another order
    twin = copy.deepcopy(plain)
    view = with_dense_gradients(twin)
    joins = any(isinstance(architecture.layer(node), Concat) for node in architecture)
    assert (view is not twin) == joins
    images, labels = batch_for(architecture, 6, 0)
    images = images.double()
    losses = []
    for network in (plain.train(), view.train()):
        losses.append(F.cross_entropy(network(images), labels))
        losses[-1].backward()
    assert torch.equal(*losses)
    found = dict(view.named_parameters())
    for key, parameter in plain.named_parameters():
        assert torch.allclose(found[key].grad, parameter.grad, rtol=1e-8, atol=1e-10), key
    with torch.inference_mode():
        assert torch.equal(view.eval()(images), plain.eval()(images))


@pytest.mark.parametrize("name", SMALL)
def test_every_tensor_is_shared(name):
    network = started(decoded(name, TASK))
    own, seen = network.state_dict(), with_dense_gradients(network).state_dict()
    assert list(seen) == list(own)
    assert all(seen[key].data_ptr() == tensor.data_ptr() for key, tensor in own.items())
    assert {id(one) for one in with_dense_gradients(network).parameters()} == {
        id(one) for one in network.parameters()
    }


def test_gradients_are_dense_in_the_layout_of_images():
    parts = [torch.randn(2, c, 4, 5, dtype=torch.float64).requires_grad_() for c in (3, 1, 4)]
    seen = []
    for part in parts:
        part.register_hook(seen.append)
    made = joined(parts)
    assert torch.equal(made, torch.cat(parts, 1))
    gradient = torch.randn(made.shape, dtype=torch.float64).contiguous(memory_format=torch.channels_last)
    made.backward(gradient)
    for part, found in zip(parts, gradient.split([3, 1, 4], 1), strict=True):
        assert torch.equal(part.grad, found)
    assert all(one.is_contiguous(memory_format=torch.channels_last) for one in seen)
    vectors = [torch.randn(3, n).requires_grad_() for n in (2, 5)]
    joined(vectors).sum().backward()
    assert all(torch.equal(one.grad, torch.ones_like(one)) for one in vectors)


def test_what_is_no_graph_is_handed_back():
    network = nn.Sequential(nn.Linear(2, 2))
    assert with_dense_gradients(network) is network
