"""Functions, methods and ATen's operators, each as a layer with its tensors.

They are looked up by name: ``F.relu(x)``, ``x.relu_()`` and ``aten.relu.default`` are alike.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch.nn.functional as F
from torch import fx
from torch._ops import OpOverload

from ...architecture.layers import Flatten, Pixel
from ...errors import UserError
from . import arithmetic, edges, normalising, pointwise, windows
from .orders import PIXELWISE_FUNCTIONS, TO_FIRST, TURNING, check_order, turned
from .part import NoLayerError, Part, Value, hint_of

FUNCTIONS: dict[str, Callable[..., Part]] = {
    "_adaptive_avg_pool2d": windows.adaptive_avg_pool,
    "_native_batch_norm_legit_no_training": pointwise.inference_batch_norm,
    "adaptive_avg_pool2d": windows.adaptive_avg_pool,
    "adaptive_max_pool2d": windows.adaptive_max_pool,
    "add": arithmetic.add,
    "addmm": pointwise.addmm,
    "avg_pool2d": windows.avg_pool,
    "cat": arithmetic.concat,
    "clamp": pointwise.clamp,
    "concat": arithmetic.concat,
    "constant_pad_nd": edges.framed,
    "conv2d": windows.convolution,
    "conv_transpose2d": windows.transposed_convolution,
    "convolution": windows.general_convolution,
    "div": arithmetic.divide,
    "dropout": pointwise.dropout,
    "dropout2d": pointwise.dropout2d,
    "elu": pointwise.elu,
    "feature_dropout": pointwise.dropout2d,
    "gelu": pointwise.gelu,
    "group_norm": normalising.group_norm,
    "hardsigmoid": pointwise.hardsigmoid,
    "hardswish": pointwise.hardswish,
    "hardtanh": pointwise.hardtanh,
    "interpolate": windows.resize,
    "layer_norm": normalising.layer_norm,
    "leaky_relu": pointwise.leaky_relu,
    "linear": pointwise.linear,
    "matmul": pointwise.matmul,
    "max_pool2d": windows.max_pool,
    "max_pool2d_with_indices": windows.max_pool,
    "mean": windows.mean,
    "mish": pointwise.mish,
    "mm": pointwise.matmul,
    "mul": arithmetic.multiply,
    "narrow": edges.narrow,
    "native_group_norm": normalising.native_group_norm,
    "native_layer_norm": normalising.layer_norm,
    "neg": arithmetic.negate,
    "pad": edges.pad,
    "prelu": pointwise.prelu,
    "relu": pointwise.relu,
    "relu6": pointwise.relu6,
    "rsub": arithmetic.subtract_from,
    "sigmoid": pointwise.sigmoid,
    "silu": pointwise.silu,
    "slice": edges.sliced,
    "stochastic_depth": pointwise.stochastic_depth,
    "sub": arithmetic.subtract,
    "tanh": pointwise.tanh,
    "upsample_bilinear2d": windows.aten_bilinear,
    "upsample_nearest2d": windows.aten_nearest,
}
"""Layers by the names of functions."""

SHAPING = frozenset(
    "_unsafe_view alias bfloat16 clone contiguous cpu double expand expand_as flatten float getitem half "
    "reshape reshape_as squeeze to type type_as unsqueeze view view_as".split()
)
"""Functions whose result says what they do."""

PRECISION = "a layer keeps the precision"

SYNONYMS = {
    "clip": "clamp",
    "concatenate": "concat",
    "divide": "div",
    "iadd": "add",
    "imul": "mul",
    "isub": "sub",
    "multiply": "mul",
    "negative": "neg",
    "subtract": "sub",
    "truediv": "div",
    "true_divide": "div",
}

_APART: dict[Callable[..., Any], Callable[..., Part]] = {
    F.batch_norm: pointwise.functional_batch_norm,
    F.elu: pointwise.functional_elu,
}
"""Functions whose arguments come in another order than those of ATen's operator of that name."""


def name_of(node: fx.Node) -> str:
    """The name of a function or method, without what says that it works in place."""
    target: Any = node.target
    if isinstance(target, OpOverload):
        name = target._schema.name.rpartition("::")[2]
    else:
        name = target if isinstance(target, str) else getattr(target, "__name__", repr(target))
    bare = name.rstrip("_") or name
    return SYNONYMS.get(bare, bare)


