import pytest

from evonas.cli.figures import read_duration
from evonas.cli.progress import Clock, Lines, Silent, make_progress
from evonas.errors import UserError
from evonas.results.figures import amount, duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("5m", 300), ("2h", 7200), ("1h30m", 5400), ("1.5h", 5400), ("1d", 86_400)],
)
def test_times_are_read(text: str, seconds: float) -> None:
    assert read_duration(text, "max-time") == seconds


@pytest.mark.parametrize("text", ["", "0", "-5", "0m", "soon", "5x", "1.2.3", "nan", "m5"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(UserError, match="^max-time: expected a positive time such as 90, .* got "):
        read_duration(text, "max-time")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (61, "1 min 1 s"),
        (3_599.9, "1 h"),
        (7_290, "2 h 2 min"),
        (86_399, "1 d"),
        (180_000, "2 d 2 h"),
    ],
)
def test_times_are_written(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (999, "999"), (999_600, "1M"), (3 * 10**15, "3e+03T")]
)
def test_amounts(number: int, text: str) -> None:
    assert amount(number) == text


def test_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("evonas.cli.progress.time.monotonic", lambda: now[0])
    clock = Clock()
    clock.begin(total=10, done=4)
    assert clock.left() is None
    now[0] += 30
    clock.advance(5)
    assert clock.left() == 150
    now[0] += 20
    assert clock.left() == 130  # it counts down while a candidate runs
    now[0] += 500
    assert clock.left() == 0


def test_the_time_left_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("evonas.cli.progress.time.monotonic", lambda: now[0])
    clock = Clock(limit=60)
    clock.begin(total=10, done=0)
    assert clock.left() == 60
    now[0] += 30
    clock.advance(1)
    assert clock.left() == 30


def test_lines_are_occasional(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    monkeypatch.setattr("evonas.cli.progress.time.monotonic", lambda: now[0])
    with Lines("evaluated", between=10) as progress:
        progress.begin("begins", total=9)
        for done in range(1, 10):
            now[0] += 4
            progress.advance(done, f"best {done}")
    out, err = capsys.readouterr()
    assert not out
    assert err.splitlines() == [
        "begins",
        "3/9 evaluated, best 3, about 24 s left",
        "6/9 evaluated, best 6, about 12 s left",
        "9/9 evaluated, best 9",
    ]


def test_what_is_shown_where() -> None:
    assert isinstance(make_progress("epochs", quiet=True), Silent)
    assert isinstance(make_progress("epochs", quiet=False), Lines), "standard error is no terminal here"
