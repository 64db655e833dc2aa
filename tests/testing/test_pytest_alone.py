"""The contract tests of one's own, in the project's folder, where pytest has no plug-ins."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

OPERATOR = """\
from evonas.operators import mutation
from evonas.testing import OperatorContract


@mutation("genet")
def shift_left(genome, rng):
    genome.append(genome.pop(0))
    return genome


class TestShiftLeft(OperatorContract):
    operator = shift_left
"""


def test_the_projects_settings_need_no_plug_in(tmp_path):
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (tmp_path / "test_my_operators.py").write_text(OPERATOR, encoding="utf-8")
    words = ["-m", "pytest", "-q", "--tb=line", "-x", "test_my_operators.py"]
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    ended = subprocess.run([sys.executable, *words], cwd=tmp_path, env=alone, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
