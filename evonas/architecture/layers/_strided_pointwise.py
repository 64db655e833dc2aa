"""The module behind a strided 1x1 `Conv2d` of few channels; apart, because it imports torch."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SPOILT = {"AVX2": 8, "AVX512": 16}
"""Fewer input channels than these: there oneDNN 3.12, which PyTorch 2.14 trains with on a CPU, writes beyond
its own memory (uxlfoundation/oneDNN, issue 6035, open in September 2026)."""

FEWEST = SPOILT.get(torch.backends.cpu.get_cpu_capability(), 0)
"""Input channels from which this processor's own strided convolution is sound."""


class StridedPointwise(nn.Conv2d):
    """A 1x1 convolution with a stride, dense and without padding.

    Where it learns on a CPU it takes the pixels that the stride keeps and convolves these at stride 1: the
    same function by another way, where the direct one would spoil memory.

    Attributes:
        plain: The class of torch.nn that it is to whoever describes or exports it.
    """

    plain = nn.Conv2d

    def _get_name(self) -> str:
        return self.plain.__name__

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        learns = self.training or (torch.is_grad_enabled() and weight.requires_grad)
        if learns and input.device.type == "cpu" and self.in_channels < FEWEST:
            rows, columns = self.stride
            return F.conv2d(input[:, :, ::rows, ::columns], weight, bias)
        direct: Tensor = super()._conv_forward(input, weight, bias)
        return direct
