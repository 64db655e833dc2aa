"""What a model does with images, noted while it runs.

Each function of PyTorch's that reads what depends on the images is a call, and so is each module that has a
translation. Sizes, types and devices are constants. What a model decides by the images' content is refused,
with the line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import fx, nn
from torch.overrides import TorchFunctionMode
from torch.utils.hooks import RemovableHandle
from torch.utils.weak import WeakIdKeyDictionary

from .calls import (
    ABOUT,
    FACTORIES,
    Noted,
    ReadsDataError,
    call_of,
    foreign,
    is_leaf,
    numbers_in,
    other_object,
    reads_data,
    written,
)
from .counts import Decisions, counted
from .functions import SHAPING, name_of
from .lines import user_line
from .memory import Call, Held, Memory
from .unseen import Unseen
from .views import mapped, tensors_in, version


class Watch(TorchFunctionMode):
    """Notes what is called while it is entered.

    Args:
        model: The model.
        shapes: Those of all tensors with one image more, in the order of calls, if known.
        turned: Which question about the number of images to answer the other way.

    Attributes:
        memory: The graph.
        calls: What was called, in order.
        shapes: The shape of each tensor that depends on the images, in order.
        decisions: What was asked of the number of images.
    """

    def __init__(
        self, model: nn.Module, images: int, shapes: Sequence[tuple[int, ...]] = (), turned: int | None = None
    ) -> None:
        super().__init__()
        self.memory = Memory()
        self.calls: list[Noted] = []
        self.shapes: list[tuple[int, ...]] = []
        self.decisions = Decisions(images, turned)
        self._wider = shapes
        self._refusal: ReadsDataError | None = None
        self._known: Any = (
            WeakIdKeyDictionary()
        )  # tensors: what is known of them, and their place in `shapes`
        self._paths = {module: path for path, module in model.named_modules()}
        self._stack: list[tuple[str, type[nn.Module]]] = []
        self._inside: list[
            list[tuple[torch.Tensor, Held, int]]
        ] = []  # the leaves that run now, and what they read
        self._calling = 0  # functions that run now

    def run(self, model: nn.Module, images: torch.Tensor) -> tuple[fx.Node, Any]:
        """Runs the model.

        Returns:
            The node of the images, and what the model gave.

        Raises:
            ReadsDataError: The model looks at the images' content.
        """
        hooks: list[RemovableHandle] = []
        held = self.memory.image(images)
        image = held.node
        self._keep(images, held)
        try:
            for module in self._paths:
                before, after = (
                    (self._enter_leaf, self._leave_leaf)
                    if is_leaf(module)
                    else (self._enter_part, self._leave_part)
                )
                hooks.append(module.register_forward_pre_hook(before, with_kwargs=True))
                hooks.append(
                    module.register_forward_hook(after, with_kwargs=True, prepend=True, always_call=True)
                )
            unseen = Unseen(self.memory, lambda: bool(self._calling or self._inside), self._out_of_sight)
            with self, unseen:
                given = model(images)
            if self._refusal:  # which the model has caught
                raise self._refusal
            return image, given
        finally:
            for hook in hooks:
                hook.remove()

    def _out_of_sight(self) -> int:
        """How many calls there were; who asks runs code whose questions about sizes are not noted."""
        self.decisions.lost = True
        return len(self.calls)

    def node_of(self, tensor: Any) -> fx.Node | None:
        """The node that holds a tensor; None if it does not depend on the images."""
        held = self._held(tensor) if isinstance(tensor, torch.Tensor) else None
        return None if held is None else held.node

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Runs a function, and notes it if it reads what depends on the images."""
        with self._noting():
            return self._run(func, args, dict(kwargs or {}))

    @contextmanager
    def _noting(self) -> Iterator[None]:
        """While something is noted, operators are no calls of their own."""
        self._calling += 1
        try:
            yield
        finally:
            self._calling -= 1

    def _run(self, func: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        read = [] if self._inside else self._reads((args, kwargs))
        name = getattr(func, "__name__", repr(func))
        if not read or name in FACTORIES:
            return func(*args, **kwargs)
        if name == "__get__":
            return self._attribute(func, args[0])
        others = [
            (tensor, version(tensor)) for tensor in tensors_in((args, kwargs)) if not self._held(tensor)
        ]
        result = func(*args, **kwargs)
        if name == "__set__":
            self._known.pop(args[0], None)  # as ``x.data = y`` has it, x is y
            return result
        if name in ABOUT and not any(True for _ in tensors_in(result)):
            return self._about(name, args, kwargs, result)
        line = user_line()
        call = call_of(func, name, args, kwargs)
        changed = tuple(held for tensor, held, before in read if written(tensor, held, before))
        if not any(True for _ in tensors_in(result)) and not changed:
            if result is not None:
                self._refusal = self._refusal or reads_data(name)
                raise self._refusal
        else:
            result = self._note(call, changed, result, line, args)
        for tensor, before in others:
            if version(tensor) != before:
                self._keep(tensor, self.memory.overwritten(foreign(name, line), tensor))
        return result

    def _reads(self, arguments: Any) -> list[tuple[torch.Tensor, Held, int]]:
        """Each tensor among arguments that depends on the images, and its version."""
        found = ((tensor, self._held(tensor)) for tensor in tensors_in(arguments))
        return [(tensor, held, version(tensor)) for tensor, held in found if held is not None]

    def _held(self, tensor: torch.Tensor) -> Held | None:
        known = self._known.get(tensor)
        return known[0] if known else self.memory.find(tensor)

    def _keep(self, tensor: torch.Tensor, held: Held) -> None:
        self._known[tensor] = (held, len(self.shapes))
        self.shapes.append(tuple(tensor.shape))

    def _note(
        self, call: Call, changed: tuple[Held, ...], result: Any, line: str, arguments: Any, path: str = ""
    ) -> Any:
        """Notes a call; gives its result, as an object of its own where that was an argument's."""
        positional = tuple(mapped(argument, self._placed) for argument in call.positional)
        keywords = {key: mapped(argument, self._placed) for key, argument in call.keywords.items()}
        stack = {at: (at, kind) for at, kind in self._stack}
        meta = {"nn_module_stack": stack, "line": line}
        node, held = self.memory.call(
            Call(call.kind, call.target, positional, keywords, changed, meta), result
        )
        name = path or name_of(node)
        numbers = () if path or name in SHAPING else tuple(numbers_in((call.positional, call.keywords)))
        self.calls.append(Noted(name, numbers, line))
        if isinstance(result, torch.Tensor):
            if not changed and any(result is tensor for tensor in tensors_in(arguments)):
                result = other_object(result, self._known.get(result))
            self._keep(result, held[0])
        elif isinstance(result, (tuple, list)):
            parts = [part for part in result if isinstance(part, torch.Tensor)]
            for part, one in zip(parts, held, strict=True):
                self._keep(part, one)
        return result

    def _placed(self, argument: Any) -> Any:
        if isinstance(argument, torch.Tensor):
            return self._held(argument) or argument
        return argument

    def _attribute(self, func: Any, tensor: torch.Tensor) -> Any:
        """An attribute such as ``x.shape``."""
        name, result = func.__self__.__name__, func(tensor)
        if name == "shape":
            return torch.Size(self._sizes(tensor))
        if isinstance(result, torch.Tensor) and name != "grad":
            return self._note(Call("call_method", name, (tensor,), {}), (), result, user_line(), (tensor,))
        return result

    def _sizes(self, tensor: torch.Tensor) -> tuple[int, ...]:
        shape, place = tuple(tensor.shape), (self._known.get(tensor) or (None, len(self._wider)))[1]
        wider = self._wider[place] if place < len(self._wider) else shape
        if len(wider) != len(shape):
            return shape
        return tuple(counted(size, more, self.decisions) for size, more in zip(shape, wider, strict=True))

    def _about(self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any], result: Any) -> Any:
        if name in ("numel", "nelement"):
            count: int = 1
            for size in self._sizes(args[0]):
                count = size * count
            return count
        if name == "size":
            dim = kwargs.get("dim", args[1] if len(args) > 1 else None)
            sizes = self._sizes(args[0])
            return torch.Size(sizes) if dim is None else sizes[dim]
        if name == "__len__" and type(self._sizes(args[0])[0]) is not int:
            self.decisions.lost = True  # Python makes a plain number of it
        return result

    def _enter_part(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        self._stack.append((self._paths[module], type(module)))

    def _leave_part(self, module: nn.Module, args: Any, kwargs: Any, result: Any) -> None:
        self._stack.pop()

    def _enter_leaf(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        with torch._C.DisableTorchFunction(), self._noting():
            self._inside.append([] if self._inside else self._reads((args, kwargs)))

    def _leave_leaf(self, module: nn.Module, args: Any, kwargs: Any, result: Any) -> Any:
        with torch._C.DisableTorchFunction(), self._noting():
            read = self._inside.pop()
            if self._inside or not read or result is None:  # None where the model has caught an error
                return None
            changed = tuple(held for tensor, held, before in read if written(tensor, held, before))
            path = self._paths[module]
            call = Call("call_module", path, tuple(args), kwargs)
            return self._note(call, changed, result, user_line(), (args, kwargs), path)
