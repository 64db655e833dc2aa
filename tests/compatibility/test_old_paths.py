"""What pages, files of users and installed packages import by the names that modules had is the thing itself.

``as_written_before.py`` is a user's file of that time, and ``names-on-pages.txt`` has every name on the
pages and in the docstrings of the commit before the modules had rooms. Neither changes.
"""

import importlib
import importlib.util
import pickle
import shutil
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from pkgutil import resolve_name
from types import FunctionType

import cloudpickle
import pytest

import evonas
from evonas.architecture.layers import Conv2d
from evonas.evolution.genome import Origin
from evonas.evolution.registry import find
from evonas.evolution.strategies.aging import AgingEvolution

HERE = Path(__file__).parent
NAMES = (HERE / "names-on-pages.txt").read_text(encoding="utf-8").split()

STRATEGIES = {
    "aging": "evonas.strategies.aging:AgingEvolution",
    "genetic": "evonas.strategies.genetic:GeneticAlgorithm",
    "hill-climbing": "evonas.strategies.hill_climbing:HillClimbing",
    "local-search": "evonas.strategies.local_search:LocalSearch",
    "non-aging": "evonas.strategies.non_aging:NonAgingEvolution",
    "random": "evonas.strategies.random_search:RandomSearch",
    "sampled-tournament": "evonas.strategies.sampled_tournament:SampledTournament",
    "tournament": "evonas.strategies.tournament:PairwiseTournament",
}
"""The entry points whose modules have moved, as they were."""

HEAVY = {"final", "calibration", "inheritance", "morphing", "network", "remapping", "verification"}
HEAVY |= {"testing.chains", "testing.morphisms", "testing.random_chains"}
HEAVY |= {f"training.{name}" for name in ("device", "evaluator", "final_training", "images", "trainer")}
"""Modules that imported torch then."""


MODULES = [name for name in NAMES if ":" not in name]


def lies_at(name):
    """A module, or ``module:thing``, of then as it is now."""
    module, colon, thing = name.partition(":")
    package, _, rest = module.partition(".")
    head, _, below = rest.partition(".")
    return ".".join(filter(None, (package, evonas.MOVED.get(head, head), below))) + colon + thing


MOVED = [name for name in MODULES if lies_at(name) != name]
MOVED += [value.partition(":")[0] for value in STRATEGIES.values()]


@pytest.fixture
def python(fresh, tmp_path):
    """Runs a program in an empty folder, in a process that has not imported evonas; gives what it prints."""
    return lambda code: fresh(code, tmp_path).output


# -- a user's file -----------------------------------------------------------------------------------


def test_a_users_file_works(python, tmp_path):
    shutil.copy(HERE / "as_written_before.py", tmp_path / "mine.py")
    assert python("import runpy; runpy.run_path('mine.py', run_name='__main__')") == "all of it works\n"


def test_a_users_tests_pass(python, tmp_path):
    shutil.copy(HERE / "as_written_before.py", tmp_path / "test_mine.py")
    words = ["-q", "-p", "no:cacheprovider", "test_mine.py"]
    assert " passed" in python(f"import pytest; raise SystemExit(pytest.main({words}))")


# -- names ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_name_on_a_page(name):
    found = resolve_name(name)
    assert found is resolve_name(lies_at(name))
    if isinstance(found, type | FunctionType):
        assert found is resolve_name(f"{found.__module__}:{found.__qualname__}")


@pytest.mark.parametrize("name", STRATEGIES)
def test_an_entry_point(name):
    assert EntryPoint(name, STRATEGIES[name], "evonas.strategies").load() is find("strategies", name)


ONE = """
import sys
from importlib import import_module
pairs = {pairs}
first = [import_module(one) for one, _ in pairs]
second = [import_module(other) for _, other in pairs]
print([pair for pair, a, b in zip(pairs, first, second) if a is not b or sys.modules[pair[0]] is not b])
"""


@pytest.mark.parametrize("order", [1, -1], ids=["old first", "new first"])
def test_a_module_is_one_whichever_name_comes_first(python, order):
    pairs = [(name, lies_at(name))[::order] for name in MOVED]
    assert len(pairs) > 25
    assert python(ONE.format(pairs=pairs)) == "[]\n"


