"""Help of commands with many options: in groups, what most people want first, nothing cut."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import typer

from evonas.cli.app import COMMANDS, OFTEN, app
from evonas.cli.panels import MOST, PANELS

MANY = 15
"""Options; a command that has more shows them in groups."""


def options_of(command: str) -> list[Any]:
    made = typer.main.get_command(app).commands[command]
    return [one for one in made.params if one.param_type_name == "option"]


def test_commands_with_many_options_have_groups() -> None:
    assert {name for name in COMMANDS if len(options_of(name)) > MANY} == set(OFTEN)


@pytest.mark.parametrize("command", list(OFTEN))
def test_every_option_belongs_to_a_group(command: str) -> None:
    made = typer.main.get_command(app).commands[command]
    groups = {one.name: made.panel_of(one) for one in options_of(command)}
    assert [name for name, group in groups.items() if group not in PANELS] == []
    assert [one.name for one in options_of(command) if one.rich_help_panel not in PANELS] == []
    first = [name for name, group in groups.items() if group == PANELS[0]]
    assert sorted(first) == sorted(OFTEN[command]) and 0 < len(first) <= MOST


@pytest.mark.parametrize("command", list(OFTEN))
def test_help_shows_all_of_each_option_within_80_columns(
    evonas: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = evonas(command, "--help").out.splitlines()
    assert max(len(line) for line in lines) <= 80
    titles = [line.removesuffix(":") for line in lines if line.endswith(":") and not line.startswith(" ")]
    assert titles == [title for title in ("Arguments", *PANELS, "Options") if title in titles]
    begin = [line.split() for line in lines if line.startswith("  -")]
    shown = {words[0]: words[1:2] for words in begin}
    wanted = {one.opts[0]: one.metavar for one in options_of(command)}
    assert {name for name in shown if name != "-h,"} == set(wanted)
    assert [name for name, metavar in wanted.items() if metavar and shown[name] != [metavar]] == []
    first = [words[0] for words in begin][: len(OFTEN[command])]
    names = {one.opts[0]: one.name for one in options_of(command)}
    assert [names[name] for name in first] == list(OFTEN[command])
    assert "…" not in "\n".join(lines)
