"""Programs of torch.export: read from files, and run with what each of their calls gave."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import fx, nn
from torch.export import ExportedProgram

from ...errors import UserError
from ..export import quiet
from .calls import foreign
from .functions import name_of
from .lines import recorded_line
from .memory import Call, Held, Memory
from .views import form_of, mapped, tensors_in, version

SIZES = frozenset(
    "dim numel size stride storage_offset sym_numel sym_size sym_storage_offset sym_stride".split()
)
"""Operators that say something about a tensor, whatever its numbers are."""


def read_program(path: str | Path, extra: dict[str, Any] | None = None) -> ExportedProgram:
    """Reads a ``.pt2`` file that `torch.export.save` has written, from someone you trust.

    Args:
        path: The file.
        extra: Names of texts that were stored with the program; those that are there become its values.

    Raises:
        UserError: There is no such file, or it is another.
    """
    if not Path(path).is_file():
        raise UserError(f"program: there is no file {str(path)!r}")
    try:
        with quiet():
            return torch.export.load(str(path), extra_files=extra)
    except Exception as error:  # of a damaged archive, anything
        raise UserError(
            f"program: {str(path)!r} cannot be read as a .pt2 file, which torch.export.save writes (of what "
            "torch.save has written, load the model and save torch.export.export(model, (images,)))"
        ) from error


def example_of(program: ExportedProgram) -> torch.Tensor | None:
    """The images that a program was exported with."""
    positional = program.example_inputs[0] if program.example_inputs else ()
    return positional[0] if positional else None


class Recorder(fx.Interpreter):
    """Runs a program's graph, and notes its calls.

    Attributes:
        memory: The calls that read what depends on the images.
        image: The node of the images there.
        given: The node of what is given, if it is one tensor.
    """

    def __init__(self, module: nn.Module, graph: fx.Graph) -> None:
        super().__init__(module, graph=graph)
        self.memory = Memory()
        self.image: fx.Node
        self.given: fx.Node | None = None
        self._image = _image_of(graph)
        self._held: dict[fx.Node, Held | fx.Node | str] = {}  # a view, a node of several tensors, or a reason

    def run_node(self, n: fx.Node) -> Any:
        """Runs one call."""
        args, kwargs = self.fetch_args_kwargs_from_env(n)
        self._find_overwritten(n)
        before = [(tensor, version(tensor)) for tensor in tensors_in((args, kwargs))]
        result = super().run_node(n)
        if n is self._image:
            held = self.memory.image(result)
            self._held[n], self.image = held, held.node
        elif n.op == "output":
            given = n.args[0]
            if isinstance(given, (tuple, list)) and len(given) == 1:
                given = given[0]
            held_given = self._held.get(given) if isinstance(given, fx.Node) else None
            self.given = held_given.node if isinstance(held_given, Held) else None
        elif any(read in self._held for read in n.all_input_nodes):
            written = [tensor for tensor, at in before if version(tensor) != at]
            self._note(n, result, written)
        return result

    def _find_overwritten(self, n: fx.Node) -> None:
        """What was made without the images, and depends on them since a call has written into it."""
        for read in n.all_input_nodes:
            tensor = self.env.get(read)
            if read not in self._held and isinstance(tensor, torch.Tensor) and self.memory.knows(tensor):
                held = self.memory.find(tensor)
                if held is not None:
                    self._held[read] = held

    def _note(self, n: fx.Node, result: Any, written: list[torch.Tensor]) -> None:
        reads_number = [
            self._held[read] for read in n.all_input_nodes if isinstance(self._held.get(read), str)
        ]
        if not any(True for _ in tensors_in(result)) and not written:
            if result is not None and name_of(n) not in SIZES and n.op == "call_function":
                self._held[n] = str((reads_number or [_data(n)])[0])
            return
        if reads_number:
            self._held[n] = self.memory.lost(str(reads_number[0]), result)
            return
        others = [tensor for tensor in written if not self.memory.knows(tensor)]
        found = [self.memory.find(tensor) for tensor in written]
        changed = tuple(
            held for held, tensor in zip(found, written, strict=True) if held and held.form == form_of(tensor)
        )
        line = recorded_line(n.meta.get("stack_trace"))
        meta = {"nn_module_stack": n.meta.get("nn_module_stack"), "line": line}
        positional = tuple(mapped(argument, self._placed) for argument in n.args)
        keywords = {key: mapped(argument, self._placed) for key, argument in n.kwargs.items()}
        node, held_parts = self.memory.call(Call(n.op, n.target, positional, keywords, changed, meta), result)
        self._held[n] = held_parts[0] if isinstance(result, torch.Tensor) else node
        for tensor in others:
            self.memory.overwritten(foreign(name_of(n), line), tensor)

    def _placed(self, argument: Any) -> Any:
        if isinstance(argument, fx.Node):
            return self._held.get(argument, self.env.get(argument))
        return argument


def _data(n: fx.Node) -> str:
    line = recorded_line(n.meta.get("stack_trace"))
    where = f" ({line})" if line else ""
    return f"the program looks at numbers of the images by {name_of(n)!r}{where}, and computes with them"


def _image_of(graph: fx.Graph) -> fx.Node:
    inputs: list[fx.Node] = [node for node in graph.nodes if node.op == "placeholder"]
    if not inputs or any(not node.args and not _names_default(node) for node in inputs[1:]):
        raise UserError(f"model: expected it to read one tensor, the images, got {len(inputs)}")
    return inputs[0]


def _names_default(node: fx.Node) -> bool:
    return str(node.target).startswith("*")
