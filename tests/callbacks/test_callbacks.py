from __future__ import annotations

import csv
import math
import os
import shutil
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

import evonas
from evonas.callbacks import Callback, CsvLog, Generation, MlflowLog, TensorBoardLog
from evonas.callbacks.mlflow_log import AT_FIRST
from evonas.errors import UserError


def fitness(genome: Any, rng: Any) -> float:
    if sum(genome) % 5 == 0:
        raise ValueError("five ones, or ten")
    return float(sum(genome))


@pytest.fixture
def search() -> Callable[..., Any]:
    def run(budget: int = 12, **more: Any) -> Any:
        given = {"seed": 3, "population": 4, "evaluate": fitness, "needs": "genome", **more}
        return evonas.evolve("genet", budget=budget, **given)

    return run


class Listener(Callback):
    def __init__(self) -> None:
        self.heard: list[Any] = []

    def on_start(self, settings: Any, evaluated: int) -> None:
        self.heard.append(("start", settings.genome, evaluated))

    def on_candidate(self, candidate: Any) -> None:
        self.heard.append(candidate.number)

    def on_generation(self, generation: Generation) -> None:
        self.heard.append(generation)

    def on_end(self) -> None:
        self.heard.append("end")


def test_what_a_callback_hears(search: Callable[..., Any]) -> None:
    listener = Listener()
    result = search(10, callbacks=[listener])
    heard = listener.heard
    assert heard[0] == ("start", "genet", 0) and heard[-1] == "end"
    assert [item for item in heard if isinstance(item, int)] == list(range(10))
    first, second = (item for item in heard if isinstance(item, Generation))
    assert [c.number for c in first.candidates] == [0, 1, 2, 3] and second.number == 1
    assert heard[5] is first
    done = [row["fitness"] for row in result.history if row["fitness"] is not None and row["id"] < 8]
    assert second.best.fitness == max(done)


def test_the_mean_is_of_those_that_did_not_fail(search: Callable[..., Any]) -> None:
    listener = Listener()
    result = search(12, callbacks=[listener])
    rows = list(result.history)
    assert any(row["fitness"] is None for row in rows)
    for generation in (item for item in listener.heard if isinstance(item, Generation)):
        known = [rows[c.number]["fitness"] for c in generation.candidates]
        known = [value for value in known if value is not None]
        assert generation.mean == (sum(known) / len(known) if known else None)


def lower_and_lower(genome: Any, rng: Any) -> float:
    """The first is the best of all; one fails."""
    if genome.number == 5:
        raise ValueError("five")
    return 10.0 - genome.number


