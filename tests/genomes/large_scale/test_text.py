import random
import re

import pytest
from evonas.genomes.large_scale import Dna
from evonas.genomes.large_scale.text import read, write

from evonas.errors import UserError

TEXT = (
    "lr=0.05 relu=a,c input>a:e1=conv(2.0,1.0,1.0,0.0) a>b:e2=conv(1.0,0.4,1.6,1.2) b>c:e3 c>output:start "
    "input~b:s1 a~output:s2"
)


def test_text_and_back(dna):
    assert write(dna) == TEXT
    assert read(TEXT) == dna
    assert read(TEXT.replace(" ", "\n  ")) == dna


def test_words_may_come_in_any_order(dna):
    first, second, *rest = TEXT.split()
    for seed in range(5):
        assert read(" ".join([first, second, *random.Random(seed).sample(rest, len(rest))])) == dna


def test_the_trivial_dna():
    assert write(Dna.trivial(0.1)) == "lr=0.1 input>output:start"


def test_other_precedences_are_written_too(dna):
    data = dna.to_dict()
    data["edges"]["s1"]["precedence"] = [0, 5]
    other = Dna.from_dict(data)
    assert "input>b:s1@0,5" in write(other)
    assert read(write(other)) == other


def test_grown_ones(grown):
    for seed in range(30):
        dna = grown(40, seed).dna
        assert read(write(dna)) == dna


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "large-scale genotype: expected text that starts with lr=, got ''"),
        ("input>output:start", "large-scale genotype: expected text that starts with lr=, got 'input>output"),
        ("lr=fast input>output:start", "large-scale genotype: expected a number, got 'fast'"),
        ("lr=0 input>output:start", "large-scale learning rate: expected above 0, got 0.0"),
        (
            "lr=0.1 input-output",
            "large-scale edge: expected SOURCE>TARGET:ID or SOURCE~TARGET:ID, got 'input-ou",
        ),
        (
            "lr=0.1 relu=z input>output:start",
            "large-scale relu: expected vertices that an edge joins, got 'z'",
        ),
        ("lr=0.1 a>b:s b>c:s", "large-scale edge 's': expected each id once, got it twice"),
        (
            "lr=0.1 a>b:s=conv(1,2,3)",
            "large-scale edge: expected four numbers in conv(), got 'a>b:s=conv(1,2,3)'",
        ),
        ("lr=0.1 a>b:s=conv(1,2,3,x)", "large-scale genotype: expected a number, got 'x'"),
        ("lr=0.1", "large-scale genotype: expected primary edges that are one path through all vertices"),
    ],
)
def test_text_that_is_no_dna_is_refused(text, message):
    with pytest.raises(UserError, match=re.escape(message)):
        read(text)
