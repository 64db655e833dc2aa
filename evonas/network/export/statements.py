"""An architecture as the statements of a module's ``__init__`` and ``forward``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING

from torch import fx, nn

from ...errors import UserError
from .code import Code, lay_out
from .expressions import NotPlainError, called, constructor, is_factor
from .order import reading_order

if TYPE_CHECKING:
    import torch

    from ...architecture import Architecture

PASSING = "x"
"""The name of a value that the next statement reads and no other."""

TAKEN = frozenset(("self", "torch", "nn", "F", "float", PASSING))
"""Names that mean something else in the code."""

INDENT = 8


@dataclass
class Statements:
    """What a network's class is made of.

    Attributes:
        argument: The name of forward's argument.
        init: Lines that make the modules.
        forward: Lines that compute the output and return it.
        state: The tensors, by module and name, as ``load_state_dict`` takes them.
    """

    argument: str
    init: list[str] = field(default_factory=list)
    forward: list[str] = field(default_factory=list)
    state: dict[str, torch.Tensor] = field(default_factory=dict)


def statements(architecture: Architecture, network: nn.Module) -> Statements:
    """Writes a network as code.

    Args:
        architecture: What the network was built from.
        network: Holds the modules under the names of their nodes.

    Raises:
        UserError: A layer cannot be written as plain PyTorch; the message names it.
    """
    return _Writer(architecture, network).written()


def section(name: str) -> str:
    """The part of the network that a node belongs to: at most two parts of what leads its name."""
    return ".".join(name.split(".")[:-1][:2])


class _Writer:
    """Writes one network.

    The layers are emitted into a graph, as for building it, in a better order for reading. A node of the
    graph becomes a statement, unless it is a step within a layer that only one other reads.
    """

    def __init__(self, architecture: Architecture, network: nn.Module) -> None:
        self.architecture = architecture
        self.network = network
        self.owners: dict[fx.Node, str] = {}  # the architecture's node that a node of the graph comes from
        values = self._emit(fx.Graph())
        self.results = set(values.values())
        self.output = values[architecture.output]
        self.image = values[architecture.input]
        self._forget_unread()
        self.nodes = [node for node in self.owners if node is not self.image and not self._inlined(node)]
        self.reads, self.readers = self._links()
        self.attributes = self._attributes()
        self.factors = {name for name in self.attributes if is_factor(network.get_submodule(name))}

    def _emit(self, graph: fx.Graph) -> dict[str, fx.Node]:
        """The value of each node of the architecture."""
        values: dict[str, fx.Node] = {}
        for name in reading_order(self.architecture):
            sources = [values[source] for source in self.architecture.inputs(name)]
            values[name] = self.architecture.layer(name).emit(graph, name, sources)
            new = list(takewhile(lambda node: node not in self.owners, reversed(graph.nodes)))
            self.owners |= dict.fromkeys(reversed(new), name)
        return values

    def _forget_unread(self) -> None:
        """Drops what a layer has emitted or was given but does not use."""
        for node in reversed(list(self.owners)):
            if not node.users and node is not self.output and node is not self.image:
                node.graph.erase_node(node)
                del self.owners[node]

    def _inlined(self, node: fx.Node) -> bool:
        return node not in self.results and len(node.users) == 1

    def _links(self) -> tuple[dict[fx.Node, list[fx.Node]], dict[fx.Node, list[int]]]:
        """The values that each node reads, its inlined steps included, and the statements that read a value.

        The return reads the output after all statements.
        """
        reads: dict[fx.Node, list[fx.Node]] = {}
        for node in self.owners:
            sources = [
                reads[source] if self._inlined(source) else [source] for source in node.all_input_nodes
            ]
            reads[node] = [value for values in sources for value in values]
        readers: dict[fx.Node, list[int]] = {node: [] for node in self.owners}
        for number, node in enumerate(self.nodes):
            for source in reads[node]:
                readers[source].append(number)
        readers[self.output].append(len(self.nodes))
        return reads, readers

    def _attributes(self) -> dict[str, str]:
        """An attribute for each module, by its node's name."""
        found: dict[str, str] = {}
        taken: set[str] = set()
        for node in self.owners:
            if node.op == "call_module" and str(node.target) not in found:
                attribute = str(node.target).replace(".", "_")
                while attribute in taken or hasattr(nn.Module, attribute):
                    attribute += "_"
                taken.add(attribute)
                found[str(node.target)] = attribute
        return found

    def written(self) -> Statements:
        """All statements."""
        names = self._variables()
        result = Statements(names[self.image])
        self._write_modules(result)
        self._write_forward(result, names)
        return result

    def _write_modules(self, result: Statements) -> None:
        current = ""
        for name, attribute in self.attributes.items():
            if section(name) != current:
                current = section(name)
                result.init += _heading(current)
            try:
                code, tensors = constructor(self.network.get_submodule(name))
            except NotPlainError as reason:
                raise self._refusal(name, reason) from None
            result.init += lay_out(f"self.{attribute} = ", code, indent=INDENT)
            for key, tensor in tensors.items():
                result.state[f"{attribute}.{key}" if key else attribute] = tensor

    def _write_forward(self, result: Statements, names: dict[fx.Node, str]) -> None:
        current = ""
        codes: dict[fx.Node, Code] = {**names}
        numbers = {node: number for number, node in enumerate(self.nodes)}
        for node in self.owners:
            if node is self.image:
                continue
            try:
                code = called(node, codes, self.attributes, self.factors)
            except NotPlainError as reason:
                raise self._refusal(self.owners[node], reason) from None
            if node not in numbers:
                codes[node] = code
                continue
            if (shown := self._section(numbers[node])) != current:
                result.forward += _heading(shown) if result.forward else _heading(shown)[1:]
                current = shown
            last = node is self.output
            lead = "return " if last else f"{names[node]} = "
            result.forward += lay_out(lead, code, self._shape(node, last or names[node] != PASSING), INDENT)
        if self.output is self.image:
            result.forward.append(f"{' ' * INDENT}return {names[self.image]}")

    def _variables(self) -> dict[fx.Node, str]:
        """A variable for each value; a name may be used again when its value is read no more."""
        names = {self.image: _identifier(self.owners[self.image])}
        read_until = {names[self.image]: self.readers[self.image][-1]}
        for number, node in enumerate(self.nodes):
            readers = self.readers[node]
            if set(readers) == {number + 1}:
                names[node] = PASSING
                continue
            candidates = iter(self._candidates(node, readers))
            name = next(candidates)
            while read_until.get(name, -1) > number:
                name = next(candidates)
            names[node] = name
            read_until[name] = readers[-1]
        return names

    def _candidates(self, node: fx.Node, readers: list[int]) -> Iterator[str]:
        """Names for a value, the best first: without the section's name if it is read there alone."""
        owner = self.owners[node]
        step = "" if node in self.results else "_step"
        home = section(owner)
        read_in = {section(self.owners[self.nodes[reader]]) for reader in readers if reader < len(self.nodes)}
        if home and read_in == {home}:
            yield _identifier(owner.removeprefix(f"{home}.") + step)
        name = _identifier(owner + step)
        yield name
        number = 2
        while True:
            yield f"{name}_{number}"
            number += 1

    def _section(self, number: int) -> str:
        """The section that a statement is shown in: a function goes on with one, or leads to the next."""
        while number < len(self.nodes) - 1:
            node, here = self.nodes[number], section(self.owners[self.nodes[number]])
            if node.op == "call_module" or (number and section(self.owners[self.nodes[number - 1]]) == here):
                return here
            number += 1
        return section(self.owners[self.nodes[number]]) if self.nodes else ""

    def _refusal(self, name: str, reason: NotPlainError) -> UserError:
        kind = self.architecture.layer(name).kind
        return UserError(
            f"export to python: layer kind {kind!r} (node {name!r}) cannot be written as plain PyTorch: "
            f"{reason}; try pt2 or onnx"
        )

    def _shape(self, node: fx.Node, always: bool) -> str:
        """A comment with the shape of a layer's output, if it is another than that of what it reads."""
        if node not in self.results:
            return ""
        shape = self.architecture.shape(self.owners[node])
        before = next((source for source in self.reads[node] if source in self.results), None)
        if not always and before is not None and self.architecture.shape(self.owners[before]) == shape:
            return ""
        return f"  # {shape}"


def _heading(name: str) -> list[str]:
    return ["", f"{' ' * INDENT}# {name}"] if name else [""]


def _identifier(name: str) -> str:
    joined = name.replace(".", "_")
    return f"{joined}_" if joined in TAKEN else joined
