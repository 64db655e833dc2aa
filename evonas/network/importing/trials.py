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
    more = _with_one_more(model, example)
    watch = Watch(model, len(example), more.shapes if more else ())
    image, given = watch.run(model, example.clone())
    if more:
        _compare(watch.calls, more.calls)
    for number, line in enumerate(watch.decisions.lines):
        if number >= QUESTIONS or not _alike(model, example, watch, number, more):
            raise UserError(
                f"model: what it computes depends on the number of images, which was {len(example)}: {line}. "
                "An architecture computes the same for any number"
            )
    if isinstance(given, (tuple, list)) and len(given) == 1:
        given = given[0]
    return Seen(watch, image, watch.node_of(given))


def _with_one_more(model: nn.Module, example: torch.Tensor) -> Watch | None:
    """What the model does with one image more; None if it reads only as many as there are."""
    images = torch.cat([example, example[:1]])
    watch = Watch(model, len(images))
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


def _compare(calls: list[Noted], more: list[Noted]) -> None:
    if [_same(call) for call in calls] == [_same(call) for call in more]:
        return
    longer = calls if len(calls) > len(more) else more
    pairs = zip(calls, more, strict=False)
    first = next((one for one, other in pairs if _same(one) != _same(other)), None)
    call = first or longer[min(len(calls), len(more))]
    where = f" ({call.line})" if call.line else ""
    raise UserError(
        f"model: what it computes depends on the number of images: with one more, {call.name!r}{where} is "
        "another call or gets other numbers. An architecture computes the same for any number"
    )


def _same(call: Noted) -> tuple[Any, ...]:
    return call.name, call.numbers
