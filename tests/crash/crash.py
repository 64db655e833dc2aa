"""Kills searches and resumes them, many times, and compares each with the search that nobody killed.

    python tests/crash/crash.py --kills 500

A search runs in a process of its own, serially or with worker processes, and is ended by SIGKILL: at a random
instant of its life, or at one of the named places of `evonas.failpoints`, from before its journal has a name
to the last removal of a file. Of the killed run it is then checked that

- a reader can open it, and finds every result that the search had said it was done with, as it would have
  been;
- every weights file that the journal names is whole, and no pending child lacks its parent's;
- no worker process and no temporary file outlive the kill;
- resumed (one time in three it is killed again, resuming, which counts as a kill), with or without workers,
  it comes to the history and to the weights of the search that was not killed, and nothing else lies in its
  folder.

A search that ends by itself where it was to be killed has crashed, and its killing proves nothing.

Prints a line for each kind of search and the totals; exits with status 1 where anything was lost, differs or
crashed.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from searches import Searches

import evonas
from evonas.files.failpoints import PLACES
from evonas.settings.runs import open_run

LOOKS = 1000
"""How often, 20 ms apart, is looked whether what a killed search has started has ended by itself."""

TAG = "EVONAS_CRASH_TAG"
TINY = {"cells": 1, "filters": 4, "combinations": 1, "stages": 1}
DRIVERS = [place for place in PLACES if not place.startswith("worker.")]


def kinds_of_search(images: str, source: str, kernels: str = "") -> dict[str, dict[str, Any]]:
    """The searches that are killed, by name.

    Args:
        images: The file that they train on.
        source: The run whose best is refined.
        kernels: By which networks are trained, if not by those that evonas chooses.
    """
    chosen = {"kernels": kernels} if kernels else {}
    training = {**chosen, "dataset": images, "seed": 7, "epochs": 1, "device": "cpu", "look_ahead": 3}
    amoeba = {**training, "population": 4, "sample": 2, "config": {"genome": TINY}}
    genomes = {"fitness": "genome", "population": 5, "sample": 2, "seed": 3, "budget": 60}
    graph = {"filters": [2, 3, 4], "max_parameters": 20_000, "max_nodes": 60}
    return {
        "trainings, serial": {**amoeba, "budget": 12},
        "trainings, serial, rollback, keep": {
            **amoeba, "budget": 10, "keep": "200kB", "variables": {"EVONAS_JOURNAL": "rollback"},
        },
        "morphisms, serial": {
            **training, "genome": "graph", "budget": 9, "neighbours": 2, "config": {"genome": graph},
        },
        "refinements, serial": {**training, "refine": source, "budget": 7, "neighbours": 3, "morphisms": 1},
        "genotypes, serial": {**genomes, "look_ahead": 4},
        "genotypes, 2 processes": {**genomes, "workers": 2, "look_ahead": 5},
        "trainings, 2 processes": {**amoeba, "budget": 8, "workers": 2},
    }  # fmt: skip


SHARES = {"trainings, 2 processes": 1, "genotypes, 2 processes": 5}
"""How often a kind is drawn where not 3 times: starting workers with torch takes seconds."""


@dataclass
class Whole:
    """A search that was not killed.

    Attributes:
        choices: What it was asked for.
        rows: Its history, times aside.
        kept: Its weights.
        seconds: That it took.
    """

    choices: dict[str, Any]
    rows: list[dict[str, Any]]
    kept: dict[int, tuple[str, int, str]]
    seconds: float


WRONG = ("lost", "differing", "unreadable", "left_behind", "crashed")
"""What a tally counts of which there is to be none."""


@dataclass
class Tally:
    """What came of the kills."""

    kills: int = 0
    before_the_journal: int = 0
    lost: int = 0
    differing: int = 0
    unreadable: int = 0
    left_behind: int = 0
    crashed: int = 0
    places: Counter[str] = field(default_factory=Counter)
    trouble: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        return not any(getattr(self, name) for name in WRONG)


class Harness:
    """Runs searches and kills them.

    Args:
        folder: For runs and images.
        rng: Decides when.
        at: Where alone to kill, ``PLACE:TIMES``, and not at random.
        kernels: By which networks are trained, if not by those that evonas chooses.
    """

    def __init__(self, folder: Path, rng: random.Random, at: str = "", kernels: str = "") -> None:
        self.folder = folder
        self.rng = rng
        self.at = at
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        os.environ |= {"TMPDIR": str(self.temporary), "PYTHONWARNINGS": "ignore"}
        self.searches = Searches(folder, "0")
        self.number = 0
        self.kinds = self._kinds(kernels)
        self.wholes: dict[str, Whole] = {}
        self.tallies = {name: Tally() for name in self.kinds}

    def _kinds(self, kernels: str) -> dict[str, dict[str, Any]]:
        rng = np.random.default_rng(0)
        y = np.arange(120) % 3
        x = (rng.integers(0, 120, (120, 8, 8, 3)) + 50 * y[:, None, None, None]).astype(np.uint8)
        np.savez(self.folder / "images.npz", x_train=x, y_train=y, x_test=x, y_test=y)
        return kinds_of_search(str(self.folder / "images.npz"), str(self.folder / "source"), kernels)

    def _whole(self, choices: dict[str, Any]) -> Whole:
        if "refine" in choices and not Path(choices["refine"]).exists():
            source = {**self.kinds["trainings, serial"], "budget": 4}
            self.searches.history(**source, run=choices["refine"])
        run = self.folder / f"whole{len(list(self.folder.iterdir()))}"
        began = time.monotonic()
        rows = self.searches.history(**choices, run=str(run))
        seconds = time.monotonic() - began
        assert [row["id"] for row in rows] == list(range(choices["budget"]))
        return Whole(choices, rows, kept_of(run, choices), seconds)

    @property
    def kills(self) -> int:
        """So far."""
        return sum(tally.kills for tally in self.tallies.values())

    @property
    def lives(self) -> int:
        """Of searches that have come to a sudden end."""
        return self.kills + sum(tally.crashed for tally in self.tallies.values())

    def one(self, name: str) -> None:
        """Kills one search of a kind, once or twice, and looks at what it has left."""
        if name not in self.wholes:
            self.wholes[name] = self._whole(self.kinds[name])
        whole, tally = self.wholes[name], self.tallies[name]
        run = self.folder / f"killed{self.number}"
        self.number += 1
        said = 0
        while True:
            said, killed = self._life(whole, run, said, tally)
            if not killed or self.rng.random() > 1 / 3:
                break
        try:
            self._finish(whole, run, tally, name)
        finally:
            shutil.rmtree(run, ignore_errors=True)

    def _life(self, whole: Whole, run: Path, said: int, tally: Tally) -> tuple[int, bool]:
        """Starts a search, or one that goes on, and kills it; how many results it has said, and whether
        it was still at work."""
        tag = f"{os.getpid()}-{self.number}-{tally.kills}-{self.rng.random()}"
        choices = self._choices(whole, run, tag)
        place, times = self._place()
        if place:
            choices["fail"] = f"{place}:{times}=kill"
        self.searches.begin(**choices)
        if place:
            said += self._count_to_its_end()
        else:
            said += self._count_for(self.rng.random() * whole.seconds * 1.05)
            self.searches.end()
        if self.searches.status == 0:
            if self.at and "resume" not in choices:
                raise SystemExit(f"--at: a search came to its end before {self.at}")
            return said, False
        if self.searches.status != -signal.SIGKILL:
            tally.crashed += 1
            tally.trouble.append(f"{choices.get('fail', 'random instant')}: status {self.searches.status}")
            return said, False
        tally.kills += 1
        tally.places[place or "a random instant"] += 1
        self._look(whole, run, said, tally, f"{choices.get('fail', 'random instant')}")
        self._look_behind(tag, tally)
        return said, True

    def _place(self) -> tuple[str, int]:
        """The place at which a life ends, and at which visit to it; none: at a random instant."""
        if self.at:
            place, _, times = self.at.partition(":")
            return place, int(times or "1")
        if self.rng.random() >= 0.5:
            return "", 0
        place = self.rng.choice(DRIVERS)
        once = place.startswith(("run.", "journal.b", "journal.n"))
        return place, 1 if once else self.rng.randrange(1, 12)

    def _choices(self, whole: Whole, run: Path, tag: str) -> dict[str, Any]:
        """What a life is asked for; once it goes on, with or without workers."""
        variables = {**whole.choices.get("variables", {}), TAG: tag}
        if not run_is_there(run):
            return {**whole.choices, "run": str(run), "variables": variables}
        choices = {"resume": True, "run": str(run), "variables": variables}
        if "fitness" in whole.choices:
            choices["fitness"] = whole.choices["fitness"]
        if whole.choices.get("workers") and self.rng.random() < 0.3:
            choices["workers"] = 2
        return choices

    def _count_to_its_end(self) -> int:
        count = 0
        while self.searches.status is None:
            line = self.searches.line()
            count += line.startswith("ended ")
        return count

    def _count_for(self, seconds: float) -> int:
        """Reads what a search says for so long."""
        count, end = 0, time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and self.searches.status is None:
            if self.searches.waits(left):
                count += self.searches.line().startswith("ended ")
        return count

    def _look(self, whole: Whole, run: Path, said: int, tally: Tally, when: str) -> None:
        """Reads what a kill has left."""
        if not run_is_there(run):
            tally.before_the_journal += 1
            if said:
                tally.lost += said
                tally.trouble.append(f"{when}: {said} results were said and no journal is there")
            return
        try:
            found = [row for row in rows_of(run) if row["status"] != "pending"]
            kept = kept_of(run, whole.choices)
        except Exception as error:
            tally.unreadable += 1
            tally.trouble.append(f"{when}: unreadable: {error}")
            return
        if len(found) < said:
            tally.lost += said - len(found)
            tally.trouble.append(f"{when}: {said} results were said, {len(found)} are there")
        if found != whole.rows[: len(found)]:
            tally.differing += 1
            tally.trouble.append(f"{when}: what was finished differs")
        on_disk = {path.name for path in (run / "weights").glob("*")}
        if not {file for file, _, _ in kept.values()} <= on_disk:
            tally.lost += 1
            tally.trouble.append(f"{when}: weights are missing")

    def _look_behind(self, tag: str, tally: Tally) -> None:
        """Waits for what a killed search has started to end by itself, and looks for what does not."""
        for _ in range(LOOKS):  # counted, not timed: the machine may be busy, or asleep
            if not (found := processes_with(tag)):
                break
            time.sleep(0.02)
        else:
            tally.left_behind += 1
            tally.trouble.append(f"left behind: processes {found}")

    def look_behind_all(self) -> list[str]:
        """What lies in the folder for temporary files after the next search with workers has ended.

        That one removes what was killed before any worker could; torch keeps a folder of its own there.
        """
        how = {"fitness": "genome", "budget": 3, "population": 2, "sample": 2, "workers": 1}
        self.searches.history(**how)
        return [path.name for path in self.temporary.iterdir() if not path.name.startswith("torchinductor")]

    def _finish(self, whole: Whole, run: Path, tally: Tally, name: str) -> None:
        """Lets a run go on to its end, and compares."""
        choices = self._choices(whole, run, "last")
        self.searches.begin(**choices)
        rest = self.searches.until("history")
        status = self.searches.until("status") if self.searches.status is None else None
        if not rest:
            tally.differing += 1
            tally.trouble.append(f"{name}: cannot go on, status {status or self.searches.status}")
            return
        kept = kept_of(run, whole.choices)
        if json.loads(rest) != whole.rows or kept != whole.kept:
            tally.differing += 1
            tally.trouble.append(f"{name}: another history")
        extra = {path.name for path in run.rglob("*") if path.is_file()}
        extra -= {"journal.db", "run.lock", "journal.db-wal", "journal.db-shm"}
        extra -= {file for file, _, _ in whole.kept.values()}
        if extra:
            tally.left_behind += 1
            tally.trouble.append(f"{name}: files that nobody knows: {sorted(extra)}")


def run_is_there(run: Path) -> bool:
    return (run / "journal.db").exists()


def rows_of(run: Path) -> list[dict[str, Any]]:
    """A run's history as a reader has it, times aside."""
    result = evonas.load(run)
    rows = [{key: value for key, value in row.items() if "seconds" not in key} for row in result.history]
    result.journal.close()
    return json.loads(json.dumps(rows))