@pytest.fixture
def stopped(search: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """A search that stops after some candidates, and goes on."""

    def run(after: int, before: list[Callback], later: list[Callback]) -> Any:
        def stop(candidate: Any) -> None:
            if candidate.number == after - 1:
                raise KeyboardInterrupt

        folder = tmp_path / f"stopped-{after}"
        with pytest.raises(KeyboardInterrupt):
            search(run=folder, callbacks=before, watch=stop, evaluate=lower_and_lower)
        return evonas.resume(folder, needs="genome", callbacks=later, evaluate=lower_and_lower)

    return run


@pytest.mark.parametrize("after", [1, 4, 6, 11])
def test_a_run_that_goes_on_is_heard_of_as_if_it_had_not_been_stopped(
    search: Callable[..., Any], stopped: Callable[..., Any], after: int
) -> None:
    whole, before, later = Listener(), Listener(), Listener()
    search(evaluate=lower_and_lower, callbacks=[whole])
    stopped(after, [before], [later])
    assert later.heard[0] == ("start", "genet", after)

    def told(heard: list[Any]) -> list[Any]:
        return [
            (item.number, item.mean, item.best.number, [c.row() | {"seconds": 0} for c in item.candidates])
            if isinstance(item, Generation)
            else item
            for item in heard
            if isinstance(item, Generation | int)
        ]

    assert told(before.heard) + told(later.heard) == told(whole.heard)


def test_what_was_done_before_is_told_where_a_run_goes_on_and_only_there(stopped: Callable[..., Any]) -> None:
    class Past(Callback):
        def __init__(self) -> None:
            self.heard: list[Any] = []

        def on_resume(self, past: Any) -> None:
            self.heard.append((past.best.number, [c.number for c in past.candidates()]))

        def on_start(self, settings: Any, evaluated: int) -> None:
            self.heard.append(evaluated)

    before, later = Past(), Past()
    stopped(6, [before], [later])
    assert before.heard == [0] and later.heard == [(0, list(range(6))), 6]


def test_callbacks_change_nothing_in_a_search(search: Callable[..., Any]) -> None:
    assert [r["genome"] for r in search(callbacks=[Listener()]).history] == [
        r["genome"] for r in search().history
    ]


def test_a_callback_that_raises_ends_the_search_and_all_hear_of_it(
    search: Callable[..., Any], tmp_path: Path
) -> None:
    class Broken(Callback):
        def on_candidate(self, candidate: Any) -> None:
            if candidate.number == 4:
                raise OSError("the disk is full")

    listener = Listener()
    with pytest.raises(OSError, match="the disk is full"):
        search(run=tmp_path / "run", callbacks=[listener, Broken()])
    assert listener.heard[-1] == "end"
    assert evonas.load(tmp_path / "run").journal.counts()[1] == 5


class EndsBadly(Callback):
    def __init__(self, error: BaseException) -> None:
        self.error = error

    def on_end(self) -> None:
        raise self.error


def test_all_hear_of_the_end_even_where_one_raises_then(search: Callable[..., Any]) -> None:
    listener = Listener()
    first, second = EndsBadly(OSError("no space for the last line")), EndsBadly(ValueError("nor here"))
    with (
        pytest.warns(RuntimeWarning, match=r"at the end: ValueError\('nor here'\)"),
        pytest.raises(OSError, match="no space for the last line"),
    ):
        search(4, callbacks=[first, second, listener])
    assert listener.heard[-1] == "end"


def test_what_ended_the_search_goes_before_what_its_end_raises(search: Callable[..., Any]) -> None:
    def stop(candidate: Any) -> None:
        raise KeyboardInterrupt

    with pytest.warns(RuntimeWarning, match="at the end: OSError"), pytest.raises(KeyboardInterrupt):
        search(4, callbacks=[EndsBadly(OSError("no space"))], watch=stop)


def check_csv(path: Path, result: Any) -> None:
    """Checks that a log holds each candidate of a search once, in order."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row, known in zip(rows, result.history, strict=True):
        assert int(row["id"]) == known["id"]
        assert row["genome"] == known["genome"] and row["reason"] == known["reason"]
        assert row["fitness"] == ("" if known["fitness"] is None else str(known["fitness"]))
        assert row["parents"] == " ".join(map(str, known["parents"]))


def no_line(lines: list[str], *numbers: int) -> str:
    return "".join(line for number, line in enumerate(lines) if number not in numbers)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("".join, id="as it was"),
        pytest.param(lambda lines: "".join(lines)[:-20], id="last line cut short"),
        pytest.param(lambda lines: lines[0][:10], id="header cut short"),
        pytest.param(lambda lines: "", id="empty"),
        pytest.param(lambda lines: no_line(lines, 6), id="without the last"),
        pytest.param(lambda lines: no_line(lines, 1, 4), id="with holes"),
        pytest.param(lambda lines: "".join([*lines, lines[-1]]), id="the last twice"),
        pytest.param(lambda lines: "".join(lines).replace("\r\n", "\n"), id="other line ends"),
    ],
)
def test_a_file_of_values_goes_on_when_its_run_does(
    search: Callable[..., Any], tmp_path: Path, change: Callable[[list[str]], str]
) -> None:
    path, run = tmp_path / "log.csv", tmp_path / "run"
    search(6, run=run, callbacks=[CsvLog(path)])
    path.write_bytes(change(path.read_bytes().decode().splitlines(keepends=True)).encode())
    check_csv(path, evonas.resume(run, budget=12, evaluate=fitness, needs="genome", callbacks=[CsvLog(path)]))
    assert [item.name for item in tmp_path.iterdir() if item != run] == ["log.csv"]


def test_a_file_of_values_has_what_ended_without_it(search: Callable[..., Any], tmp_path: Path) -> None:
    class Dies(Callback):
        def on_candidate(self, candidate: Any) -> None:
            raise OSError("here the process ends")

    path, run = tmp_path / "log.csv", tmp_path / "run"
    more = {"evaluate": fitness, "needs": "genome"}
    with pytest.raises(OSError, match="here the process ends"):
        search(6, run=run, callbacks=[Dies(), CsvLog(path)])  # in the journal, and not in the log
    check_csv(path, evonas.resume(run, **more, callbacks=[CsvLog(path)]))
    evonas.resume(run, budget=9, **more)
    check_csv(path, evonas.resume(run, budget=12, **more, callbacks=[CsvLog(path)]))
    check_csv(
        tmp_path / "late.csv",
        evonas.resume(run, budget=14, **more, callbacks=[CsvLog(tmp_path / "late.csv")]),
    )


def test_the_log_of_another_run_stays_as_it_is(search: Callable[..., Any], tmp_path: Path) -> None:
    path, run = tmp_path / "log.csv", tmp_path / "run"
    search(6, run=tmp_path / "other", seed=4, callbacks=[CsvLog(path)])
    known = path.read_bytes()
    search(6, run=run)
    with pytest.raises(UserError, match="expected the log of this run, which has no such line as .'0'"):
        evonas.resume(run, budget=8, evaluate=fitness, needs="genome", callbacks=[CsvLog(path)])
    assert path.read_bytes() == known
    assert evonas.load(run).journal.counts() == (6, 6)


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b"\x89PNG\xff\xfe\x00", b"\n"])
def test_a_foreign_file_stays_as_it_is(search: Callable[..., Any], tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "precious.csv"
    path.write_bytes(content)
    with pytest.raises(UserError, match="expected a new file or a log that evonas wrote, got another file"):
        search(run=tmp_path / "run", callbacks=[CsvLog(path)])
    assert path.read_bytes() == content and not (tmp_path / "run").exists()


def test_a_new_run_begins_its_file_anew(search: Callable[..., Any], tmp_path: Path) -> None:
    search(6, seed=4, callbacks=[CsvLog(tmp_path / "log.csv")])
    check_csv(tmp_path / "log.csv", search(4, callbacks=[CsvLog(tmp_path / "log.csv")]))


def test_curves_for_tensorboard(search: Callable[..., Any], tmp_path: Path) -> None:
    accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator", reason="needs evonas[tensorboard]"
    )
    result = search(callbacks=[TensorBoardLog(tmp_path / "board")])
    events = accumulator.EventAccumulator(str(tmp_path / "board"))
    events.Reload()
    known = {row["id"]: row["fitness"] for row in result.history if row["fitness"] is not None}
    assert {event.step: event.value for event in events.Scalars("candidate/fitness")} == known
    best = [event.value for event in events.Scalars("candidate/best")]
    assert best == sorted(best) and best[-1] == max(known.values())
    assert [event.step for event in events.Scalars("generation/mean")] == [0, 1, 2]


def test_the_best_in_tensorboard_is_that_of_the_whole_run(
    stopped: Callable[..., Any], tmp_path: Path
) -> None:
    accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator", reason="needs evonas[tensorboard]"
    )
    stopped(6, [], [TensorBoardLog(tmp_path / "board")])
    events = accumulator.EventAccumulator(str(tmp_path / "board"))
    events.Reload()
    assert [event.step for event in events.Scalars("candidate/fitness")] == list(range(6, 12))
    assert "candidate/best" not in events.Tags()["scalars"]  # none was better than candidate 0
    assert [event.value for event in events.Scalars("generation/best")] == [10, 10]


def test_the_best_in_mlflow_is_that_of_the_whole_run(
    stopped: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlflow = pytest.importorskip("mlflow", reason="needs evonas[mlflow]")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    uri = (tmp_path / "mlruns").as_uri()
    stopped(6, [], [MlflowLog(uri, "tests", "later")])
    client = mlflow.tracking.MlflowClient(uri)
    (run,) = client.search_runs([client.get_experiment_by_name("tests").experiment_id])
    assert run.data.metrics["best"] == 10 and run.data.tags["best_candidate"] == "0"
    assert run.data.tags["evaluated_before"] == "6"


def test_a_run_in_mlflow(search: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mlflow = pytest.importorskip("mlflow", reason="needs evonas[mlflow]")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.chdir(tmp_path)
    uri = (tmp_path / "mlruns").as_uri()
    result = search(callbacks=[MlflowLog(uri, "tests", "one")])
    client = mlflow.tracking.MlflowClient(uri)
    (run,) = client.search_runs([client.get_experiment_by_name("tests").experiment_id])
    assert run.info.status == "FINISHED" and run.data.params["strategy"] == "genetic"
    assert run.data.tags["best_candidate"] == str(result.best.id)
    assert math.isclose(run.data.metrics["best"], result.best.fitness)
    history = client.get_metric_history(run.info.run_id, "fitness")
    known = {row["id"]: row["fitness"] for row in result.history if row["fitness"] is not None}
    assert {point.step: point.value for point in history} == known


def test_bad_input(search: Callable[..., Any], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="callbacks: expected instances of Callback, got 3"):
        search(callbacks=[3])
    with pytest.raises(UserError, match="csv: expected a file in a folder that exists, got .*nowhere"):
        CsvLog(tmp_path / "nowhere" / "a.csv")


class Busy(BaseHTTPRequestHandler):
    """A server that asks to come again, and counts who comes."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_error(503)

    def log_message(self, *_: Any) -> None:
        pass


def test_an_mlflow_that_does_not_serve_is_asked_once_before_a_search(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mlflow", reason="needs evonas[mlflow]")
    for name in AT_FIRST:
        monkeypatch.delenv(name, raising=False)
    with HTTPServer(("127.0.0.1", 0), Busy) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with pytest.raises(
                UserError, match=r"mlflow http://127.0.0.1:\d+: MLflow cannot log there: .*503"
            ):
                MlflowLog(f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()
    assert len(Busy.asked) == 1
    assert not AT_FIRST.keys() & os.environ.keys()


def test_an_mlflow_that_is_lost_ends_the_search_with_its_name(
    search: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mlflow", reason="needs evonas[mlflow]")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")

    class Loses(Callback):
        def on_candidate(self, candidate: Any) -> None:
            shutil.rmtree(tmp_path / "mlruns", ignore_errors=True)

    log = MlflowLog((tmp_path / "mlruns").as_uri())
    with (
        pytest.warns(RuntimeWarning, match="a callback failed at the end"),
        pytest.raises(UserError, match="mlruns: MLflow cannot log there: "),
    ):
        search(run=tmp_path / "run", callbacks=[Loses(), log])
    assert evonas.load(tmp_path / "run").journal.counts()[1] == 1


@pytest.mark.parametrize(
    ("log", "module", "extra"),
    [
        (lambda: TensorBoardLog("x"), "torch.utils.tensorboard", "tensorboard"),
        (MlflowLog, "mlflow.tracking", "mlflow"),
    ],
)
def test_a_missing_extra_is_named(
    log: Callable[[], Any], module: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UserError, match=rf"{extra}: needs an extra .* pip install 'evonas\[{extra}\]'"):
        log()
