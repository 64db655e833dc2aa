"""The authors' text: read by a grammar, never run."""

import random

import pytest
from evonas.genomes.darts import DartsGenome, DartsSpace
from evonas.genomes.darts.text import LARGEST, is_text

from evonas.errors import UserError

SPACE = DartsSpace(cells=2, filters=2)
NORMAL = "[('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('skip_connect', 0), ('sep_conv_3x3', 1), " + (
    "('skip_connect', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('skip_connect', 2)]"
)
REDUCE = "[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 0), " + (
    "('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), ('avg_pool_3x3', 0)]"
)
V1 = DartsGenome.from_dict(DartsGenome.published()["darts-v1"], SPACE)


def text(normal: str = NORMAL, concat: str = "range(2, 6)", reduce: str = REDUCE, more: str = "") -> str:
    return f"Genotype(normal={normal}, normal_concat={concat}, reduce={reduce}, reduce_concat={concat}{more})"


def together(cell: str) -> str:
    """The two edges of each node within brackets of their own, as some authors write them."""
    edges = cell.strip("[]").replace("), (", ")|(").split("|")
    return f"[{', '.join(f'({one}, {two})' for one, two in zip(edges[::2], edges[1::2], strict=True))}]"


WRITTEN = {
    "as the authors print it": text(),
    "with a list": text(concat="[2, 3, 4, 5]"),
    "with a tuple in another order": text(concat="(5, 4, 3, 2)"),
    "with double quotes": text().replace("'", '"'),
    "as a line of a file": f"DARTS_V1 = {text()}\n",
    "on many lines": text().replace(", ", ",\n    ").replace("Genotype(", "Genotype(\n  "),
    "with spaces": text().replace("=", " = ").replace("(", "( "),
    "commas at the ends": text(NORMAL[:-1] + ",]", more=","),
    "edges of a node together": text(together(NORMAL), reduce=together(REDUCE)),
    "with fields of another author": text(more=", connectN=None, connects=None"),
    "lists for tuples": text(NORMAL.replace("(", "[").replace(")", "]")),
    "without concat": f"Genotype(reduce={REDUCE}, normal={NORMAL})",
}


@pytest.mark.parametrize("form", WRITTEN)
def test_ways_to_write_it(form: str) -> None:
    assert is_text(WRITTEN[form])
    assert DartsGenome.from_text(WRITTEN[form], SPACE) == V1


def test_what_is_written_is_read_by_python_too() -> None:
    """The text is the authors': their code takes it."""
    for number in range(20):
        genome = DartsGenome.random(SPACE, random.Random(number))
        found = eval(str(genome), {"__builtins__": {}, "Genotype": dict})
        assert found["normal"] == genome.normal.pairs() and found["reduce"] == genome.reduction.pairs()
        assert found["normal_concat"] == found["reduce_concat"] == [2, 3, 4, 5]
        assert DartsGenome.from_text(str(genome), SPACE) == genome


FIVE = NORMAL[:-1] + ", ('skip_connect', 2), ('skip_connect', 3)]"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("Genotype(", "expected the name of a field, got its end"),
        (text() + " + 1", "expected the end of the text, got '+ 1'"),
        (
            text(FIVE),
            "normal: expected 4 nodes of two (operation, input) each, got 10 of them, which is 5 nodes",
        ),
        (text(NORMAL.replace("sep_conv_3x3", "sep_conv_9x9")), "'sep_conv_9x9' is unknown; did you mean"),
        (text(concat="[4, 5]"), "expected normal_concat of all nodes, [2, 3, 4, 5], got [4, 5]"),
        (text(concat="range(2, 999999999)"), "got range(2, 999999999)"),
        (text(concat="[2, [3], 4, 5]"), "expected normal_concat of all nodes"),
        (text(concat="range(2, 2 * 3)"), "expected ')'"),
        (text("__import__('os').getcwd()"), "expected a list, a tuple, a word, a number or range(2, 6)"),
        (text("[" * 500 + "]" * 500), "expected at most 3 lists within each other"),
        (text("None"), "normal: expected a list of (operation, input), got None"),
        (text("'" + "x" * 5000 + "'"), "normal: expected a list of (operation, input), got"),
        (text("[(1, 'sep_conv_3x3')]"), "expected a list of (operation, input)"),
        (text(more=", normal=[]"), "field 'normal' stands there twice"),
        (text(more=", nodes=4"), "field 'nodes' is unknown"),
        (f"Genotype(normal={NORMAL})", "got no reduce"),
        (text("[('sep\\x63onv', 0)]"), "expected a list"),
        (text("9" * 4000), "expected a list"),
        ("Genotype(" + " " * LARGEST, f"expected at most {LARGEST} characters"),
        ("lambda: 1", "expected Genotype(normal="),
    ],
)
def test_what_is_refused_in_one_line(wrong: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        DartsGenome.from_text(wrong, SPACE)
    assert str(caught.value).startswith("darts genotype") and message in str(caught.value)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300
