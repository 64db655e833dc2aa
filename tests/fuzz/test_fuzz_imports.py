"""Random models are read rightly or refused for a true reason (`fuzz_imports.py`: thousands of them)."""

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from reading_models import run

SCRIPT = Path(__file__).with_name("fuzz_imports.py")


@cache
def found(route, models):
    return run(route, seed=0, first=0, models=models)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("route", "models"), [("models", 150), ("programs", 8)])
def test_random_models(route, models):
    findings = found(route, models)
    assert not findings.wrong
    assert findings.count["equal"] > 0.7 * models
    shared = findings.count["of these with shared weights"]
    assert sum(findings.count.values()) - shared == models
    assert shared > 0.1 * models


@pytest.mark.filterwarnings("ignore")
def test_models_with_each_reason():
    reasons = found("models", 150).reasons
    assert any("changes in place a part or a view" in reason for reason in reasons)
    assert any("shares its weight with" in reason for reason in reasons)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_many_random_models(tmp_path):
    ended = subprocess.run(
        [sys.executable, SCRIPT, "--models", "1000", "--programs", "100"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.count("; 0 wrong") == 2
