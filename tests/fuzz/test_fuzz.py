"""Whatever reads from outside refuses what is wrong with a `UserError` (`make fuzz`: 100,000 inputs)."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parsers import Folder, all_parsers
from spoiling import spoilt

import evonas

SCRIPT = Path(__file__).with_name("fuzz.py")


@pytest.fixture(scope="module")
def parsers():
    folder = Folder()
    yield {one.name: one for one in all_parsers(folder)}
    folder.close()


def feed(parser, content):
    try:
        parser.read(content)
    except evonas.UserError as error:
        assert str(error)


@pytest.mark.filterwarnings("ignore")
def test_every_parser_reads_its_good_inputs(parsers):
    for name, parser in parsers.items():
        if parser.form != "words":
            one_run = "run (" not in name or "(images)" in name  # of the others the first example will do
            for example in parser.examples[: None if one_run else 1]:
                parser.read(example)


@pytest.mark.filterwarnings("ignore")
def test_spoilt_inputs(parsers):
    for name, parser in parsers.items():
        for number in range(2 if parser.form == "words" else 4):
            rng = random.Random(f"{name} {number}")
            feed(parser, spoilt(rng.choice(parser.examples), parser.form, rng))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=10, suppress_health_check=list(HealthCheck), database=None)
@given(data=JSON)
def test_any_json(parsers, data):
    """JSON that hypothesis makes up, and shrinks where something goes wrong."""
    import json

    content = json.dumps(data).encode()
    for name, parser in parsers.items():
        one_run = "(" not in name or "(aging)" in name  # what spoils all runs alike is fed to one of them
        if parser.form == "json" and one_run:
            feed(parser, content)


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=25, suppress_health_check=list(HealthCheck), database=None)
@given(content=st.binary(max_size=200))
def test_any_bytes(parsers, content):
    for parser in parsers.values():
        if parser.form in ("bytes", "text"):
            feed(parser, content)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_many_spoilt_inputs(tmp_path):
    ended = subprocess.run(
        [sys.executable, SCRIPT, "--inputs", "10000"], cwd=tmp_path, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ": 0 tracebacks, 0 hangs over 5 s" in ended.stdout


FOUND = {
    "space of amoeba": [b'{"stages": 9223372036854775807}', b'{"cells": 2147483648}'],
    "space of hierarchical": [b'{"groups": 1000000000000000000000000000000}'],
    "space of genet": [b'{"nodes": [9007199254740993], "filters": [4]}'],
    "settings": [b'{"training": 1}', b'{"tactics": "x"}'],
    "journal: what was asked": [
        b'{"operator": {"a": 1}, "parents": [0], "genome": {}}',
        b'{"operator": 3, "parents": [], "genome": {}}',
    ],
    "journal: what was told": [
        b'{"status": "done", "seconds": []}',
        b'{"status": "done", "seconds": null}',
        b'{"status": "done", "metrics": {"training_images": null}}',
        b'{"status": "done", "metrics": [1]}',
        b'{"status": "done", "seconds": 1' + b"0" * 400 + b"}",
    ],
    "journal: the run (aging)": [
        b'{"format": 1, "usage": [{"seconds": NaN}]}',
        b'{"format": 1, "usage": [{"seconds": 1e999}]}',
        b'{"sampel": 3}',
        b'{"population": 3}',
    ],
    "journal: the history (genetic)": [b"[" + b", ".join([b'[0, [], "", []]'] * 8) + b"]"],
    "journal: the history (non-aging)": [
        b'[[0, [], "random", []], [0, [], "random", []], [0, [], "random", []], [3, [0], "x", []]]'
    ],
    "final.json": [b'{"format": 1, "report": {"test_accuracy": "x"}}'],
    "header in .npz": [b"\x93NUMPY\x01\x00v\x00{'descr': '|u1', 'shape': (12, 4\n" + b" " * 100],
    "recipe": [b"[search]\nbudget = " + b"9" * 5000, b"x = " + b"[" * 3000, b"x = " + b'{a=' * 3000],
    "genotype amoeba": [b"[" * 100_000, b'{"a":' * 100_000],
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", FOUND)
def test_what_was_found_once(parsers, name):
    for content in FOUND[name]:
        with pytest.raises(evonas.UserError):
            parsers[name].read(content)
