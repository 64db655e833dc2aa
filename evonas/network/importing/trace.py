"""Traces of models: a graph of calls, and what each call gave for an example."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import fx, nn
from torch.export import ExportedProgram

from ...errors import UserError
from .memory import Memory
from .part import Value
from .programs import Recorder, example_of
from .trials import watched
from .views import version


@dataclass(frozen=True)
class Traced:
    """A traced model.

    Attributes:
        module: The model.
        graph: What it does.
        results: What each node gave: a `Value` for a tensor that depends on the images, itself for all else.
        image: The node of the images.
        output: The node of the logits.
        expected: What the model itself gives for the example.
        unsteady: The addresses of the model's own tensors that it changes while it computes.
        program: Whether it is a program, which has no modes.
    """

    module: nn.Module
    graph: fx.Graph
    results: dict[fx.Node, Any]
    image: fx.Node
    output: fx.Node
    expected: torch.Tensor
    unsteady: frozenset[int] = frozenset()
    program: bool = False

    def evaluating(self) -> AbstractContextManager[None]:
        """Evaluation mode, for as long as it takes."""
        return nullcontext() if self.program else _evaluating(self.module)

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """What the model itself gives for other images, which it may change."""
        with self.evaluating():
            logits: torch.Tensor = alone(self.module(images))
            return logits


def trace(model: nn.Module | ExportedProgram, example: torch.Tensor | None) -> Traced:
    """Traces a model in evaluation mode.

    Raises:
        UserError: The model or the example is not what was expected, or what the model does depends on data.
    """
    if isinstance(model, ExportedProgram):
        return _of_program(model, _checked(example_of(model) if example is None else example))
    if not isinstance(model, nn.Module):
        raise UserError(f"model: expected an nn.Module or an ExportedProgram, got {type(model).__name__}")
    for path, module in model.named_modules():
        if isinstance(module, torch.jit.ScriptModule):
            raise UserError(
                f"model: expected an nn.Module as it was before TorchScript{path and ', got one in '}{path}"
            )
    return _of_module(bare(model), _checked(example))


def bare(model: nn.Module) -> nn.Module:
    """A model without what torch.compile and parallel training put around it."""
    around = (nn.DataParallel, nn.parallel.DistributedDataParallel)
    while True:
        inner = model.module if isinstance(model, around) else getattr(model, "_orig_mod", model)
        if inner is model:
            return model
        model = inner


def _checked(example: torch.Tensor | None) -> torch.Tensor:
    if not isinstance(example, torch.Tensor) or example.dim() < 2 or not example.is_floating_point():
        got = (
            f"{example.dtype} {tuple(example.shape)}" if isinstance(example, torch.Tensor) else repr(example)
        )
        raise UserError(f"example: expected a batch of images (n, channels, height, width), got {got:.80}")
    return example


def alone(given: Any) -> Any:
    """What a model gives, without a tuple of one around it."""
    return given[0] if isinstance(given, (tuple, list)) and len(given) == 1 else given


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode, for as long as it takes."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, training in modes.items():
            module.training = training


def _read_alone(model: nn.Module) -> None:
    """Checks that a model reads one argument; others keep their defaults."""
    parameters = list(inspect.signature(model.forward).parameters.values())
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    named = [parameter for parameter in parameters[1:] if parameter.kind not in variadic]
    if missing := [parameter.name for parameter in named if parameter.default is parameter.empty]:
        raise UserError(f"model: expected it to read the images alone, but it reads {', '.join(missing)} too")


def _of_module(model: nn.Module, example: torch.Tensor) -> Traced:
    _read_alone(model)
    with _evaluating(model), _on(example):
        expected = model(example.clone())
        before = _versions(model)
        seen = watched(model, example)
        unsteady = _changed(before, _versions(model))
    return _traced(model, seen.watch.memory, (seen.image, seen.output), (example, expected), unsteady)


def _of_program(program: ExportedProgram, example: torch.Tensor) -> Traced:
    module = program.module()
    if not isinstance(module, fx.GraphModule):
        raise UserError(f"model: expected a program with a graph, got {type(module).__name__}")
    recorder = Recorder(module, module.graph)
    with _on(example):
        expected = module(example.clone())
        before = _versions(module)
        recorder.run(example.clone())
        unsteady = _changed(before, _versions(module))
    ends = (recorder.image, recorder.given)
    return replace(_traced(module, recorder.memory, ends, (example, expected), unsteady), program=True)


def _versions(model: nn.Module) -> dict[int, int]:
    """How often each of a model's own tensors was changed in place."""
    return {tensor.data_ptr(): version(tensor) for tensor in [*model.parameters(), *model.buffers()]}


def _changed(before: dict[int, int], after: dict[int, int]) -> frozenset[int]:
    return frozenset(place for place, at in after.items() if before.get(place) != at)


@contextmanager
def _on(example: torch.Tensor) -> Iterator[None]:
    """Says what a model itself raises as what it is."""
    try:
        with torch.inference_mode(False), torch.no_grad():
            yield
    except UserError:
        raise
    except Exception as error:  # the model's own
        raise UserError(
            f"example: the model cannot read a batch of shape {tuple(example.shape)} and {example.dtype}: "
            f"{type(error).__name__}: {_line(error)}"
        ) from error


def _traced(
    module: nn.Module,
    memory: Memory,
    ends: tuple[fx.Node, fx.Node | None],
    seen: tuple[torch.Tensor, Any],
    unsteady: frozenset[int],
) -> Traced:
    """Checks that a model gives logits.

    Args:
        module: The model.
        memory: What it does.
        ends: The nodes of the images and of what it gives.
        seen: The images, and what it gave.
        unsteady: The addresses of its own tensors that it changed.
    """
    example, expected = seen[0], alone(seen[1])
    image, output = ends
    result = None if output is None else memory.results.get(output)
    if output is not None and "lost" in output.meta:
        raise UserError(f"model: {output.meta['lost']}")
    if output is None and isinstance(expected, torch.Tensor):
        raise UserError(
            "model: expected it to give logits of the images, but what it gives does not depend on them"
        )
    if output is None or not isinstance(result, Value) or not isinstance(expected, torch.Tensor):
        raise UserError(f"model: expected it to give one tensor, the logits, got {type(expected).__name__}")
    if len(result.shape) != 2 or result.shape[0] != example.shape[0]:
        raise UserError(
            f"model: expected logits (n, classes) of it for {example.shape[0]} images, got {result.shape}"
        )
    return Traced(module, memory.graph, memory.results, image, output, expected, unsteady)


def _line(error: BaseException) -> str:
    """The first line of what an error says."""
    return (str(error).strip().splitlines() or [""])[0][:200]
