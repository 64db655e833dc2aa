"""Trains every GeNet string of one stage of four nodes on the embedded digits, and writes the table of tutorial 1.

    python docs/tutorials/make_table.py

64 strings, and fewer networks, since some strings mean the same one; three seeds each, some minutes on
two cores. The table is real: nothing in it is smoothed or left out.
"""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

from evonas.genomes.genet import GenetGenome

import evonas

TABLE = Path(__file__).with_name("genet-digits.csv")
SPACE = {"nodes": [4], "filters": [8], "hidden": 32}
SEEDS = (0, 1, 2)


def main() -> None:
    config = {"genome": SPACE, "training": {"epochs": 8}}
    loops = [evonas.toolbox("genet", config=config, seed=seed, inherit="none") for seed in SEEDS]
    space = loops[0].individual().space
    known: dict[str, list[float]] = {}
    rows = []
    for bits in itertools.product((0, 1), repeat=6):
        key = GenetGenome(bits, space).key()
        if key not in known:
            known[key] = [loop.evaluate(GenetGenome(bits, space))[0] for loop in loops]
        rows.append(["".join(map(str, bits)), *known[key]])
        print(*rows[-1], flush=True)
    with TABLE.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["bits", *(f"accuracy_{seed}" for seed in SEEDS)])
        writer.writerows(rows)
    print(f"{TABLE.name}: {len(rows)} strings, {len(known)} networks")


if __name__ == "__main__":
    main()
