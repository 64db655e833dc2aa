"""The codes of the paper, for CIFAR-10's stages of 3, 4 and 5 nodes."""

from __future__ import annotations

GENET_1 = "1-01|0-01-100|0-11-101-0001"
"""GeNet #1, one of the two best codes found (Xie and Yuille 2017, Figure 5)."""

GENET_2 = "1-01|1-01-100|0-11-101-0001"
"""GeNet #2, the other (Figure 5)."""

GENET_ALL_ONES = "1-11|1-11-111|1-11-111-1111"
"""Every edge (Section 4.2)."""

GENET_ALL_ZEROS = "0-00|0-00-000|0-00-000-0000"
"""No edge: the base network, one convolution a stage."""

PUBLISHED = {
    "genet-1": GENET_1,
    "genet-2": GENET_2,
    "genet-all-ones": GENET_ALL_ONES,
    "genet-all-zeros": GENET_ALL_ZEROS,
}
"""All of them by name."""
