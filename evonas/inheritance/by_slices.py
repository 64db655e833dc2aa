"""Carrying what fits of a parent's weights into a child of another width, kernel and depth (`remap`).

FNA's parameter remapping (Fang et al. 2020, Section 3.1), on top of `match`: what name and shape carry is
carried by `inherit`'s rules; of the rest, the slice that fits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import torch
from torch import nn

from ..architecture import Architecture, ChannelOrigins, Origins, aligned
from ..network import Weights
from .by_name import carry, read_by

_NUMBERED = re.compile(r"(.*?)(\d+)")


def remap_tensor(
    source: torch.Tensor, initial: torch.Tensor, *, keep_new_filters: bool = False
) -> torch.Tensor:
    """A tensor of another shape with the entries that fit.

    The first output and input channels are copied and the filters' centres laid on each other, cropped
    where the target is smaller; elsewhere it is zero. Of a vector the leading entries are copied and the
    rest keep their initial values (FNA, Section 3.1, and the authors' ``param_remap.py``).

    Args:
        source: Any tensor.
        initial: The freshly initialised tensor in whose shape, type and place the result comes; unchanged.
        keep_new_filters: Let filters that the source has not keep their initial values, too: those of zero
            would never move where what reads them is zero as well.

    Returns:
        A new tensor; the initial one's copy where the numbers of axes differ.
    """
    found = initial.detach().clone(memory_format=torch.contiguous_format)
    _lay(source, found, keep_new_filters)
    return found


def _lay(source: torch.Tensor, found: torch.Tensor, keep_new_filters: bool) -> int:
    """Overwrites an initialised tensor as `remap_tensor` says; returns how many numbers come from the source.

    Both are read and written through views, so that nothing of their size is made in between.
    """
    if source.dim() != found.dim() or not source.dim():
        return 0
    here, there = [], []
    for axis, (new, old) in enumerate(zip(found.shape, source.shape, strict=True)):
        fits = min(new, old)
        centred = axis >= 2  # height and width of filters
        starts = [(size - fits) // 2 if centred else 0 for size in (new, old)]
        here.append(slice(starts[0], starts[0] + fits))
        there.append(slice(starts[1], starts[1] + fits))
    if found.dim() > 1:
        (found[here[0]] if keep_new_filters else found).zero_()
    found[tuple(here)].copy_(source[tuple(there)])
    return found[tuple(here)].numel()


@torch.no_grad()
def remap(network: nn.Module, child: Architecture, parent: Architecture, weights: Weights) -> float:
    """Copies into a freshly built child what it shares with its parent, and what fits of the rest.

    A layer of the same name and kind keeps what `inherit` carries. Where its shape differs, columns follow
    their channels if they can, and `remap_tensor` does the rest; new filters keep their initial values, so
    that they can be trained. A layer that the parent lacks, in a part of the name whose number is beyond the
    parent's last (``stage1.cell4.conv`` where the parent ends with ``cell3``), copies the last: FNA's
    W_child(i) = W_parent(min(i, l)), which does not preserve the function.

    Args:
        network: The child's network; its tensors are overwritten in place.
        child: Its architecture.
        parent: The parent's architecture.
        weights: The parent's tensors, by ``node.tensor``; never changed.

    Returns:
        The share of the child's parameters that was inherited, in [0, 1].
    """
    origins = ChannelOrigins()
    mine, theirs = origins.of(child), origins.of(parent)
    stand_ins = _StandIns(parent)
    trained = dict(network.named_parameters())
    inherited = 0
    for name, tensor in network.state_dict(keep_vars=True).items():
        node, _, key = name.rpartition(".")
        other = node if node in parent else stand_ins.of(node)
        source = weights.get(f"{other}.{key}")
        if other is None or source is None or child.layer(node).kind != parent.layer(other).kind:
            continue
        axis = child.layer(node).input_axis(key)
        if other == node:
            here, there = read_by(child, node, mine), read_by(parent, node, theirs)
            copied = carry(tensor, source, axis, here, there)
            if not copied:
                copied = _fit(tensor, source, axis, here, there)
        else:
            copied = _lay(source, tensor, keep_new_filters=True)
        if name in trained:
            inherited += copied
    total = sum(parameter.numel() for parameter in trained.values())
    return inherited / total if total else 0.0


def _fit(tensor: torch.Tensor, source: torch.Tensor, axis: int | None, mine: Origins, theirs: Origins) -> int:
    """Lays the source on a tensor, columns where the child reads the channels that they were for.

    As they are where none of those is read any longer, or where entries are no columns.
    """
    here, there = aligned(mine, theirs)
    if not axis or tensor.dim() != source.dim() or not len(here):
        return _lay(source, tensor, keep_new_filters=True)
    rows = min(len(tensor), len(source))
    tensor[:rows].zero_()
    copied = 0
    for column, other in zip(here.tolist(), there.tolist(), strict=True):
        copied += _lay(source.narrow(axis, other, 1), tensor.narrow(axis, column, 1), keep_new_filters=True)
    return copied


class _StandIns:
    """For a node that the parent lacks, the one in the last of the parent's parts numbered alike."""

    def __init__(self, parent: Architecture) -> None:
        self._parent = parent
        self._last: dict[tuple[str, str], int] = {}
        for name in parent:
            for before, stem, number, _ in _numbered(name):
                self._last[before, stem] = max(number, self._last.get((before, stem), 0))

    def of(self, node: str) -> str | None:
        """The node that stands in, if there is one: the outermost numbered part decides."""
        for before, stem, number, after in _numbered(node):
            last = self._last.get((before, stem))
            if last is not None and number > last and f"{before}{stem}{last}{after}" in self._parent:
                return f"{before}{stem}{last}{after}"
        return None


def _numbered(name: str) -> Iterable[tuple[str, str, int, str]]:
    """What is before each part of a name that ends in a number, its stem, the number and what is after.

    >>> list(_numbered("stage1.cell3.conv"))
    [('', 'stage', 1, '.cell3.conv'), ('stage1.', 'cell', 3, '.conv')]
    """
    parts = name.split(".")
    for place, part in enumerate(parts):
        if match := _NUMBERED.fullmatch(part):
            before = "".join(f"{other}." for other in parts[:place])
            after = "".join(f".{other}" for other in parts[place + 1 :])
            yield before, match[1], int(match[2]), after
