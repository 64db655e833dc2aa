import contextlib
import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import evonas as library
from evonas.cli.interrupts import stoppable


def wait_for_candidates(folder: Path, count: int, process: subprocess.Popen[str] | None = None) -> None:
    """Waits until so many results are in the journal."""
    while process is None or process.poll() is None:
        if (folder / "journal.db").is_file():
            result = library.load(folder)
            done = sum(row["status"] != "pending" for row in result.history)
            result.journal.close()
            if done >= count:
                return
        time.sleep(0.05)


def test_a_stopped_search_goes_on(
    start_process: Callable[..., subprocess.Popen[str]],
    evonas: Callable[..., Any],
    tiny: list[str],
    tmp_path: Path,
) -> None:
    folder = tmp_path / "my run"
    words, endless = ["--seed", 4, "--population", 3, *tiny], 10_000
    process = start_process("evolve", *words, "--budget", endless, "--run", folder, "--json")
    wait_for_candidates(folder, 1, process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"to go on: evonas resume '{folder}'" in err and "Traceback" not in err
    stopped = json.loads(out)
    assert 1 <= stopped["evaluated"] < endless and stopped["budget"] == endless

    with contextlib.closing((result := library.load(folder)).journal):
        budget = len(result.history) + 2
    ended = evonas("resume", folder, "--budget", budget, "--workers", 0, "--json")
    assert ended.status == 0 and json.loads(ended.out)["evaluated"] == budget
    whole = tmp_path / "whole"
    assert evonas("evolve", *words, "--budget", budget, "--run", whole, "--quiet").status == 0
    assert known(folder) == known(whole)


def test_sigterm_stops_alike(
    evonas: Callable[..., Any], tiny: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def terminate(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    folder = tmp_path / "r"
    with monkeypatch.context() as patched:
        patched.setattr("evonas.cli.session.Watcher.watch", terminate)
        ended = evonas("evolve", "--budget", 2, *tiny, "--run", folder)
    assert ended.status == 130 and not ended.out
    assert ended.err.endswith(f"stopped, 1 of 2 evaluated; to go on: evonas resume {folder}\n")
    assert json.loads(evonas("resume", folder, "--workers", 0, "--json").out)["evaluated"] == 2


def interrupted(evonas: Callable[..., Any], tiny: list[str], folder: Path, *more: str) -> Any:
    """A search in this process, of whose worker one result is there when Ctrl-C comes."""

    def interrupt() -> None:
        wait_for_candidates(folder, 1)
        os.kill(os.getpid(), signal.SIGINT)

    sender = threading.Thread(target=interrupt)
    sender.start()
    words = ["--population", 3, *tiny[:-1], 1, "--look-ahead", 9, "--budget", 10_000, "--run", folder]
    ended = evonas("evolve", *words, *more)
    sender.join()
    assert ended.status == 130
    return ended


def test_with_patience_what_has_begun_is_finished(
    evonas: Callable[..., Any], tiny: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "r"
    ended = interrupted(evonas, tiny, folder, "--finish")
    said = capfd.readouterr().err
    assert "no candidate begins any more; those being evaluated are waited for" in said
    assert "dropped" not in ended.err and "Traceback" not in ended.err + said
    assert ended.err.splitlines()[-1].endswith(f"to go on: evonas resume {folder}")


def test_what_is_dropped_is_said(evonas: Callable[..., Any], tiny: list[str], tmp_path: Path) -> None:
    ended = interrupted(evonas, tiny, tmp_path / "r")
    dropped, stopped = ended.err.splitlines()[-2:]
    assert re.match(r"dropped: candidates? [\d, and]+, begun and not finished; evaluated anew when", dropped)
    assert stopped.startswith("stopped, ")


def known(folder: Path) -> list[tuple[Any, ...]]:
    """What does not depend on time."""
    return [
        (row["id"], row["parents"], row["genome"], row["fitness"]) for row in library.load(folder).history
    ]


def test_stopped_before_it_began(
    evonas: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any, **__: Any) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("evonas.api.workbench", interrupt)
    ended = evonas("evolve", "--run", tmp_path / "r")
    assert ended == (130, "", "stopped before the run began\n")
    assert not (tmp_path / "r").exists()


def test_a_stopped_training_leaves_nothing(
    evonas: Callable[..., Any], copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any, **__: Any) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr("evonas.training.final_training.fit", interrupt)
    ended = evonas("train", copied)
    assert ended.status == 130 and ended.err.endswith(
        "stopped: the training was not finished, and nothing was saved\n"
    )
    assert not (copied / "final").exists()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_stop_that_python_drops_is_made_up_for() -> None:
    class Held:
        def __del__(self) -> None:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.01)  # the signal is handled in here, and what that raises is only printed

    with stoppable() as request:
        held = Held()
        del held
        with pytest.raises(KeyboardInterrupt):
            request.check()


def test_patience_has_an_end(capfd: pytest.CaptureFixture[str]) -> None:
    with stoppable(patient=True) as request:
        os.kill(os.getpid(), signal.SIGINT)
        request.check()
        assert request.finishing and not request.made
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert request.made
    assert capfd.readouterr().err.count("no candidate begins any more") == 1


def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with stoppable():
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stoppable() as request:
            os.kill(os.getpid(), signal.SIGINT)
            request.check()
    finally:
        signal.signal(signal.SIGINT, before)
