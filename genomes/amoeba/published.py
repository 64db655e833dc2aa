"""The published AmoebaNet genotypes A to D.

Two sources disagree (Real et al. 2019, Figures 5 and D-1 to D-3, and the authors' own code,
https://github.com/tensorflow/tpu, models/official/amoeba_net/model_specs.py), so both are here:

- ``_paper``: wired as drawn; the output concatenates the loose ends, as the text says. Figure D-1 marks
  state 0 as the older tensor, so B's and C's labels are read with the inputs exchanged. (D is drawn
  with exchanged labels and agrees with the code.)
- ``_tpu``: wired as in the code, whose outputs also concatenate states that are used or are inputs.

State 0 is the direct input, 1 the skip input. A name without a suffix, such as ``amoebanet-a``, is the
code's variant: with it AmoebaNet-A has the paper's 3.2 and 2.6 million parameters (N=6, F=36 and 32), while
the drawn one has 2.8 and 2.2.
"""

from __future__ import annotations

from .cell import Cell

Genotype = tuple[Cell, Cell]
"""A normal and a reduction cell."""


def _genotype(normal: str, reduction: str) -> Genotype:
    return Cell.from_text(normal), Cell.from_text(reduction)


def _as_drawn(genotype: Genotype) -> Genotype:
    """The inputs exchanged, and only loose ends in the output."""
    exchanged = {0: 1, 1: 0}
    cells = []
    for cell in genotype:
        pairs = [tuple((op, exchanged.get(state, state)) for op, state in pair) for pair in cell.combinations]
        cells.append(Cell([(left, right) for left, right in pairs]))
    return cells[0], cells[1]


def _loose_ends(genotype: Genotype) -> Genotype:
    normal, reduction = genotype
    return Cell(normal.combinations), Cell(reduction.combinations)


AMOEBANET_A_PAPER = _genotype(
    "avg3x3(0)+max3x3(0) identity(0)+avg3x3(1) sep5x5(2)+sep3x3(1) sep3x3(2)+identity(1) avg3x3(4)+sep3x3(0)",
    "avg3x3(0)+sep3x3(1) max3x3(1)+max3x3(0) max3x3(0)+sep7x7(2) sep7x7(0)+avg3x3(1) "
    "sep3x3(3)+conv1x7_7x1(0)",
)
"""AmoebaNet-A as drawn in Figure 5."""

AMOEBANET_A_TPU = _genotype(
    "avg3x3(0)+max3x3(0) sep3x3(1)+identity(1) identity(0)+avg3x3(1) sep3x3(0)+sep5x5(2) avg3x3(5)+sep3x3(0) "
    "extra(1)",
    "sep3x3(1)+avg3x3(0) max3x3(0)+sep7x7(2) max3x3(1)+max3x3(0) sep3x3(4)+conv1x7_7x1(0) "
    "avg3x3(1)+sep7x7(0) extra(2,4)",
)
"""AmoebaNet-A as in the authors' code."""

AMOEBANET_B_TPU = _genotype(
    "conv1x1(1)+max3x3(1) identity(1)+sep3x3(0) conv1x1(1)+sep3x3(0) conv1x1(2)+identity(2) "
    "avg3x3(1)+conv1x1(5) extra(0)",
    "max2x2(0)+max3x3(0) identity(2)+conv3x3(1) dil5x5(2)+max3x3(2) identity(3)+sep3x3(1) "
    "avg3x3(4)+conv1x1(3)",
)
"""AmoebaNet-B as in the authors' code."""

AMOEBANET_C_TPU = _genotype(
    "avg3x3(0)+sep3x3(0) identity(0)+sep3x3(0) avg3x3(2)+sep3x3(1) identity(0)+sep3x3(1) avg3x3(3)+sep3x3(0) "
    "extra(1,2)",
    "max3x3(0)+max3x3(0) sep7x7(2)+sep3x3(0) sep7x7(0)+max3x3(1) sep5x5(4)+sep5x5(4) max3x3(1)+sep3x3(1) "
    "extra(0,2,4)",
)
"""AmoebaNet-C as in the authors' code."""

AMOEBANET_D_TPU = _genotype(
    "conv1x1(1)+max3x3(1) identity(1)+conv1x7_7x1(0) conv1x1(0)+conv1x7_7x1(0) max3x3(2)+identity(2) "
    "avg3x3(1)+conv1x1(5) extra(0)",
    "max2x2(0)+max3x3(0) identity(2)+conv3x3(1) conv1x7_7x1(2)+max3x3(2) identity(3)+max2x2(1) "
    "avg3x3(2)+conv1x1(3)",
)
"""AmoebaNet-D as in the authors' code."""

AMOEBANET_B_PAPER = _as_drawn(AMOEBANET_B_TPU)
"""AmoebaNet-B as drawn in Figure D-1."""

AMOEBANET_C_PAPER = _as_drawn(AMOEBANET_C_TPU)
"""AmoebaNet-C as drawn in Figure D-2."""

AMOEBANET_D_PAPER = _loose_ends(AMOEBANET_D_TPU)
"""AmoebaNet-D as drawn in Figure D-3."""

PUBLISHED: dict[str, Genotype] = {
    "amoebanet-a": AMOEBANET_A_TPU,
    "amoebanet-a-paper": AMOEBANET_A_PAPER,
    "amoebanet-a-tpu": AMOEBANET_A_TPU,
    "amoebanet-b": AMOEBANET_B_TPU,
    "amoebanet-b-paper": AMOEBANET_B_PAPER,
    "amoebanet-b-tpu": AMOEBANET_B_TPU,
    "amoebanet-c": AMOEBANET_C_TPU,
    "amoebanet-c-paper": AMOEBANET_C_PAPER,
    "amoebanet-c-tpu": AMOEBANET_C_TPU,
    "amoebanet-d": AMOEBANET_D_TPU,
    "amoebanet-d-paper": AMOEBANET_D_PAPER,
    "amoebanet-d-tpu": AMOEBANET_D_TPU,
}
"""All of them by name."""
