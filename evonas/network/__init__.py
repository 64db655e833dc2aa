"""An architecture as PyTorch: built, read in, handed out.

- `network`: builds a `torch.fx.GraphModule` whose tensors are named by node; `undrawn` keeps constructors
  from drawing, `calibration` sets normalisations that a morphism inserted.
- `deploy`: a trained network with its normalisation, for use elsewhere.
- `importing`: models of others as architectures. `export`: files that work without evonas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files import later

if TYPE_CHECKING:
    from .calibration import calibrate
    from .deploy import Deployable, deployable, put_in_front
    from .network import Weights, build, input_shape, undrawn_module, weights_of

__all__ = [
    "Deployable",
    "Weights",
    "build",
    "calibrate",
    "deployable",
    "input_shape",
    "put_in_front",
    "undrawn_module",
    "weights_of",
]

__getattr__ = later(
    __name__,
    {
        "calibration": "calibrate",
        "deploy": "Deployable deployable put_in_front",
        "network": "Weights build input_shape undrawn_module weights_of",
    },
)
