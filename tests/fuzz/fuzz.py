"""Feeds everything that reads with inputs that are wrong in every way.

    python tests/fuzz/fuzz.py --inputs 100000

Good inputs are spoilt (bytes, text, values in JSON, words of a command line), and each parser has to accept
what comes out or to refuse it with a `UserError`: no other exception, in at most 5 seconds of the processor,
and in bounded memory. Prints, for each parser, how many inputs it accepted and refused, its slowest, and what
went wrong; exits with status 1 where something did. A finding names the parser and the number of the input:
``--parser NAME --seed S --from N --inputs 1`` reads that one again.
"""

import argparse
import random
import resource
import signal
import sys
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from parsers import Folder, all_parsers
from parsing import Parser
from spoiling import spoilt

import evonas

SECONDS = 5
ROOM = 2 * 2**30
"""Bytes that reading may take beside what was taken before."""


class Hang(BaseException):
    """An input took too long."""


def alarm(*_: object) -> None:
    raise Hang


class Findings:
    """What one parser did."""

    def __init__(self, parser: Parser) -> None:
        self.parser = parser
        self.count: Counter[str] = Counter()
        self.slowest = 0.0
        self.wrong: dict[str, str] = {}

    def feed(self, content: bytes, number: int) -> None:
        began = time.process_time()
        try:
            self._read(content)
            self.count["accepted"] += 1
        except evonas.UserError:
            self.count["refused"] += 1
        except Hang:
            self._note("hang", f"input {number} took more than {SECONDS} s")
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            frame = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{type(error).__name__} in {Path(frame.filename).name}:{frame.lineno}"
            self._note("traceback", f"input {number}: {where}: {str(error)[:100]}", where)
        self.slowest = max(self.slowest, time.process_time() - began)

    def _read(self, content: bytes) -> None:
        """Reads within so many seconds of the processor's, or a few more on the clock where it only waits."""
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        signal.setitimer(signal.ITIMER_REAL, 12 * SECONDS)
        try:
            self.parser.read(content)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _note(self, kind: str, words: str, key: str = "") -> None:
        self.count[kind] += 1
        self.wrong.setdefault(key or words, words)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--inputs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=None, help="by default another one each time")
    parser.add_argument("--parser", default="", help="only those whose name holds this")
    parser.add_argument("--from", type=int, default=0, dest="first", metavar="N")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    for number in (signal.SIGALRM, signal.SIGPROF):
        signal.signal(number, alarm)
    warnings.simplefilter("ignore")
    folder = Folder()
    parsers = [one for one in all_parsers(folder) if options.parser in one.name]
    bound_memory()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    each = max(1, options.inputs // len(parsers))
    total: Counter[str] = Counter()
    slowest, found = 0.0, 0
    print(f"{'parser':<28}{'inputs':>8}{'accepted':>10}{'refused':>9}{'wrong':>7}{'slowest':>10}")
    try:
        for index, one in enumerate(parsers):
            more = options.inputs - each * len(parsers) if index == 0 and each > 1 else 0
            findings = run(one, seed, options.first, each + more)
            count = findings.count
            wrong = count["traceback"] + count["hang"]
            print(f"{one.name:<28}{sum(count.values()):>8}{count['accepted']:>10}{count['refused']:>9}{wrong:>7}"
                  f"{1000 * findings.slowest:>7.0f} ms", flush=True)  # fmt: skip
            for line in findings.wrong.values():
                print(f"    {line}")
            total.update(count)
            slowest, found = max(slowest, findings.slowest), found + wrong
    finally:
        folder.close()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(
        f"{sum(total.values()):,} inputs in {time.monotonic() - began:.0f} s: "
        f"{total['traceback']} tracebacks, "
        f"{total['hang']} hangs over {SECONDS} s, slowest {slowest:.2f} s, "
        f"peak memory {grown:.0f} MB above the start"
    )
    return 1 if found else 0


def run(one: Parser, seed: int, first: int, inputs: int) -> Findings:
    """Feeds one parser; the same seed and number give the same input."""
    findings = Findings(one)
    for number in range(first, first + inputs):
        rng = random.Random(f"{seed} {one.name} {number}")
        findings.feed(spoilt(rng.choice(one.examples), one.form, rng), number)
    return findings


def bound_memory() -> None:
    """Lets an allocation fail that is larger than any input deserves."""
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (taken + ROOM, hard))


if __name__ == "__main__":
    sys.exit(main())
