"""The network as a Python file that needs nothing but torch and safetensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ... import __version__
from ..deploy import NODE
from ..network import input_shape
from .code import Brackets, lay_out
from .expressions import quoted
from .images import images_described
from .statements import Statements, statements

if TYPE_CHECKING:
    from ..deploy import Deployable

_FILE = '''\
"""A trained network for {use}, written by evonas {version}.

It needs torch and safetensors (python -m pip install torch safetensors), and its weights from the file beside
it that has the same name but ends in .safetensors.

Input: images, float32, {batch}: channels first, in the units of the images that the network
was trained on (bytes become floats from 0 to 255). Normalisation is part of the network.
Output: {output}.

load() gives the network with its weights, in evaluation mode. Run as a script, this file tries it out.
"""

from pathlib import Path

{imports}
WEIGHTS = Path(__file__).with_suffix(".safetensors")
INPUT_SHAPE = {shape}
{classes}
{images}


class Network(nn.Module):
    """The network: {batch} to {outputs}."""

    def __init__(self) -> None:
        super().__init__()
{init}
    def forward(self, {argument}: torch.Tensor) -> torch.Tensor:
        """Computes the output; the shapes in the comments are those of one image."""
{forward}


def load(weights: str | Path = WEIGHTS) -> Network:
    """The network with its weights, in evaluation mode."""
    network = Network()
    network.load_state_dict(load_file(weights))
    return network.eval()


def main() -> None:
    """Prints a summary, and runs the network on random images."""
    network = load()
    images = torch.rand(2, *INPUT_SHAPE) * 255
    with torch.no_grad():
        outputs = network(images)
    {counted}
    print(f"{{parameters:,}} parameters{besides}, weights from {{WEIGHTS.name}}")
    print(f"random images {{tuple(images.shape)}} -> outputs {{tuple(outputs.shape)}}")
{prediction}

if __name__ == "__main__":
    main()
'''

_ALL = "parameters = sum(parameter.numel() for parameter in network.parameters())"
_WITHOUT_NORMALISATION = f"""\
normalisation = sum(parameter.numel() for parameter in network.{NODE}.parameters())
    parameters = sum(parameter.numel() for parameter in network.parameters()) - normalisation"""

_PREDICTION = """\
    print(f"taken for: {[CLASSES[index] for index in outputs.argmax(dim=1).tolist()]}")
"""


def contents(deployable: Deployable) -> dict[str, bytes]:
    """The source and the weights.

    Raises:
        UserError: A layer cannot be written as plain PyTorch.
    """
    from safetensors.torch import save

    body = statements(deployable.architecture, deployable.network())
    return {".py": source(deployable, body).encode(), ".safetensors": save(body.state)}


def source(deployable: Deployable, body: Statements) -> str:
    """The text of the file."""
    shape = input_shape(deployable.architecture)
    classes = deployable.classes
    names = Brackets("(", tuple(map(quoted, classes)), ",)" if len(classes) == 1 else ")")
    normalised = NODE in deployable.architecture.graph
    outputs = _batch(deployable.architecture.shape(deployable.architecture.output))
    return _FILE.format(
        use=f"{len(classes)} classes of images" if classes else "images",
        version=__version__,
        batch=_batch(shape),
        output=f"logits, {outputs}, one for each of CLASSES" if classes else f"float32, {outputs}",
        outputs=outputs,
        imports=_imports(body),
        shape=shape,
        classes="\n".join(lay_out("CLASSES = ", names)),
        images="\n".join(lay_out("IMAGES = ", _images(deployable))),
        init="".join(f"{line}\n" for line in body.init),
        argument=body.argument,
        forward="\n".join(body.forward),
        # As evonas counts everywhere else: what normalises the images is no part of what was searched.
        counted=_WITHOUT_NORMALISATION if normalised else _ALL,
        besides=", {normalisation} more to normalise" if normalised else "",
        prediction=_PREDICTION if classes else "",
    )


def _images(deployable: Deployable) -> Brackets:
    """What is known of the images, as a dictionary."""

    def item(key: str, value: str | list[float]) -> str | Brackets:
        if isinstance(value, str):
            return f"{quoted(key)}: {quoted(value)}"
        return Brackets(f"{quoted(key)}: [", tuple(map(repr, value)), "]")

    return Brackets("{", tuple(item(*known) for known in images_described(deployable).items()), "}")


def _imports(body: Statements) -> str:
    functional = "import torch.nn.functional as F\n" if any("F." in line for line in body.forward) else ""
    return f"import torch\n{functional}from safetensors.torch import load_file\nfrom torch import nn\n"


def _batch(shape: tuple[int, ...]) -> str:
    return f"(n, {', '.join(map(str, shape))})"
