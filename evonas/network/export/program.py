"""The network as a ``torch.export`` program: one graph of ATen operators, its weights inside."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import torch

from ..network import input_shape
from .images import images_described
from .quiet import quiet

if TYPE_CHECKING:
    from torch.export import ExportedProgram

    from ..deploy import Deployable

CLASSES = "classes.json"
"""The extra file with the names of the classes, a JSON list."""

IMAGES = "images.json"
"""The extra file that says how images are read, a JSON object: see `images_described`."""


def traced(deployable: Deployable) -> ExportedProgram:
    """Traces the network in evaluation mode: the size of the batch is free, that of the images fixed."""
    # A batch of one would be taken for a constant.
    example = torch.zeros(2, *input_shape(deployable.architecture))
    free = ({0: torch.export.Dim("batch", min=1)},)
    network = deployable.network()
    with quiet(), torch.no_grad():
        program = torch.export.export(network, (example,), dynamic_shapes=free, strict=False)
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # names folders of this machine
    return program


def contents(deployable: Deployable) -> dict[str, bytes]:
    """A PT2 archive.

    >>> extra = {"classes.json": ""}
    >>> program = torch.export.load("net.pt2", extra_files=extra)  # doctest: +SKIP
    >>> logits = program.module()(images)  # doctest: +SKIP
    """
    archive = io.BytesIO()
    program = traced(deployable)
    with quiet():
        extra = {CLASSES: json.dumps(deployable.classes), IMAGES: json.dumps(images_described(deployable))}
        torch.export.save(program, archive, extra_files=extra)
    return {".pt2": archive.getvalue()}
