"""Which calls may meet images whose channels are last, and which turn them."""

from __future__ import annotations

from torch import fx, nn

from .part import NoLayerError

TO_LAST, TO_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)

TURNING = frozenset(("permute", "movedim", "moveaxis"))
"""Functions that reorder axes."""

PIXELWISE_FUNCTIONS = frozenset(
    "add clone contiguous dropout elu gelu hardsigmoid hardswish layer_norm leaky_relu linear mish mul "
    "native_layer_norm relu relu6 sigmoid silu stochastic_depth sub tanh".split()
)
"""Functions that do the same to each pixel, wherever its channels are."""

PIXELWISE_MODULES = (
    nn.Dropout,
    nn.ELU,
    nn.GELU,
    nn.Hardsigmoid,
    nn.Hardswish,
    nn.Identity,
    nn.LayerNorm,
    nn.LeakyReLU,
    nn.Linear,
    nn.Mish,
    nn.ReLU,
    nn.ReLU6,
    nn.SiLU,
    nn.Sigmoid,
    nn.Tanh,
)
"""Modules that do."""


def check_order(lasts: list[bool], pixelwise: bool) -> None:
    """Refuses what would take a row of pixels for the channels.

    Args:
        lasts: For each image that a call reads, whether its channels are last.
        pixelwise: Whether the call does the same to each pixel.

    Raises:
        NoLayerError: Some are last, and the call is another or reads images of both orders.
    """
    if any(lasts) and not (pixelwise and all(lasts)):
        raise NoLayerError(
            "it reads images whose channels are last, and layers read channels first: put them back"
        )


def turned(node: fx.Node) -> tuple[int, ...] | None:
    """The order of axes that a call of one of `TURNING` makes of four; None if it is not constant."""
    arguments = [
        *node.args[1:],
        *(value for key, value in node.kwargs.items() if key not in ("input", "self")),
    ]
    if node.target in ("movedim", "moveaxis") or getattr(node.target, "__name__", "") in (
        "movedim",
        "moveaxis",
    ):
        pair = arguments
        return TO_LAST if pair in ([1, -1], [1, 3]) else TO_FIRST if pair in ([-1, 1], [3, 1]) else None
    axes = arguments[0] if len(arguments) == 1 else arguments
    if not isinstance(axes, (tuple, list)) or not all(isinstance(axis, int) for axis in axes):
        return None
    return tuple(axis % 4 for axis in axes if isinstance(axis, int))
