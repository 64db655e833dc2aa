"""The six primitive operations, and what they are made of (Liu et al. 2018, Section 2.3).

All have stride 1 and keep the size of the image. The paper's text leaves open whether the two convolutions
of a separable one are each followed by batch normalisation and ReLU, or only the pair; here each is, as
"all convolutional operations are" (Section 2.3), which is also what the published sizes say (see
`published`). So a separable convolution is the same as a depthwise one and a 1×1 one in a row.
"""

from __future__ import annotations

IDENTITY = "identity"

PARTS: dict[str, tuple[tuple[str, str], ...]] = {
    "conv1x1": (("", "conv1x1"),),
    "depthwise3x3": (("", "depthwise3x3"),),
    "sep3x3": ((".depthwise", "depthwise3x3"), (".pointwise", "conv1x1")),
    "max3x3": (("", "max3x3"),),
    "avg3x3": (("", "avg3x3"),),
    IDENTITY: (),
}
"""Of each primitive, what is computed one after the other: a suffix for its name, and what it is."""

PRIMITIVES = tuple(PARTS)
"""The six primitives, numbered from 1 in this order; the paper's "none" is `motif.NO_EDGE`."""
