"""A convolution's window."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """A convolution's window.

    Attributes:
        kernel: Height and width.
        stride: Down and across.
        dilation: Between taps, down and across.
    """

    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)

    @property
    def single(self) -> bool:
        """Whether it sees one pixel."""
        return self.kernel == (1, 1)

    @property
    def reach(self) -> tuple[int, int]:
        """Pixels between its first and last tap."""
        (kh, kw), (dh, dw) = self.kernel, self.dilation
        return (kh - 1) * dh, (kw - 1) * dw

    def __str__(self) -> str:
        return "_".join(f"{a}x{b}" for a, b in (self.kernel, self.stride, self.dilation))
