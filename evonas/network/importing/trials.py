"""A model runs with one number of images, and must do the same with any other."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import fx, nn

from ...errors import UserError
from .calls import Noted, ReadsDataError
from .lines import raised_by_statement
from .watching import Watch

QUESTIONS = 8
"""So many questions about the number of images are tried both ways."""

NUMBERS = (1, 65)
"""Of images: tried where the model asks for their number in a way that does not say what it asks."""


class Seen(NamedTuple):
    """What a model did.

    Attributes:
        watch: Its calls.
        image: The node of the images.
        output: The node of the one tensor that it gave, if it depends on the images.
    """

    watch: Watch
    image: fx.Node
    output: fx.Node | None


def watched(model: nn.Module, example: torch.Tensor) -> Seen:
    """Runs a model and notes its calls, which do not depend on the number of images.

    Raises:
        UserError: They do, or depend on the images' content; the message names the line.
    """
    more = _with(model, example, len(example) + 1)
    watch = Watch(model, len(example), more.shapes if more else ())
    image, given = watch.run(model, example.clone())
    if more:
        _compare(watch.calls, more.calls, "one more")
    if watch.decisions.lost:
        for count in NUMBERS:
            if other := _with(model, example, count):
                _compare(watch.calls, other.calls, f"{count} images" if count > 1 else "one image")
    for number, line in enumerate(watch.decisions.lines):
        if number >= QUESTIONS or not _alike(model, example, watch, number, more):
            raise UserError(
                f"model: what it computes depends on the number of images, which was {len(example)}: {line}. "
                "An architecture computes the same for any number"
            )
    if isinstance(given, (tuple, list)) and len(given) == 1:
        given = given[0]
    return Seen(watch, image, watch.node_of(given))


def _with(model: nn.Module, example: torch.Tensor, count: int) -> Watch | None:
    """What the model does with another number of images; None if it does not read so many."""
    images = example[torch.arange(count) % len(example)]
    watch = Watch(model, count)
    try:
        watch.run(model, images)
    except ReadsDataError:
        raise
    except Exception:  # the model's own
        return None
    return watch


def _alike(model: nn.Module, example: torch.Tensor, watch: Watch, number: int, more: Watch | None) -> bool:
    """Whether a model does the same when a question about the number of images is answered the other way.

    It does as well if it then refuses by a statement of its own: `assert len(x) == 2`.
    """
    other = Watch(model, len(example), more.shapes if more else (), turned=number)
    try:
        other.run(model, example.clone())
    except Exception as error:  # the model's own
        return raised_by_statement(error)
    return [_same(call) for call in other.calls] == [_same(call) for call in watch.calls]


def _compare(calls: list[Noted], more: list[Noted], count: str) -> None:
    if [_same(call) for call in calls] == [_same(call) for call in more]:
        return
    longer = calls if len(calls) > len(more) else more
    pairs = zip(calls, more, strict=False)
    first = next((one for one, other in pairs if _same(one) != _same(other)), None)
    call = first or longer[min(len(calls), len(more))]
    where = f" ({call.line})" if call.line else ""
    raise UserError(
        f"model: what it computes depends on the number of images: with {count}, {call.name!r}{where} is "
        "another call or gets other numbers. An architecture computes the same for any number"
    )


def _same(call: Noted) -> tuple[Any, ...]:
    return call.name, call.numbers
