"""Curves for TensorBoard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UserError
from ..evolution import Leader
from . import scalars
from .base import Callback, Generation
from .past import Past

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

    from ..evolution import Candidate
    from ..settings import Settings


class TensorBoardLog(Callback):
    """Writes event files: ``candidate/...`` by candidate, ``generation/...`` by generation.

    Args:
        folder: Where to; made if it is not there.

    Raises:
        UserError: TensorBoard is not installed.
    """

    def __init__(self, folder: str | Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise UserError(
                "tensorboard: needs an extra that is not installed: pip install 'evonas[tensorboard]'"
            ) from None
        self._open = SummaryWriter
        self.folder = Path(folder)
        self._writer: SummaryWriter | None = None
        self._leader = Leader()

    def on_resume(self, past: Past) -> None:
        self._leader = Leader(past.best)

    def on_start(self, settings: Settings, evaluated: int) -> None:
        self._writer = self._open(str(self.folder), purge_step=evaluated if evaluated else None)
        lines = [f"| {key} | {value} |" for key, value in settings.to_dict().items()]
        self._writer.add_text("settings", "\n".join(["| setting | value |", "| --- | --- |", *lines]))

    def on_candidate(self, candidate: Candidate) -> None:
        if self._writer is None:
            return
        for name, value in scalars.of_candidate(candidate).items():
            self._writer.add_scalar(f"candidate/{name}", value, candidate.number)
        if self._leader.takes(candidate):
            self._writer.add_scalar("candidate/best", self._leader.fitness, candidate.number)
            self._writer.add_text(
                "best", f"candidate {candidate.number}: `{candidate.genome}`", candidate.number
            )
        self._writer.flush()

    def on_generation(self, generation: Generation) -> None:
        if self._writer is not None:
            for name, value in scalars.of_generation(generation).items():
                self._writer.add_scalar(f"generation/{name}", value, generation.number)

    def on_end(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
