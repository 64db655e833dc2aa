#!/usr/bin/env bash
# Seeds that differ, and streams that do not (Python's random, NumPy 2.4.6, PyTorch 2.13.0 on the CPU).
# - random.seed takes the absolute value: -1 is 1.
# - SeedSequence pads what it is given with zeros to four words of 32 bits: [7] is [7, 0], and 2**32 + 7 is [7, 1].
# - A torch.Generator of the CPU keeps a seed of 64 bits, which initial_seed() repeats, and draws from 32 of them.
# What it means: streams named by lists of different lengths, or by large numbers, can coincide; of a hash that seeds
# PyTorch 32 bits count, so that among some 77,000 of them two are equal as likely as not.
# evonas hashes (seed, number, purpose) as text and refuses negative seeds (seeds.py); a node's generator is seeded by a
# hash of its name, of which the CPU uses those 32 bits.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
cd "$folder"
cat > check.py <<'PYTHON'
import platform
import random
import sys

import numpy
import torch


def expect(what, seen, known):
    print(f"{what}: {seen}")
    if seen != known:
        sys.exit(f"CHANGED: {what}: it was {known}, now it is {seen}")


print("Python", platform.python_version(), "numpy", numpy.__version__, "torch", torch.__version__)


def python(seed):
    return random.Random(seed).random()


def words(entropy):
    return numpy.random.SeedSequence(entropy).generate_state(4).tolist()


def drawn(seed):
    return torch.randn(100, generator=torch.Generator().manual_seed(seed)).tolist()


expect("random: -1 draws as 1", python(-1) == python(1), True)
expect("SeedSequence: [7] is [7, 0]", words([7]) == words([7, 0]), True)
expect("SeedSequence: [7] is [7, 0, 0, 0]", words([7]) == words([7, 0, 0, 0]), True)
expect("SeedSequence: [7] is [7, 0, 0, 0, 0], one more", words([7]) == words([7, 0, 0, 0, 0]), False)
expect("SeedSequence: 2**32 + 7 is [7, 1]", words(2**32 + 7) == words([7, 1]), True)
expect("torch: 7 draws as 2**32 + 7", drawn(7) == drawn(2**32 + 7), True)
expect("torch: 7 draws as 2**63 + 7", drawn(7) == drawn(2**63 + 7), True)
expect("torch: 7 draws as 8", drawn(7) == drawn(8), False)
kept = torch.Generator().manual_seed(2**32 + 7).initial_seed()
expect("torch: the generator of 2**32 + 7 says that its seed is", kept, 4294967303)
PYTHON
"$folder/venv/bin/python" check.py
echo "As described."
