"""What no candidate may exceed: it is rejected before anything is built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import UserError

if TYPE_CHECKING:
    from .architecture import Architecture


class TooLargeError(UserError):
    """A candidate is larger than the search allows."""


@dataclass(frozen=True)
class Ceilings:
    """The most that a candidate may have.

    Attributes:
        parameters: Trained numbers; None for no limit.
        flops: Floating-point operations for one image, likewise.
        memory: Bytes that its training may take, likewise. Batches are worked on in parts that stay within
            it.
    """

    parameters: int | None = None
    flops: int | None = None
    memory: int | None = None

    def check(self, architecture: Architecture) -> None:
        """Rejects an architecture that has more.

        Raises:
            TooLargeError: It does.
        """
        if self.parameters is not None and (count := architecture.parameter_count()) > self.parameters:
            raise _rejected(f"{count:,} parameters", f"max_parameters {self.parameters:,}")
        if self.flops is not None and (count := architecture.flops()) > self.flops:
            raise _rejected(f"{count:,} FLOPs", f"max_flops {self.flops:,}")


NO_CEILINGS = Ceilings()


def _rejected(has: str, limit: str) -> TooLargeError:
    return TooLargeError(f"rejected before training: {has}, more than {limit}")
