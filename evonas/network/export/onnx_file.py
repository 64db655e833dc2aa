"""The network as an ONNX model in one file."""

from __future__ import annotations

import json
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import torch

from ...errors import UserError
from .images import images_described
from .program import traced
from .quiet import quiet

if TYPE_CHECKING:
    from ..deploy import Deployable

OPSET = 18
"""The version of the operator set: what the exporter writes without converting, in every torch since 2.6."""

INPUT, OUTPUT, BATCH = "images", "logits", "batch"
"""The names of the input, of the output, and of their first dimension."""

LARGEST = 2**31 - 2**20
"""Bytes of weights that one file can hold: protobuf ends at 2 GiB, and the graph needs some of it."""


def contents(deployable: Deployable) -> dict[str, bytes]:
    """An ONNX model.

    Its metadata hold the names of the classes as a JSON list, under ``classes``, and what is known of the
    images as a JSON object, under ``images``.

    Raises:
        UserError: A package is missing, the weights are too large, or ONNX has no words for a layer.
    """
    _check_packages()
    program = traced(deployable)
    size = sum(tensor.numel() * tensor.element_size() for tensor in program.state_dict.values())
    if size > LARGEST:
        raise UserError(f"export to onnx: expected at most {LARGEST} bytes of weights, got {size}; use pt2")
    # The exporter draws from the global generator.
    with quiet(), torch.random.fork_rng(devices=[]):
        try:
            exported = torch.onnx.export(
                program,
                dynamo=True,
                opset_version=OPSET,
                input_names=[INPUT],
                output_names=[OUTPUT],
                verbose=False,
            )
        except torch.onnx.OnnxExporterError as error:
            raise UserError(
                "export to onnx: a layer cannot be expressed in it, or not with "
                f"torch {version('torch')} and onnxscript {version('onnxscript')}: {_reason(error)}"
            ) from error
    if exported is None:
        raise TypeError("torch.onnx.export gave no program")
    model = exported.model_proto
    _tidy(model)
    model.metadata_props.add(key="classes", value=json.dumps(deployable.classes))
    model.metadata_props.add(key="images", value=json.dumps(images_described(deployable)))
    return {".onnx": model.SerializeToString()}


def _check_packages() -> None:
    missing = [package for package in ("onnx", "onnxscript") if find_spec(package) is None]
    if missing:
        raise UserError(
            f"export to onnx: {' and '.join(missing)} not installed; get what it needs with "
            "python -m pip install 'evonas[onnx]'"
        )


def _tidy(model: Any) -> None:
    """Names the batch, and drops the notes on how the model came about: half of a small file."""
    graph = model.graph
    values = [*graph.input, *graph.output, *graph.value_info]
    symbol = graph.input[0].type.tensor_type.shape.dim[0].dim_param
    for value in values:
        for dimension in value.type.tensor_type.shape.dim:
            if dimension.dim_param == symbol:
                dimension.dim_param = BATCH
    for part in [model, graph, *values, *graph.node, *graph.initializer]:
        del part.metadata_props[:]


def _reason(error: BaseException) -> str:
    """The first line of what lies at the root."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
