"""Making modules without the random numbers that their constructors would draw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

_METHODS = "bernoulli_ cauchy_ exponential_ geometric_ log_normal_ normal_ random_ uniform_".split()
_FILLS = frozenset(
    {getattr(torch.Tensor, name) for name in _METHODS}
    # PyTorch hands these over whole, and what they call within no more.
    | {nn.init.kaiming_normal_, nn.init.kaiming_uniform_, nn.init.normal_, nn.init.uniform_}
)
"""What fills a tensor at random, in place."""

_LIKES = frozenset({torch.rand_like, torch.randn_like, torch.randint_like})
"""What makes a random tensor of another's shape, for which no generator can be given everywhere."""

_DRAWS = frozenset(
    {torch.bernoulli, torch.multinomial, torch.normal, torch.rand, torch.randint, torch.randn, torch.randperm}
)
"""What draws a new tensor."""


class Undrawn(TorchFunctionMode):
    """Within it, PyTorch's global generator is left alone and tensors are not filled at random.

    Constructors of modules draw initial weights, from the global generator; where weights are initialised
    afterwards, these are numbers for nothing. Modules on the ``meta`` device draw nothing either, but to make
    one and to give it memory takes three times as long.

    >>> before = torch.get_rng_state()
    >>> with Undrawn():
    ...     layer = torch.nn.Linear(1000, 1000)
    >>> torch.equal(before, torch.get_rng_state())
    True
    """

    def __init__(self) -> None:
        super().__init__()
        self._generator: torch.Generator | None = None

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in _FILLS:
            return args[0] if args else kwargs["tensor"]
        if func in _LIKES:
            return torch.zeros_like(args[0] if args else kwargs["input"])
        if func in _DRAWS and kwargs.get("generator") is None:
            self._generator = self._generator or torch.Generator()
            return func(*args, **{**kwargs, "generator": self._generator})
        return func(*args, **kwargs)
