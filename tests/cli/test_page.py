"""How commands to go on with are laid out."""

import pytest

from evonas.cli.page import Page

SHORT = [("evonas show r", "how it arose"), ("evonas draw r -o best.svg", "see it")]


@pytest.mark.parametrize(
    ("columns", "lines"),
    [
        (80, ["  evonas show r              how it arose", "  evonas draw r -o best.svg  see it"]),
        (41, ["  evonas show r              how it arose", "  evonas draw r -o best.svg  see it"]),
        (40, ["  # how it arose", "  evonas show r", "  # see it", "  evonas draw r -o best.svg"]),
    ],
)
def test_what_a_command_does_is_said_however_long_it_is(
    columns: int, lines: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    Page().commands(SHORT)
    assert capsys.readouterr().out.splitlines() == ["", "Next", *lines]
