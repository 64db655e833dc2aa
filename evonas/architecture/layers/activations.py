"""Activations beside the rectifier: functions of one number, none with a tensor.

`ReLU6` is idempotent, as `ReLU` is; the others change what they have given out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ...errors import UserError
from .base import Keeps, Layer

if TYPE_CHECKING:
    from torch import fx


@dataclass(frozen=True)
class _Activation(Layer):
    """A function of each number by itself."""

    keeps: ClassVar[Keeps] = "input"

    def function(self) -> tuple[Callable[..., Any], dict[str, Any]]:
        """The function of PyTorch's, and its options."""
        raise NotImplementedError

    def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
        function, options = self.function()
        return graph.create_node(
            "call_function", function, (values[0],), options, name=name.replace(".", "_")
        )


@dataclass(frozen=True)
class ReLU6(_Activation):
    """min(max(x, 0), 6) (Howard et al. 2017). Idempotent."""

    idempotent = True

    def function(self) -> tuple[Callable[..., Any], dict[str, Any]]:
        import torch.nn.functional as F

        return F.relu6, {}


@dataclass(frozen=True)
class SiLU(_Activation):
    """x · sigmoid(x), also called swish (Ramachandran et al. 2017). Not idempotent."""

    def function(self) -> tuple[Callable[..., Any], dict[str, Any]]:
        import torch.nn.functional as F

        return F.silu, {}


@dataclass(frozen=True)
class GELU(_Activation):
    """x · Φ(x), with the normal distribution's Φ (Hendrycks and Gimpel 2016). Not idempotent.

    Attributes:
        approximate: Whether Φ is approximated by a hyperbolic tangent.
    """

    approximate: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.approximate, bool):
            raise UserError(f"GELU approximate: expected true or false, got {self.approximate!r}")

    def function(self) -> tuple[Callable[..., Any], dict[str, Any]]:
        import torch.nn.functional as F

        return F.gelu, {"approximate": "tanh"} if self.approximate else {}


@dataclass(frozen=True)
class Hardswish(_Activation):
    """x · min(max(x + 3, 0), 6) / 6 (Howard et al. 2019). Not idempotent."""

    def function(self) -> tuple[Callable[..., Any], dict[str, Any]]:
        import torch.nn.functional as F

        return F.hardswish, {}


@dataclass(frozen=True)
class Hardsigmoid(_Activation):
    """min(max(x + 3, 0), 6) / 6, the gate of MobileNetV3 (Howard et al. 2019). Not idempotent."""

    def function(self) -> tuple[Callable[..., Any], dict[str, Any]]:
        import torch.nn.functional as F

        return F.hardsigmoid, {}


@dataclass(frozen=True)
class Sigmoid(_Activation):
    """1 / (1 + exp(-x)). Not idempotent."""

    keeps = "output"

    def function(self) -> tuple[Callable[..., Any], dict[str, Any]]:
        import torch

        return torch.sigmoid, {}


@dataclass(frozen=True)
class Tanh(_Activation):
    """The hyperbolic tangent. Not idempotent."""

    keeps = "output"

    def function(self) -> tuple[Callable[..., Any], dict[str, Any]]:
        import torch

        return torch.tanh, {}


@dataclass(frozen=True)
class ELU(_Activation):
    """x where positive, alpha · (exp(x) - 1) elsewhere (Clevert et al. 2016). Not idempotent.

    Attributes:
        alpha: What the negative side tends to, negated; above 0.
    """

    alpha: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.alpha, int | float) or not self.alpha > 0:
            raise UserError(f"ELU alpha: expected above 0, got {self.alpha!r}")

    def function(self) -> tuple[Callable[..., Any], dict[str, Any]]:
        import torch.nn.functional as F

        return F.elu, {"alpha": float(self.alpha)}


@dataclass(frozen=True)
class Mish(_Activation):
    """x · tanh(ln(1 + exp(x))) (Misra 2020). Not idempotent."""

    def function(self) -> tuple[Callable[..., Any], dict[str, Any]]:
        import torch.nn.functional as F

        return F.mish, {}
