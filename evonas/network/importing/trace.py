"""Traces of models: a graph of calls, and what each call gave for an example."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import fx, nn
from torch.export import ExportedProgram

from ...errors import UserError
from ..export import quiet
from .modules import translation
from .part import Value


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
    """

    module: nn.Module
    graph: fx.Graph
    results: dict[fx.Node, Any]
    image: fx.Node
    output: fx.Node
    expected: torch.Tensor


def read_program(path: str | Path) -> ExportedProgram:
    """Reads a ``.pt2`` file that `torch.export.save` has written, from someone you trust.

    Raises:
        UserError: There is no such file, or it is another.
    """
    if not Path(path).is_file():
        raise UserError(f"program: there is no file {str(path)!r}")
    try:
        with quiet():
            return torch.export.load(str(path))
    except Exception as error:  # of a damaged archive, anything
        raise UserError(
            f"program: {str(path)!r} cannot be read as a .pt2 file, which torch.export.save writes (of what "
            "torch.save has written, load the model and save torch.export.export(model, (images,)))"
        ) from error


def trace(model: nn.Module | ExportedProgram, example: torch.Tensor | None) -> Traced:
    """Traces a model in evaluation mode.

    Raises:
        UserError: The model or the example is not what was expected, or what the model does depends on data.
    """
    if isinstance(model, ExportedProgram):
        example = _example_of(model) if example is None else example
        program = model.module()
        if not isinstance(program, fx.GraphModule):
            raise UserError(f"model: expected a program with a graph, got {type(program).__name__}")
        return _run(program, program.graph, _checked(example))
    if not isinstance(model, nn.Module):
        raise UserError(f"model: expected an nn.Module or an ExportedProgram, got {type(model).__name__}")
    if isinstance(model, torch.jit.ScriptModule):
        raise UserError("model: expected an nn.Module as it was before TorchScript")
    model = getattr(model, "_orig_mod", model)  # what torch.compile was given
    batch = _checked(example)
    before = set(vars(model))
    try:
        with _evaluating(model):
            return _run(model, _graph_of(model), batch)
    finally:
        for name in set(vars(model)) - before:  # constants that tracing has left there
            delattr(model, name)


def _checked(example: torch.Tensor | None) -> torch.Tensor:
    if not isinstance(example, torch.Tensor) or example.dim() < 2 or not example.is_floating_point():
        got = (
            f"{example.dtype} {tuple(example.shape)}" if isinstance(example, torch.Tensor) else repr(example)
        )
        raise UserError(f"example: expected a batch of images (n, channels, height, width), got {got:.80}")
    return example


def _example_of(program: ExportedProgram) -> torch.Tensor | None:
    positional = program.example_inputs[0] if program.example_inputs else ()
    return positional[0] if positional else None


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


class _Tracer(fx.Tracer):
    """Stops at what has a translation, too."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return translation(m) is not None or super().is_leaf_module(m, module_qualified_name)


def _graph_of(model: nn.Module) -> fx.Graph:
    """The graph of what the model does with its first argument; others keep their defaults."""
    first, *others = inspect.signature(model.forward).parameters.values()
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    named = [parameter for parameter in others if parameter.kind not in variadic]
    if missing := [parameter.name for parameter in named if parameter.default is parameter.empty]:
        raise UserError(f"model: expected it to read the images alone, but it reads {', '.join(missing)} too")
    try:
        return _Tracer().trace(model, {parameter.name: parameter.default for parameter in named})
    except fx.proxy.TraceError as error:
        raise UserError(
            f"model: it cannot be traced, since what it computes depends on the data: {_line(error)}"
        ) from error
    except Exception as error:  # the model's own code, given what stands for a tensor
        raise UserError(f"model: it cannot be traced: {type(error).__name__}: {_line(error)}") from error


class _Recorder(fx.Interpreter):
    """Runs a graph and keeps what each node gave."""

    def __init__(self, module: nn.Module, graph: fx.Graph) -> None:
        super().__init__(module, graph=graph)
        self.results: dict[fx.Node, Any] = {}
        self.image = _image_of(graph)
        self._dependent: set[fx.Node] = {self.image}

    def run_node(self, n: fx.Node) -> Any:
        result = super().run_node(n)
        if not self._dependent.isdisjoint(n.all_input_nodes):
            self._dependent.add(n)
        if n in self._dependent and isinstance(result, torch.Tensor):
            self.results[n] = Value(n, tuple(result.shape), result.dtype)
        else:
            self.results[n] = result
        return result


def _image_of(graph: fx.Graph) -> fx.Node:
    inputs: list[fx.Node] = [node for node in graph.nodes if node.op == "placeholder"]
    if not inputs or any(not node.args and not _names_default(node) for node in inputs[1:]):
        raise UserError(f"model: expected it to read one tensor, the images, got {len(inputs)}")
    return inputs[0]


def _names_default(node: fx.Node) -> bool:
    return str(node.target).startswith("*")


def _run(model: nn.Module, graph: fx.Graph, example: torch.Tensor) -> Traced:
    recorder = _Recorder(model, graph)
    try:
        with torch.no_grad():
            expected = model(example.clone())
            recorder.run(example.clone())
    except Exception as error:  # the model's own
        raise UserError(
            f"example: the model cannot read a batch of shape {tuple(example.shape)} and {example.dtype}: "
            f"{type(error).__name__}: {_line(error)}"
        ) from error
    (last,) = [node for node in graph.nodes if node.op == "output"]
    given = last.args[0]
    if isinstance(given, (tuple, list)) and len(given) == 1:
        given = given[0]
    result = recorder.results.get(given) if isinstance(given, fx.Node) else None
    if isinstance(expected, (tuple, list)) and len(expected) == 1:
        expected = expected[0]
    if not isinstance(result, Value) or not isinstance(expected, torch.Tensor):
        raise UserError(f"model: expected it to give one tensor, the logits, got {type(expected).__name__}")
    if len(result.shape) != 2 or result.shape[0] != example.shape[0]:
        raise UserError(
            f"model: expected logits (n, classes) of it for {example.shape[0]} images, got {result.shape}"
        )
    return Traced(model, graph, recorder.results, recorder.image, result.node, expected)


def _line(error: BaseException) -> str:
    """The first line of what an error says."""
    return (str(error).strip().splitlines() or [""])[0][:200]
