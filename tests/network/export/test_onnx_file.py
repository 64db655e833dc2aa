"""The ONNX model."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import fx

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import Flatten, Input, Layer, Linear, Shape
from evonas.errors import UserError
from evonas.network.deploy import Deployable
from evonas.network.export import export, onnx_file

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")

NAMES = ["cat", "dog", "日本", '"', "e"]


@pytest.fixture
def source(mixed: Architecture, deploy: Callable[..., Deployable]) -> Deployable:
    return deploy(mixed, NAMES)


@pytest.fixture(scope="module")
def exported(
    mixed: Architecture, deploy: Callable[..., Deployable], tmp_path_factory: pytest.TempPathFactory
) -> list[Path]:
    """The files of the mixed network, in a folder of their own."""
    folder = tmp_path_factory.mktemp("exported")
    return export(deploy(mixed, NAMES), "onnx", folder / "net.onnx")


def test_what_the_file_says_of_itself(exported: list[Path]) -> None:
    model = onnx.load(exported[0])
    onnx.checker.check_model(model, full_check=True)
    assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", onnx_file.OPSET)]
    shapes = {
        value.name: [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in (*model.graph.input, *model.graph.output)
    }
    assert shapes == {"images": ["batch", 3, 9, 7], "logits": ["batch", 5]}
    assert {entry.key: json.loads(entry.value) for entry in model.metadata_props} == {
        "classes": NAMES,
        "images": {"mean": [90.0, 120.0, 150.0], "std": [40.0, 60.0, 80.0]},
    }
    assert str(Path(torch.__file__).parent).encode() not in model.SerializeToString()


def test_the_weights_are_in_the_file(exported: list[Path]) -> None:
    assert [path.name for path in exported] == ["net.onnx"]
    assert list(exported[0].parent.iterdir()) == exported


@pytest.mark.parametrize("package", ["onnx", "onnxscript"])
def test_a_missing_package_is_named(
    source: Deployable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)  # as if it were not installed
    with pytest.raises(
        UserError, match=rf"^export to onnx: {package} not installed; .* pip install 'evonas\[onnx\]'$"
    ):
        export(source, "onnx", tmp_path / "net.onnx")
    assert list(tmp_path.iterdir()) == []


def test_weights_that_one_file_cannot_hold_are_refused(
    source: Deployable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_file, "LARGEST", 1000)
    with pytest.raises(
        UserError, match=r"^export to onnx: expected at most 1000 bytes of weights, got \d+; use pt2$"
    ):
        export(source, "onnx", tmp_path / "net.onnx")


def test_an_operator_that_onnx_does_not_have_is_named(
    deploy: Callable[..., Deployable], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Layer, "kinds", dict(Layer.kinds))

    @dataclass(frozen=True)
    class Bessel(Layer):
        def shape(self, inputs: Sequence[Shape]) -> Shape:
            return inputs[0]

        def emit(self, graph: fx.Graph, name: str, values: list[fx.Node]) -> fx.Node:
            return graph.call_function(torch.special.bessel_j0, (values[0],))

    net = Architecture()
    x = net.add("bessel", Bessel(), net.add("image", Input((1, 2, 2))))
    net.add("classifier", Linear(2), net.add("flat", Flatten(), x))
    with pytest.raises(UserError, match=r"^export to onnx: a layer cannot be expressed in it.*: .*bessel_j0"):
        export(deploy(net), "onnx", tmp_path / "net.onnx")
    assert list(tmp_path.iterdir()) == []
