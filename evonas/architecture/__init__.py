"""The one phenotype: a graph of named layers, without tensors. Every genome decodes to one.

- `architecture`: the graph, its shapes and cost; `wiring`: its nodes and edges apart from what they mean.
- `sharing`: nodes that compute with another's tensors.
- `layers`: the kinds of layer; a room of its own inside, and where a new kind goes.
- `names`: how nodes may be called. `canonical`: hashes that are equal exactly for isomorphic graphs.
- `channels`: which channels change only together, the one analysis that all changes of width rest on.
- `origins`: where each channel comes from, by name. `signs`: what layers leave as it is.
- `ceilings`: what no candidate may exceed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files import later

if TYPE_CHECKING:
    from .architecture import Architecture
    from .canonical import canonical_hash
    from .ceilings import NO_CEILINGS, Ceilings, TooLargeError
    from .channels import ChannelClasses, Copies
    from .names import LONGEST, RESERVED, prefixes
    from .origins import ChannelOrigins, Origins, aligned
    from .signs import KEEP_SIGN, leaves_alone, never_negative

__all__ = [
    "Architecture",
    "Ceilings",
    "ChannelClasses",
    "ChannelOrigins",
    "Copies",
    "KEEP_SIGN",
    "LONGEST",
    "NO_CEILINGS",
    "Origins",
    "RESERVED",
    "TooLargeError",
    "aligned",
    "canonical_hash",
    "leaves_alone",
    "never_negative",
    "prefixes",
]

__getattr__ = later(
    __name__,
    {
        "architecture": "Architecture",
        "canonical": "canonical_hash",
        "ceilings": "Ceilings NO_CEILINGS TooLargeError",
        "channels": "ChannelClasses Copies",
        "names": "LONGEST RESERVED prefixes",
        "origins": "ChannelOrigins Origins aligned",
        "signs": "KEEP_SIGN leaves_alone never_negative",
    },
)
