from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from step_by_step import StepByStep

from evonas.cli import main
from evonas.serving.watching import AT_MOST, WatchedRun
from evonas.testing.made_runs import make_run

Serving = Callable[..., str]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("runs") / "served", "genet", 12)


def ask(address: str, path: str = "/", method: str = "GET", **headers: str) -> tuple[int, Any, str]:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers=sent)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, answer.headers, body


def test_the_server_reads_and_guards(run: Path, serving: Serving) -> None:
    address = serving(run)
    assert address.startswith("http://127.0.0.1:")
    status, headers, page = ask(address)
    assert status == 200 and "12 of 12" in page and "access-control-allow-origin" not in headers
    assert "script-src 'self';" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
    assert ask(address, method="POST")[0] == ask(address, "/rows", "DELETE")[0] == 405
    assert ask(address, Host="evil.example")[0] == ask(address, Host="127.0.0.1.evil.example")[0] == 421
    assert ask(address, Host="localhost:1")[0] == 200
    assert ask(address, "/rows", Origin="http://evil.example")[0] == 403
    assert ask(address, "/rows", Origin="null")[0] == 403
    assert ask(address, "/rows", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors")[0] == 403
    assert ask(address, "/rows", Sec_Fetch_Site="same-origin")[0] == 200
    assert ask(address, "/assets/core.js")[0] == 200
    for path in ("/assets/../journal.db", "/assets/page.html.j2", "/assets/..%2fpage.py", "/journal.db"):
        assert ask(address, path)[0] == 404
    for path, status in {"/rows?after=x": 400, "/individual/99": 404, f"/individual/{10**30}": 404}.items():
        assert ask(address, path)[0] == status
    drawn = json.loads(ask(address, "/individual/11")[2])
    assert drawn["genotype"].startswith("<svg") and drawn["curve"]


def test_a_further_host_name(run: Path, serving: Serving) -> None:
    address = serving(run, "--allow-host", "Lab.example:8800", "--allow-host", "other.example")
    assert ask(address, Host="lab.example")[0] == ask(address, Host="lab.example:8800")[0] == 200
    assert ask(address, Host="other.example:1")[0] == 200
    assert ask(address, Host="third.example")[0] == 421


def test_only_what_has_changed_is_sent(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evonas.serving.watching.AT_MOST", 0.0)
    assert AT_MOST > 0
    with StepByStep(tmp_path / "run", run, 12) as search:
        search.evaluated(*range(10))
        watched = WatchedRun(tmp_path / "run")
        first = watched.news(0, "")
        assert len(first["rows"]) == 10
        same = watched.news(first["revision"], first["server"])
        assert same["revision"] == first["revision"] and "rows" not in same
        search.evaluated(10, 11)
        more = watched.news(first["revision"], first["server"])
        assert [row[0] for row in more["rows"]] == [10, 11] and more["state"] == "complete"
        assert len(watched.news(first["revision"], "another")["rows"]) == 12
    watched.close()


def test_a_row_changes_when_its_result_comes(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evonas.serving.watching.AT_MOST", 0.0)
    with StepByStep(tmp_path / "run", run, 12) as search:
        search.asked(0)
        watched = WatchedRun(tmp_path / "run")
        first = watched.news(0, "")
        assert [row[3] for row in first["rows"]] == ["pending"]
        assert first["state"].startswith("1 being evaluated, last news")
        search.told(0)
        search.asked(1)
        news = watched.news(first["revision"], first["server"])
        status = search.candidates[0].row()["status"]
        assert [(row[0], row[3]) for row in news["rows"]] == [(0, status), (1, "pending")]
    watched.close()


def test_another_run_in_the_same_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evonas.serving.watching.AT_MOST", 0.0)
    folder = make_run(tmp_path / "run", "genet", 4)
    watched = WatchedRun(folder)
    first = watched.news(0, "")
    folder.rename(tmp_path / "old")
    make_run(folder, "genet", 6)
    news = watched.news(first["revision"], first["server"])
    assert news["server"] != first["server"] and len(news["rows"]) == 6
    watched.close()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--port", "70000"], "port: expected a number from 0 to 65535, got 70000"),
        (["--host", "203.0.113.7"], "host 203.0.113.7, port 8800: cannot listen there"),
        (["--host", "a..b"], "host a..b, port 8800: cannot listen there"),
        (["--host", "a" * 64 + ".b"], "port 8800: cannot listen there"),
        (["--host", ""], "host: expected a name such as lab.example, got ''"),
        (
            ["--allow-host", "http://lab.example"],
            "allow-host: expected a name such as lab.example, got 'http",
        ),
        (["--allow-host", ":80"], "allow-host: expected a name such as lab.example, got ':80'"),
    ],
)
def test_bad_input(run: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", str(run), *words]) == 2
    said = capsys.readouterr().err
    assert message in said and said.count("\n") == 1


def test_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", str(tmp_path)]) == 2
    assert "no run is there" in capsys.readouterr().err