@pytest.mark.parametrize(
    "code",
    [
        "import evonas.strategies.aging as x; assert x.AgingEvolution.__name__ == 'AgingEvolution'",
        "import evonas.strategies.aging; evonas.strategies.aging.AgingEvolution",
        "import evonas; evonas.layers.Conv2d, evonas.strategies.Strategy, evonas.genome.Genome",
        "from evonas import layers, strategies, genome; layers.Conv2d, strategies.Strategy, genome.Genome",
        "from evonas.strategies import *; Strategy, Start",
        "from evonas.strategies import aging; aging.AgingEvolution",
        "from evonas import layers; from evonas.layers.base import Layer; assert Layer is layers.Layer",
        "import importlib; importlib.reload(importlib.import_module('evonas.genome')).Genome",
    ],
)
def test_ways_to_import(python, code):
    python(code)


@pytest.mark.parametrize(
    "name",
    [
        "evonas.genomee",
        "evonas.strategies.nothing",
        "evonas.layers.conv",
        "evonas.genome.nothing",
        "evonas.moved",
    ],
)
def test_what_is_misspelt_is_not_found(name):
    with pytest.raises(ModuleNotFoundError, match=f"No module named .*{name.rpartition('.')[2]}"):
        importlib.import_module(name)
    package, _, last = name.rpartition(".")
    with pytest.raises(AttributeError, match=f"has no attribute {last!r}"):
        getattr(importlib.import_module(package), last)
    with pytest.raises(ImportError, match=f"cannot import name {last!r}"):
        exec(f"from {package} import {last}")
    assert name not in sys.modules


# -- what is imported, and when ------------------------------------------------------------------------


def test_no_old_name_imports_torch_that_did_not(tmp_path):
    light = [name for name in MODULES if name.removeprefix("evonas.") not in HEAVY]
    code = "import sys; [__import__(name) for name in sys.argv[1:]]; print('torch' in sys.modules)"
    words = [sys.executable, "-c", code, *light]
    ended = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.stdout == "False\n", ended.stderr


AT_ONCE = """
import threading
import evonas
wrong, ready = [], threading.Barrier(8)
def one():
    ready.wait()
    try:
        from evonas.layers import Conv2d
        from evonas.strategies.aging import AgingEvolution
    except BaseException as error:
        wrong.append(repr(error))
threads = [threading.Thread(target=one) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(wrong)
"""


def test_threads_that_import_at_once(python):
    assert python(AT_ONCE) == "[]\n"


# -- pickles -------------------------------------------------------------------------------------------

PICKLED = {
    b"cevonas.strategies.aging\nAgingEvolution\np0\n.": AgingEvolution,
    b"ccopy_reg\n_reconstructor\np0\n(cevonas.genome\nOrigin\np1\nc__builtin__\nobject\np2\nNtp3\nRp4\n(dp5\n"
    b"Vparents\np6\n(I1\ntp7\nsVoperator\np8\nVx\np9\nsVremoved\np10\n(tsVfailure\np11\nV\np12\nsVmorphisms\n"
    b"p13\n(tsb.": Origin((1,), "x"),
    b"ccopy_reg\n_reconstructor\np0\n(cevonas.layers.convolution\nConv2d\np1\nc__builtin__\nobject\np2\nNtp3\n"
    b"Rp4\n(dp5\nVout_channels\np6\nI4\nsVkernel\np7\n(I3\nI3\ntp8\nsVstride\np9\n(I1\nI1\ntp10\nsVpadding\n"
    b"p11\nNsVdilation\np12\ng10\nsVgroups\np13\nI1\nsVdepthwise\np14\nI00\nsVbias\np15\nI00\nsb.": Conv2d(4),
}
"""As that commit pickled them, in protocol 0."""


@pytest.mark.parametrize("text", PICKLED, ids=["class", "origin", "layer"])
def test_a_pickle_of_then_is_read(text):
    found = pickle.loads(text)  # noqa: S301
    assert found == PICKLED[text]
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301


def test_a_class_of_a_users_script_crosses_to_another_process(python, tmp_path):
    text = "from evonas.strategies.random_search import RandomSearch\nclass Mine(RandomSearch):\n    pass\n"
    scope = {"__name__": "__main__"}
    exec(text, scope)
    (tmp_path / "mine.pickle").write_bytes(cloudpickle.dumps(scope["Mine"]))
    code = (
        "import pickle; mine = pickle.load(open('mine.pickle', 'rb'));"
        "from evonas.strategies.random_search import RandomSearch; print(issubclass(mine, RandomSearch))"
    )
    assert python(code) == "True\n"


@pytest.mark.parametrize("old", list(evonas.MOVED))
def test_what_the_table_names_is_there(old):
    assert importlib.util.find_spec(f"evonas.{evonas.MOVED[old]}") is not None
