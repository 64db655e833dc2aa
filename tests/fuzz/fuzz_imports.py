"""Imports random models and compares what is built of them.

    python tests/fuzz/fuzz_imports.py --models 5000 --programs 500

Each model is made of the calls that an import reads, in all their forms (method, function, in place,
operator, module), on tensors with several names and views; some modules are called again, or have the weights
of others. It is given as a module, or as a program of torch.export; the network gives the same logits to 1e-5
of their spread, in double precision, for images and a number of them that it was not read with, and what is
one weight stays one, or the model is refused for what it is known to hold. Prints how
many of each; exits with status 1 if a network was wrong or a reason was not true. ``--seed S --from N
--models 1`` reads one again.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from reading_models import run


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--models", type=int, default=500)
    parser.add_argument("--programs", type=int, default=50)
    parser.add_argument("--seed", type=int, default=None, help="by default another one each time")
    parser.add_argument("--from", type=int, default=0, dest="first", metavar="N")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    warnings.simplefilter("ignore")
    wrong = 0
    for route, count in (("models", options.models), ("programs", options.programs)):
        began = time.monotonic()
        findings = run(route, seed, options.first, count)
        wrong += findings.count["wrong"]
        counts = ", ".join(f"{number} {what}" for what, number in sorted(findings.count.items()) if number)
        print(
            f"{count} {route} in {time.monotonic() - began:.0f} s: {counts}; {findings.count['wrong']} wrong"
        )
        for reason, times in findings.reasons.most_common(12):
            print(f"    {times:>5} {reason}")
        for words in findings.wrong[:20]:
            print(f"    WRONG {words}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
