"""Cells that papers found in this space, as their authors' code has them.

Not here is what it cannot hold: SETN's has an operation more, and SNAS's aggressive one has edges of
``none``. A copy of GDAS's that is often met reads node 2 instead of node 1 in its last edge; this is the
authors'.
"""

from __future__ import annotations

from .text import CONCAT


def _genotype(normal: str, reduce: str) -> str:
    """The authors' text, from operations and inputs with a space between, such as ``sep_conv_3x3 1``."""
    cells = []
    for words in (normal, reduce):
        pairs = (pair.split() for pair in words.split(", "))
        cells.append(", ".join(f"('{operation}', {source})" for operation, source in pairs))
    return (
        f"Genotype(normal=[{cells[0]}], normal_concat={CONCAT}, reduce=[{cells[1]}], reduce_concat={CONCAT})"
    )


DARTS_V1 = _genotype(
    "sep_conv_3x3 1, sep_conv_3x3 0, skip_connect 0, sep_conv_3x3 1, skip_connect 0, sep_conv_3x3 1, "
    "sep_conv_3x3 0, skip_connect 2",
    "max_pool_3x3 0, max_pool_3x3 1, skip_connect 2, max_pool_3x3 0, max_pool_3x3 0, skip_connect 2, "
    "skip_connect 2, avg_pool_3x3 0",
)
"""First order (Liu et al. 2019; https://github.com/quark0/darts, cnn/genotypes.py)."""

DARTS_V2 = _genotype(
    "sep_conv_3x3 0, sep_conv_3x3 1, sep_conv_3x3 0, sep_conv_3x3 1, sep_conv_3x3 1, skip_connect 0, "
    "skip_connect 0, dil_conv_3x3 2",
    "max_pool_3x3 0, max_pool_3x3 1, skip_connect 2, max_pool_3x3 1, max_pool_3x3 0, skip_connect 2, "
    "skip_connect 2, max_pool_3x3 1",
)
"""Second order (Liu et al. 2019, Figures 4 and 5; the same file)."""

P_DARTS = _genotype(
    "skip_connect 0, dil_conv_3x3 1, skip_connect 0, sep_conv_3x3 1, sep_conv_3x3 1, sep_conv_3x3 3, "
    "sep_conv_3x3 0, dil_conv_5x5 4",
    "avg_pool_3x3 0, sep_conv_5x5 1, sep_conv_3x3 0, dil_conv_5x5 2, max_pool_3x3 0, dil_conv_3x3 1, "
    "dil_conv_3x3 1, dil_conv_5x5 3",
)
"""Progressive DARTS (Chen et al. 2019; https://github.com/chenxin061/pdarts, genotypes.py)."""

PC_DARTS_CIFAR10 = _genotype(
    "sep_conv_3x3 1, skip_connect 0, sep_conv_3x3 0, dil_conv_3x3 1, sep_conv_5x5 0, sep_conv_3x3 1, "
    "avg_pool_3x3 0, dil_conv_3x3 1",
    "sep_conv_5x5 1, max_pool_3x3 0, sep_conv_5x5 1, sep_conv_5x5 2, sep_conv_3x3 0, sep_conv_3x3 3, "
    "sep_conv_3x3 1, sep_conv_3x3 2",
)
"""Partial channels, searched on CIFAR-10 (Xu et al. 2020; https://github.com/yuhuixu1993/PC-DARTS)."""

PC_DARTS_IMAGENET = _genotype(
    "skip_connect 1, sep_conv_3x3 0, sep_conv_3x3 0, skip_connect 1, sep_conv_3x3 1, sep_conv_3x3 3, "
    "sep_conv_3x3 1, dil_conv_5x5 4",
    "sep_conv_3x3 0, skip_connect 1, dil_conv_5x5 2, max_pool_3x3 1, sep_conv_3x3 2, sep_conv_3x3 1, "
    "sep_conv_5x5 0, sep_conv_3x3 3",
)
"""Searched on ImageNet (the same)."""

GDAS_V1 = _genotype(
    "skip_connect 0, skip_connect 1, skip_connect 0, sep_conv_5x5 2, sep_conv_3x3 3, skip_connect 0, "
    "sep_conv_5x5 4, sep_conv_3x3 3",
    "sep_conv_5x5 0, sep_conv_3x3 1, sep_conv_5x5 2, sep_conv_5x5 1, dil_conv_5x5 2, sep_conv_3x3 1, "
    "sep_conv_5x5 0, sep_conv_5x5 1",
)
"""Dong and Yang 2019 (https://github.com/D-X-Y/AutoDL-Projects)."""

SNAS_MILD = _genotype(
    "sep_conv_3x3 0, sep_conv_3x3 1, skip_connect 0, dil_conv_3x3 1, skip_connect 0, skip_connect 1, "
    "skip_connect 0, sep_conv_3x3 1",
    "max_pool_3x3 0, max_pool_3x3 1, max_pool_3x3 1, skip_connect 2, max_pool_3x3 1, skip_connect 2, "
    "max_pool_3x3 0, dil_conv_5x5 2",
)
"""Under the mild constraint (Xie et al. 2019; https://github.com/SNAS-Series/SNAS-Series)."""

SNAS_MODERATE = _genotype(
    "dil_conv_5x5 0, skip_connect 1, sep_conv_3x3 0, skip_connect 1, skip_connect 0, skip_connect 1, "
    "sep_conv_3x3 0, dil_conv_5x5 1",
    "max_pool_3x3 0, max_pool_3x3 1, sep_conv_5x5 0, dil_conv_5x5 1, sep_conv_5x5 0, sep_conv_5x5 1, "
    "sep_conv_5x5 0, sep_conv_5x5 1",
)
"""Under the moderate one (the same file)."""

SGAS_1 = _genotype(
    "sep_conv_3x3 0, dil_conv_3x3 1, sep_conv_3x3 0, sep_conv_3x3 1, sep_conv_5x5 1, sep_conv_5x5 3, "
    "skip_connect 0, dil_conv_5x5 2",
    "max_pool_3x3 0, dil_conv_5x5 1, sep_conv_3x3 0, skip_connect 2, sep_conv_3x3 1, skip_connect 2, "
    "max_pool_3x3 0, max_pool_3x3 1",
)
"""The best by criterion 1 (Li et al. 2020; https://github.com/lightaime/sgas, cnn/genotypes.py)."""

SGAS_2 = _genotype(
    "sep_conv_3x3 0, sep_conv_3x3 1, sep_conv_3x3 0, sep_conv_3x3 2, max_pool_3x3 0, sep_conv_3x3 3, "
    "sep_conv_3x3 2, sep_conv_3x3 3",
    "sep_conv_3x3 0, max_pool_3x3 1, dil_conv_3x3 0, max_pool_3x3 1, max_pool_3x3 0, sep_conv_3x3 2, "
    "max_pool_3x3 0, sep_conv_5x5 2",
)
"""The best by criterion 2 (the same file)."""

PUBLISHED = {
    "darts-v1": DARTS_V1,
    "darts-v2": DARTS_V2,
    "p-darts": P_DARTS,
    "pc-darts-cifar10": PC_DARTS_CIFAR10,
    "pc-darts-imagenet": PC_DARTS_IMAGENET,
    "gdas-v1": GDAS_V1,
    "snas-mild": SNAS_MILD,
    "snas-moderate": SNAS_MODERATE,
    "sgas-1": SGAS_1,
    "sgas-2": SGAS_2,
}
"""All of them by name."""
