"""Layers that draw while a network is trained: dropout, and paths that are dropped ever more often."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from ..architecture.layers import DroppedPath
from ..seeds import named_seed

PLAIN = (nn.Dropout, nn.Dropout2d)
"""What may draw from a generator of ours; who inherits from them may do something else."""


class RandomLayers:
    """Gives the layers of a network that draw at random generators of their own, for one training.

    `nn.Dropout` knows only torch's global generators, which a second training in the same process would draw
    from as well. Within the context each training draws from its own, on its device, and the global ones are
    left alone; afterwards the network is as it was.

    The probability of dropped paths grows linearly from 0 to the plan's (ScheduledDropPath, Zoph et al. 2018,
    Section 3). Paths are dropped only inside the context.

    Args:
        network: Holds the layers.
        drop_path: The probability at the end of training that a path is dropped.
        seed: Of the draws.
        device: Where the network is.
    """

    def __init__(self, network: nn.Module, drop_path: float, seed: int, device: str) -> None:
        modules = list(network.modules())
        is_compiled = hasattr(network, "_orig_mod")  # its dropouts draw from what `drawing_from` seeds
        self._dropouts = [
            module
            for module in modules
            if isinstance(module, nn.Dropout | nn.Dropout2d)
            and type(module) in PLAIN
            and module.p
            and not is_compiled
        ]
        self._paths = [module for module in modules if isinstance(module, DroppedPath)] if drop_path else []
        self._final = drop_path
        self._share = torch.zeros((), device=device)
        self.generators: list[torch.Generator] = []
        """What the layers draw from."""
        if self._dropouts:
            self._for_dropout = self._generator(device, named_seed(seed, "dropout"))
        if self._paths:
            self._for_paths = self._generator(device, seed)

    def _generator(self, device: str, seed: int) -> torch.Generator:
        self.generators.append(torch.Generator(device).manual_seed(seed))
        return self.generators[-1]

    def __enter__(self) -> RandomLayers:
        for module in self._dropouts:
            setattr(module, "forward", _dropping(module, self._for_dropout))  # noqa: B010 - of this one alone
        for path in self._paths:
            path.generator, path.probability = self._for_paths, self._share
        return self

    def __exit__(self, *_: object) -> None:
        for module in self._dropouts:
            del module.forward
        for path in self._paths:
            path.generator = path.probability = None

    def at(self, share: float) -> None:
        """Sets the probability of dropped paths for a share of the training, in [0, 1]."""
        if self._paths:
            self._share.fill_(self._final * share)


@contextmanager
def drawing_from(seed: int, device: str) -> Iterator[None]:
    """Seeds torch's global generators, which compiled dropouts draw from, and restores them afterwards."""
    with torch.random.fork_rng(devices=[] if device == "cpu" else [device]):
        torch.manual_seed(named_seed(seed, "dropout"))
        yield


def _dropping(module: nn.Dropout | nn.Dropout2d, generator: torch.Generator) -> Callable[[Tensor], Tensor]:
    """What a dropout computes, drawn from a generator."""
    keep, whole = 1 - module.p, isinstance(module, nn.Dropout2d)

    def forward(value: Tensor) -> Tensor:
        if not module.training:
            return value
        like = value[..., :1, :1] if whole else value
        return value * torch.empty_like(like).bernoulli_(keep, generator=generator).div_(keep)

    return forward
