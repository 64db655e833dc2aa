"""What a DNA is made of: vertices and edges (Real et al. 2017, Section 3.2 and Supplement S1)."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ...errors import UserError

BACKBONE, SKIP = 1, 0
"""The precedences of a backbone edge and of a skip edge."""
MOST = sys.float_info.max
LARGEST = 1_000_000
"""The most that a number of a convolution may be; far above any cap."""


class Activation(StrEnum):
    """What a vertex does to the sum of its inputs."""

    LINEAR = "linear"
    BN_RELU = "bn-relu"


def rounded(value: float) -> int:
    """The whole number that a stored float stands for (footnote 3); a half is rounded up."""
    return math.floor(value + 0.5)


@dataclass(frozen=True, slots=True)
class Convolution:
    """What an edge with a convolution does. All numbers are floats, so that small mutations add up.

    Attributes:
        depth_factor: Output channels relative to input channels.
        filter_half_height: The filter is 2h + 1 pixels high, so always odd.
        filter_half_width: Likewise.
        stride_scale: The stride is 2 to this power.
    """

    depth_factor: float = 1.0
    filter_half_height: float = 1.0
    filter_half_width: float = 1.0
    stride_scale: float = 0.0

    def __post_init__(self) -> None:
        most = LARGEST
        if (
            type(self.depth_factor) is type(self.filter_half_height) is type(self.filter_half_width) is float
            and type(self.stride_scale) is float
            and 0 < self.depth_factor <= most
            and 0 <= self.filter_half_height <= most
            and 0 <= self.filter_half_width <= most
            and 0 <= self.stride_scale <= most
        ):
            return  # which is what mutations make; the rest is for what comes from a file
        for name in _NUMBERS:
            value = getattr(self, name)
            if not finite(value) or not 0 <= value <= LARGEST or (name == "depth_factor" and not value):
                least = "above 0" if name == "depth_factor" else "of at least 0"
                raise UserError(
                    f"large-scale {name}: expected a number {least} and at most {LARGEST}, got {value!r}"
                )

    def channels(self, inputs: int) -> int:
        """Output channels, at least one."""
        return rounded(self.depth_factor * inputs) or 1

    @property
    def kernel(self) -> tuple[int, int]:
        """Height and width of the filter."""
        return 2 * rounded(self.filter_half_height) + 1, 2 * rounded(self.filter_half_width) + 1

    @property
    def stride(self) -> int:
        """A power of two."""
        return 1 << min(rounded(self.stride_scale), 30)


_NUMBERS = ("depth_factor", "filter_half_height", "filter_half_width", "stride_scale")


@dataclass(frozen=True, slots=True)
class Edge:
    """A connection between two vertices.

    Attributes:
        source: The vertex that it reads.
        target: The vertex that it feeds.
        convolution: None for an identity connection.
        depth_precedence: Of all edges into a vertex, the highest decides its number of channels.
        scale_precedence: Likewise, its size.
    """

    source: str
    target: str
    convolution: Convolution | None = None
    depth_precedence: int = BACKBONE
    scale_precedence: int = BACKBONE

    def joining(self, source: str, target: str) -> Edge:
        """The same edge between other vertices."""
        return Edge(source, target, self.convolution, self.depth_precedence, self.scale_precedence)

    def convolving(self, convolution: Convolution) -> Edge:
        """The same edge with another convolution."""
        return Edge(self.source, self.target, convolution, self.depth_precedence, self.scale_precedence)


def finite(value: Any) -> bool:
    """Whether a value is a number, and one that floating point can hold."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MOST


def activation_from(value: Any) -> Activation:
    """An activation by its name.

    Raises:
        UserError: There is none of that name.
    """
    try:
        return Activation(value)
    except ValueError:
        raise UserError(f"large-scale vertex: expected 'linear' or 'bn-relu', got {value!r:.60}") from None


def edge_to_dict(edge: Edge) -> dict[str, Any]:
    """A form for JSON."""
    data: dict[str, Any] = {"source": edge.source, "target": edge.target}
    if edge.convolution is not None:
        data["convolution"] = {name: getattr(edge.convolution, name) for name in _NUMBERS}
    data["precedence"] = [edge.depth_precedence, edge.scale_precedence]
    return data


def edge_from_dict(data: Any) -> Edge:
    """The reverse of `edge_to_dict`.

    Raises:
        UserError: It is no such form.
    """
    try:
        depth, scale = data["precedence"]
        if not isinstance(data["source"], str) or not isinstance(data["target"], str):
            raise TypeError("vertices have names")
        choices = data.get("convolution")
        convolution = None if choices is None else Convolution(**choices)
        edge = Edge(data["source"], data["target"], convolution, depth, scale)
    except UserError:
        raise
    except (TypeError, ValueError, KeyError, AttributeError):
        raise UserError(
            "large-scale edge: expected source, target, precedence (depth, scale) and perhaps a convolution, "
            f"got {data!r:.80}"
        ) from None
    if not all(isinstance(number, int) and not isinstance(number, bool) for number in (depth, scale)):
        raise UserError(f"large-scale precedence: expected two whole numbers, got {data['precedence']!r}")
    return edge
