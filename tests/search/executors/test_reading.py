"""A search that begins wherever its module is imported begins in no worker."""

import subprocess
import sys

import pytest

FITNESS = "import evonas\ndef ones(genome, rng):\n    return sum(genome) / len(genome)\n"
CHOICES = 'genome="genet", evaluate=ones, needs="genome"'
SEARCHES = {
    "a search": f"evonas.evolve({CHOICES}, budget=2, population=2, workers=2)\n",
    "a search that is kept": f'evonas.evolve({CHOICES}, budget=2, population=2, workers=2, run="kept")\n',
    "a comparison": f'evonas.compare({{"a": {{}}, "b": {{"sample": 2}}}}, {CHOICES}, '
    'strategy="aging", budget=2, population=2, at=[2], seeds=2, folder="compared", jobs=2)\n',
}


@pytest.mark.parametrize(
    "search",
    [
        pytest.param(search, id=name, marks=() if name == "a search that is kept" else pytest.mark.slow)
        for name, search in SEARCHES.items()
    ],
)
def test_it_is_refused_in_the_worker(tmp_path, search):
    (tmp_path / "searching.py").write_text(FITNESS + search)
    ended = subprocess.run(
        [sys.executable, "-c", "import searching"], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 1
    said = ended.stderr.splitlines()[-1]
    assert "begins a search with workers when it is imported; expected that under if __name__" in said
    assert "another process is writing" not in ended.stderr


def test_where_it_says_so_the_module_serves_its_workers(tmp_path):
    (tmp_path / "searching.py").write_text(
        FITNESS
        + "def begin():\n    return "
        + SEARCHES["a search"]
        + "if __name__ == '__main__':\n    begin()\n"
    )
    program = "import searching; print(len(searching.begin().history))"
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert (ended.returncode, ended.stdout) == (0, "2\n"), ended.stderr
