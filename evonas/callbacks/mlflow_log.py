"""A run in MLflow for a search."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..errors import UserError
from ..evolution import Leader
from ..files import set_meanwhile
from . import scalars
from .base import Callback, Generation
from .past import Past

if TYPE_CHECKING:
    from ..evolution import Candidate
    from ..settings import Settings

LONGEST = 500
"""Characters of a parameter's value: MLflow refuses much longer ones."""

AT_FIRST = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}
"""How long MLflow looks for its server before a search begins; later it tries again for minutes."""


class MlflowLog(Callback):
    """Logs settings as parameters, candidates and generations as metrics, and the best genotype as a tag.

    A run that goes on is another run there, which begins with the best so far.

    Args:
        tracking_uri: Where to, such as ``http://127.0.0.1:5000``, or ``sqlite:///mlflow.db`` where the whole
            of MLflow is installed; None for what MLflow's own settings say.
        experiment: Its name.
        name: The run's name; by default MLflow invents one.

    Raises:
        UserError: MLflow is not installed, or cannot log there.
    """

    def __init__(
        self, tracking_uri: str | None = None, experiment: str = "evonas", name: str | None = None
    ) -> None:
        try:
            from mlflow.tracking import MlflowClient
        except ImportError:
            raise UserError(
                "mlflow: needs an extra that is not installed: pip install 'evonas[mlflow]'"
            ) from None
        self.tracking_uri = tracking_uri
        self.experiment = experiment
        self.name = name
        self._client: Any = None
        with set_meanwhile(AT_FIRST), self._named():
            self._client = MlflowClient(tracking_uri=tracking_uri)
            self._client.get_experiment_by_name(experiment)
        self._run: str | None = None
        self._leader = Leader()

    def on_resume(self, past: Past) -> None:
        self._leader = Leader(past.best)

    def on_start(self, settings: Settings, evaluated: int) -> None:
        known = self._ask("get_experiment_by_name", self.experiment)
        number = known.experiment_id if known else self._ask("create_experiment", self.experiment)
        self._run = self._ask("create_run", number, run_name=self.name).info.run_id
        for key, value in settings.to_dict().items():
            self._ask("log_param", self._run, key, str(value)[:LONGEST])
        if evaluated:
            self._ask("set_tag", self._run, "evaluated_before", str(evaluated))
        if self._leader.candidate is not None:
            self._tell_best(self._leader.candidate)

    def on_candidate(self, candidate: Candidate) -> None:
        for name, value in scalars.of_candidate(candidate).items():
            self._ask("log_metric", self._run, name, value, step=candidate.number)
        if self._leader.takes(candidate):
            self._tell_best(candidate)

    def _tell_best(self, candidate: Candidate) -> None:
        self._ask("log_metric", self._run, "best", candidate.fitness, step=candidate.number)
        self._ask("set_tag", self._run, "best_candidate", str(candidate.number))
        self._ask("set_tag", self._run, "best_genome", str(candidate.genome)[:LONGEST])

    def on_generation(self, generation: Generation) -> None:
        for name, value in scalars.of_generation(generation).items():
            self._ask("log_metric", self._run, f"generation_{name}", value, step=generation.number)

    def on_end(self) -> None:
        if self._run is not None:
            run, self._run = self._run, None
            self._ask("set_terminated", run)

    def _ask(self, what: str, *values: Any, **more: Any) -> Any:
        """One request of MLflow's client."""
        with self._named():
            return getattr(self._client, what)(*values, **more)

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Says where MLflow could not log, and why; each kind of store raises errors of its own."""
        try:
            yield
        except Exception as error:
            why = " ".join(str(error).split()).rpartition("Caused by ")[2]
            where = "" if self.tracking_uri is None else f" {self.tracking_uri}"
            raise UserError(f"mlflow{where}: MLflow cannot log there: {why:.300}") from None
