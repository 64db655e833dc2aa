"""Layers that draw while a network is trained."""

import torch
from torch import nn

from evonas.training.regularise import RandomLayers


def test_channels_are_dropped_whole_and_the_others_scaled_up():
    network = nn.Sequential(nn.Dropout2d(0.25)).train()
    before = torch.get_rng_state()
    with RandomLayers(network, 0.0, 3, "cpu"):
        outputs = network(torch.ones(64, 8, 3, 3))
    assert torch.equal(torch.get_rng_state(), before)
    channels = outputs.flatten(2)
    assert torch.equal(channels.amin(2), channels.amax(2))
    values = channels[..., 0]
    assert torch.allclose(values[values > 0], torch.tensor(1 / 0.75))
    assert 0.65 < (values > 0).float().mean() < 0.85
    assert "forward" not in vars(network[0])