def function_part(
    node: fx.Node, positional: Sequence[Any], keywords: Mapping[str, Any], result: Value
) -> Part:
    """A call of a function as a layer.

    Args:
        node: The call.
        positional: Its arguments: values, and constants as they are.
        keywords: Likewise.
        result: What it gave for the example.

    Raises:
        NoLayerError: No layer computes the same.
    """
    name = name_of(node)
    keywords = dict(keywords)
    for first in ("input", "self", "tensors"):
        if not positional and first in keywords:
            positional = [keywords.pop(first)]
    if name == "getitem" and not isinstance(positional[0], Value):
        return edges.part_of(node.args[0], positional[0], positional[1])
    if name in TURNING and isinstance(positional[0], Value) and positional[0].last != result.last:
        if result.last or turned(node) == TO_FIRST:
            return Part(None, [positional[0]])
    read = [one for item in positional for one in (item if isinstance(item, list) else [item])]
    images = [one.last for one in read if isinstance(one, Value) and len(one.shape) == 4]
    check_order(images, name in PIXELWISE_FUNCTIONS or name in TURNING)
    if name in SHAPING:
        index = positional[1] if name == "getitem" else None
        return _shaped(node, name, positional[0], result, index)
    make = _APART.get(node.target) if callable(node.target) else None
    if isinstance(node.target, OpOverload) and name == "batch_norm":
        make = pointwise.aten_batch_norm
    make = make or FUNCTIONS.get(name)
    if make is None:
        names = ", ".join(sorted({*FUNCTIONS, "batch_norm", *SHAPING} - _OF_ATEN))
        raise NoLayerError(f"no layer computes it{hint_of(name)}; those operations can be: {names}")
    try:
        inspect.signature(make).bind(*positional, **keywords)
    except TypeError as error:
        raise NoLayerError(f"of its arguments a layer has no use for some: {error}") from None
    try:
        return make(*positional, **keywords)
    except UserError:
        raise
    except (AttributeError, IndexError, RuntimeError, TypeError, ValueError) as error:
        reason = (str(error).strip().splitlines() or [""])[0]
        raise NoLayerError(f"its arguments are of another kind than a layer's: {reason:.100}") from error


_OF_ATEN = frozenset(
    "_adaptive_avg_pool2d _native_batch_norm_legit_no_training _unsafe_view addmm alias constant_pad_nd "
    "convolution feature_dropout max_pool2d_with_indices mm native_group_norm native_layer_norm "
    "upsample_bilinear2d upsample_nearest2d".split()
)


def _shaped(node: fx.Node, name: str, value: Any, result: Value, index: Any) -> Part:
    """What another shape asks for: nothing, a vector of an image, or an image of a vector."""
    if not isinstance(value, Value) or value.dtype != result.dtype:
        raise NoLayerError(PRECISION)
    before, after = value.shape, result.shape
    if before == after and (name != "getitem" or _only_new_axes(index)):
        return Part(None, [value])
    if name in ("expand", "expand_as"):
        if before == (*after[:2], 1, 1) and all(name_of(user) == "mul" for user in node.users):
            return Part(None, [value])  # Multiply does it
    elif name == "getitem" and not _only_new_axes(index):
        return edges.indexed(value, index)
    elif len(before) > 2 and after == (before[0], before[1] * math.prod(before[2:])):
        return Part(Flatten(), [value])
    elif name in ("squeeze", "unsqueeze") and before in (after[:2], (*after, 1)) and after[2:] == (1,):
        return Part(None, [value])  # half of the way between a vector and a pixel
    elif before in (after[:2], after[:3]) and after[2:] == (1, 1):
        return Part(Pixel(), [value])
    raise NoLayerError(f"no layer makes the shape {after} of {before}")


def _only_new_axes(index: Any) -> bool:
    """Whether an index such as ``[:, :, None, None]`` leaves nothing out."""
    items = index if isinstance(index, (tuple, list)) else (index,)
    return all(item is None or item is ... or item == slice(None) for item in items)
