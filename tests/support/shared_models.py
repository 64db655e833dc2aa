"""Models of which a layer is called twice, each small, for images of 3×8×8."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn


class Calls(nn.Module):
    """Computes a function of itself and the images."""

    def __init__(self, function: Callable[..., torch.Tensor], **parts: nn.Module | nn.Parameter) -> None:
        super().__init__()
        self.function = function
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.function(self, images)


def conv(inputs: int, outputs: int, **choices: object) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1, **choices)


def block() -> nn.Sequential:
    return nn.Sequential(conv(4, 4, bias=False), nn.BatchNorm2d(4), nn.ReLU())


def _conv_twice(m: Calls, x: torch.Tensor) -> torch.Tensor:
    return m.head(m.again(F.relu(m.again(m.stem(x)))).mean((2, 3)))


def _block_twice(m: Calls, x: torch.Tensor) -> torch.Tensor:
    x = m.stem(x)
    return m.head((m.block(x + m.block(x))).mean((2, 3)))


def _linear_twice(m: Calls, x: torch.Tensor) -> torch.Tensor:
    return m.head(m.mix(F.relu(m.mix(m.stem(x).mean((2, 3))))))


def _loop(m: Calls, x: torch.Tensor) -> torch.Tensor:
    x = m.stem(x)
    for _ in range(3):
        x = m.block(x)
    return m.head(x.mean((2, 3)))


def _alias() -> Calls:
    def function(m: Calls, x: torch.Tensor) -> torch.Tensor:
        return m.head(m.second(F.relu(m.first(m.stem(x)))).mean((2, 3)))

    shared = conv(4, 4)
    return Calls(function, stem=conv(3, 4), first=shared, second=shared, head=nn.Linear(4, 5))


def _depthwise(m: Calls, x: torch.Tensor) -> torch.Tensor:
    x = m.stem(x)
    return m.head(m.mix(m.filters(F.relu(m.filters(x)))).mean((2, 3)))


def _two_sizes(m: Calls, x: torch.Tensor) -> torch.Tensor:
    x = F.relu(m.stem(x))
    fine, coarse = m.both(x), m.both(F.max_pool2d(x, 2))
    return m.head(torch.cat([fine.mean((2, 3)), coarse.mean((2, 3))], 1))


def _tied() -> Calls:
    def function(m: Calls, x: torch.Tensor) -> torch.Tensor:
        return m.head(m.second(F.relu(m.first(m.stem(x)))).mean((2, 3)))

    model = Calls(
        function, stem=conv(3, 4), first=conv(4, 4), second=conv(4, 4), head=nn.Linear(4, 5, bias=False)
    )
    model.second.weight, model.second.bias = model.first.weight, model.first.bias
    return model


def _factor(m: Calls, x: torch.Tensor) -> torch.Tensor:
    x = m.factor * m.norm(m.stem(x))
    return m.head((m.slope(m.factor * m.norm(m.slope(x)))).mean((2, 3)))


def _same_twice(m: Calls, x: torch.Tensor) -> torch.Tensor:
    x = m.stem(x)
    return m.head((m.block(x) + m.block(x)).mean((2, 3)))


SHARED: dict[str, Callable[[], nn.Module]] = {
    "a convolution twice": lambda: Calls(
        _conv_twice, stem=conv(3, 4), again=conv(4, 4), head=nn.Linear(4, 5)
    ),
    "a block twice": lambda: Calls(_block_twice, stem=conv(3, 4), block=block(), head=nn.Linear(4, 5)),
    "a linear layer twice": lambda: Calls(
        _linear_twice, stem=conv(3, 6), mix=nn.Linear(6, 6), head=nn.Linear(6, 5)
    ),
    "a block in a loop": lambda: Calls(_loop, stem=conv(3, 4), block=block(), head=nn.Linear(4, 5)),
    "two names": _alias,
    "depthwise filters twice": lambda: Calls(
        _depthwise,
        stem=conv(3, 4),
        filters=conv(4, 4, groups=4),
        mix=nn.Conv2d(4, 6, 1),
        head=nn.Linear(6, 5),
    ),
    "two sizes": lambda: Calls(_two_sizes, stem=conv(3, 4), both=conv(4, 6), head=nn.Linear(12, 5)),
    "tied weights": _tied,
    "a factor, a slope and a norm": lambda: Calls(
        _factor,
        stem=conv(3, 4),
        norm=nn.GroupNorm(2, 4),
        slope=nn.PReLU(4),
        factor=nn.Parameter(torch.rand(4, 1, 1)),
        head=nn.Linear(4, 5),
    ),
    "the same sum twice": lambda: Calls(_same_twice, stem=conv(3, 4), block=block(), head=nn.Linear(4, 5)),
}
"""By what is shared; how many layers are called again is `TIMES`."""

TIMES = {
    "a convolution twice": 1,
    "a block twice": 2,
    "a linear layer twice": 1,
    "a block in a loop": 4,
    "two names": 1,
    "depthwise filters twice": 1,
    "two sizes": 1,
    "tied weights": 1,
    "a factor, a slope and a norm": 3,
    "the same sum twice": 2,
}


def made(name: str) -> nn.Module:
    """One of them in evaluation mode, in double precision, with random weights and statistics."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        model = SHARED[name]()
        for key, tensor in model.named_buffers():
            if key.endswith("running_mean"):
                tensor.normal_(std=0.3)
            elif key.endswith("running_var"):
                tensor.uniform_(0.5, 2)
        return model.double().eval()
