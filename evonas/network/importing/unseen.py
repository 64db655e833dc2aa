"""What no function of PyTorch's has asked for: operators of TorchScript, and of C++ of somebody's own.

They pass PyTorch's dispatcher without a call in Python that a watch would see, and what comes of images there
would be taken for a constant. So each is called by its name in Python, where it is noted as any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from .lines import user_line
from .memory import Memory
from .views import tensors_in


class Unseen(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Shows operators to a watch.

    Args:
        memory: Knows what depends on the images.
        calling: Whether a call is running that the watch notes by itself.
        noted: How many calls it has noted.
    """

    def __init__(self, memory: Memory, calling: Callable[[], bool], noted: Callable[[], int]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._memory = memory
        self._calling = calling
        self._noted = noted

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Runs an operator; what is not noted all the same is lost to whoever reads it."""
        if self._calling():
            return func(*args, **(kwargs or {}))
        before = self._noted()
        if not func._schema.is_mutable:
            result = func(*args, **(kwargs or {}))
            if self._noted() != before:
                return result
        with torch._C.DisableTorchFunction():
            if func._schema.is_mutable:  # what it changes has counted that already (`views.version`)
                result = func(*args, **(kwargs or {}))
            self._lose(func, (args, dict(kwargs or {})), result)
        return result

    def _lose(self, func: Any, arguments: Any, result: Any) -> None:
        if any(map(self._memory.knows, tensors_in(arguments))):
            lose = self._memory.overwritten if func._schema.is_mutable else self._memory.lost
            for tensor in tensors_in((arguments if func._schema.is_mutable else (), result)):
                lose(_reason(func), tensor)


def _reason(func: Any) -> str:
    name = func._schema.name.rpartition("::")[2]
    return (
        f"{name!r} is computed where a trace does not see it ({user_line(text=True)}); where "
        "torch.export.export(model, (images,)) can read the model, give that"
    )