def kept_of(run: Path, choices: dict[str, Any]) -> dict[int, tuple[str, int, str]]:
    """A run's weights, each loaded; no pending child lacks its parent's, where there are trainings."""
    trains = "fitness" not in choices
    opened = open_run(run)
    found = opened.journal.kept()
    for stored in found.values():
        assert opened.store.load(stored), stored
    for candidate in opened.journal.candidates():
        if candidate.result is None and trains:
            missing = set(candidate.genome.origin.parents) - set(found)
            done = {n for n in missing if opened.journal.candidate(n).fitness is not None}
            assert not done, f"the parent of pending candidate {candidate.number} has no weights"
    opened.journal.close()
    return {number: (stored.file, stored.size, stored.digest) for number, stored in found.items()}


def processes_with(tag: str) -> list[str]:
    """Processes that were started with a tag, where the system tells."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"{TAG}={tag}".encode() in path.read_bytes():
                found.append(path.parent.name)
        except OSError:
            continue  # it has ended, or is another user's
    return found


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seed", type=int, default=None, help="by default another one each time")
    parser.add_argument(
        "--only", nargs="+", default=[""], help="kinds of search whose name holds one of these"
    )
    parser.add_argument("--at", default="", metavar="PLACE:TIMES", help="kill there only, not at random")
    parser.add_argument("--kernels", default="", help="by which networks are trained: eager compiles nothing")
    options = parser.parse_args(words)
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**6)
    print(f"seed {seed}", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="crash-") as folder:
        harness = Harness(Path(folder), random.Random(seed), options.at, options.kernels)
        names = [name for name in harness.kinds if any(part in name for part in options.only)]
        bag = [name for name in names for _ in range(SHARES.get(name, 3))]
        first = list(names)  # each kind at least once
        shown = 0
        while (kills := harness.lives) < options.kills:
            harness.one(first.pop() if first else harness.rng.choice(bag))
            if kills >= shown + 25:
                shown = kills
                sound = all(tally.sound for tally in harness.tallies.values())
                print(f"{kills} kills, {'all sound' if sound else 'NOT SOUND'}", flush=True)
        left = harness.look_behind_all()
        harness.searches.close()
    return report(harness, left, time.monotonic() - began)


def report(harness: Harness, left: list[str], seconds: float) -> int:
    print(f"{'searches':<36}{'kills':>6}{'lost':>6}{'differing':>11}{'unreadable':>12}{'left behind':>13}"
          f"{'crashed':>9}")  # fmt: skip
    total = Tally()
    if left:
        total.left_behind += 1
        total.trouble.append(f"temporary files at the end: {left}")
    for name, tally in harness.tallies.items():
        if name not in harness.wholes:
            continue
        print(f"{name:<36}{tally.kills:>6}{tally.lost:>6}{tally.differing:>11}{tally.unreadable:>12}"
              f"{tally.left_behind:>13}{tally.crashed:>9}")  # fmt: skip
        for key in ("kills", "before_the_journal", *WRONG):
            setattr(total, key, getattr(total, key) + getattr(tally, key))
        total.places.update(tally.places)
        total.trouble += tally.trouble
    for line in total.trouble:
        print("trouble:", line)
    print("killed at:", ", ".join(f"{place} {times}" for place, times in total.places.most_common()))
    print(
        f"{total.kills} kills in {seconds:.0f} s ({total.before_the_journal} before there was a journal): "
        f"{total.lost} finished evaluations lost, {total.differing} differing histories, "
        f"{total.unreadable} unreadable runs, {total.left_behind} times something left behind, "
        f"{total.crashed} searches that crashed"
    )
    return 0 if total.sound else 1


if __name__ == "__main__":
    sys.exit(main())
