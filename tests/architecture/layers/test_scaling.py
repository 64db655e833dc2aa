import pytest
import torch

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import Flatten, Input, Layer, Scale
from evonas.network.network import build


@pytest.mark.parametrize("shape", [(2, 4, 3), (1, 1, 1)])
def test_shapes_and_cost_are_those_of_torch(check_against_torch, shape):
    check_against_torch(Scale(), shape)


def test_the_input_is_multiplied(compute):
    image = torch.arange(12.0).reshape(1, 3, 2, 2)
    assert torch.equal(compute(Scale(0.5), image), image / 2)
    assert torch.equal(compute(Scale(0.5), image, weight=torch.tensor([-3.0])), -3 * image)


def test_the_number_is_learnt():
    net = Architecture()
    net.add("vector", Flatten(), net.add("skip.factor", Scale(0.25), net.add("image", Input((2, 3, 3)))))
    network = build(net)
    assert {name: p.tolist() for name, p in network.named_parameters()} == {"skip.factor.weight": [0.25]}
    images = torch.rand(4, 2, 3, 3)
    network(images).sum().backward()
    assert network.get_parameter("skip.factor.weight").grad.item() == pytest.approx(images.sum().item())


def test_data_and_back():
    assert Scale().to_dict() == {"kind": "Scale"}
    assert Layer.from_dict({"kind": "Scale", "initial": 0.5}) == Scale(0.5)
