import pytest
import torch
from evonas.genomes.amoeba import AmoebaGenome, AmoebaSpace, Cell
from evonas.genomes.amoeba.published import PUBLISHED
from torch.utils.flop_counter import FlopCounterMode

from evonas.network.network import build
from evonas.task import Task

# Written down a second time, in the notation of the authors' code: an operation and the state that it reads
# (0 is the direct input), then the states of the output.
NAMES = {
    "none": "identity",
    "avg": "avg3x3",
    "max": "max3x3",
    "max2": "max2x2",
    "sep3": "sep3x3",
    "sep5": "sep5x5",
    "sep7": "sep7x7",
    "1x1": "conv1x1",
    "3x3": "conv3x3",
    "1x7": "conv1x7_7x1",
    "dil5": "dil5x5",
}
A_TPU = (
    "avg 0 max 0 | sep3 1 none 1 | none 0 avg 1 | sep3 0 sep5 2 | avg 5 sep3 0 | concat 1 3 4 6",
    "sep3 1 avg 0 | max 0 sep7 2 | max 1 max 0 | sep3 4 1x7 0 | avg 1 sep7 0 | concat 2 3 4 5 6",
)
A_PAPER = (
    "avg 0 max 0 | none 0 avg 1 | sep5 2 sep3 1 | sep3 2 none 1 | avg 4 sep3 0 | concat 3 5 6",
    "avg 0 sep3 1 | max 1 max 0 | max 0 sep7 2 | sep7 0 avg 1 | sep3 3 1x7 0 | concat 4 5 6",
)
B_TPU = (
    "1x1 1 max 1 | none 1 sep3 0 | 1x1 1 sep3 0 | 1x1 2 none 2 | avg 1 1x1 5 | concat 0 3 4 6",
    "max2 0 max 0 | none 2 3x3 1 | dil5 2 max 2 | none 3 sep3 1 | avg 4 1x1 3 | concat 5 6",
)
C_TPU = (
    "avg 0 sep3 0 | none 0 sep3 0 | avg 2 sep3 1 | none 0 sep3 1 | avg 3 sep3 0 | concat 1 2 4 5 6",
    "max 0 max 0 | sep7 2 sep3 0 | sep7 0 max 1 | sep5 4 sep5 4 | max 1 sep3 1 | concat 0 2 3 4 5 6",
)
D_TPU = (
    "1x1 1 max 1 | none 1 1x7 0 | 1x1 0 1x7 0 | max 2 none 2 | avg 1 1x1 5 | concat 0 3 4 6",
    "max2 0 max 0 | none 2 3x3 1 | 1x7 2 max 2 | none 3 max2 1 | avg 2 1x1 3 | concat 4 5 6",
)


def same(cell: Cell, text: str, swap: bool = False, concat: bool = True) -> bool:
    """Whether a cell is what the text says, its inputs exchanged or its concatenation left out of account."""
    *sums, outputs = text.split(" | ")
    other = {0: 1, 1: 0} if swap else {}
    expected = []
    for words in map(str.split, sums):
        pair = [(NAMES[words[i]], other.get(int(words[i + 1]), int(words[i + 1]))) for i in (0, 2)]
        expected.append((pair[0], pair[1]))
    right = cell.outputs() == [int(state) for state in outputs.split()[1:]]
    return cell.combinations == expected and (right or not concat)


def cells(name: str) -> tuple[Cell, Cell]:
    return PUBLISHED[f"amoebanet-{name}"]


@pytest.mark.parametrize(
    ("name", "texts"),
    [("a-tpu", A_TPU), ("a-paper", A_PAPER), ("b-tpu", B_TPU), ("c-tpu", C_TPU), ("d-tpu", D_TPU)],
)
def test_cells_are_wired_as_published(name, texts):
    for cell, text in zip(cells(name), texts, strict=True):
        assert same(cell, text)


def test_drawn_variants_concatenate_loose_ends_only():
    for letter in "abcd":
        for cell in cells(f"{letter}-paper"):
            assert cell.extra == ()
    for letter, texts in (("b", B_TPU), ("c", C_TPU)):
        for cell, text in zip(cells(f"{letter}-paper"), texts, strict=True):
            assert same(cell, text, swap=True, concat=False)
    for cell, text in zip(cells("d-paper"), D_TPU, strict=True):
        assert same(cell, text, concat=False)


def test_a_name_without_a_suffix_is_the_codes_variant():
    for letter in "abcd":
        assert cells(letter) == cells(f"{letter}-tpu") != cells(f"{letter}-paper")
    assert set(AmoebaGenome.published()) == set(PUBLISHED)
    assert len(PUBLISHED) == 12


@pytest.mark.parametrize(
    ("name", "filters", "millions"),
    [
        ("a", 36, 3.2),  # Real et al. 2019, Table 1
        ("a", 32, 2.6),
        ("b", 36, 2.8),  # as quoted by Liu et al. 2019 (DARTS), Table 1
    ],
)
def test_parameters_are_as_many_as_the_papers(name, filters, millions):
    genome = AmoebaGenome(*cells(name), AmoebaSpace(cells=6, filters=filters))
    count = genome.decode(Task(3, 32, 32, 10)).parameter_count()
    assert count / 1e6 == pytest.approx(millions, rel=0.05)


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_published_genotypes_decode_build_and_run(name):
    space = AmoebaSpace(cells=1, filters=4)
    genome = AmoebaGenome.from_dict(AmoebaGenome.published()[name], space)
    net = genome.decode(Task(3, 16, 16, 7))
    network = build(net)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        logits = network(torch.randn(2, 3, 16, 16))
    assert logits.shape == (2, 7)
    assert torch.isfinite(logits).all()
    assert logits.std() > 0
    assert counter.get_total_flops() == pytest.approx(2 * net.flops(), rel=0.01)
    assert sum(p.numel() for p in network.parameters()) == net.parameter_count()
