"""Trains every GeNet string of one stage of four nodes on the embedded digits, and writes the table of tutorial 1.

The first training of each is in genet-table.csv, too, which `evonas compare --table` reads.

    python docs/tutorials/make_table.py

64 strings, and fewer networks, since some strings mean the same one; three seeds each, some minutes on
two cores. The table is real: nothing in it is smoothed or left out.
"""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

from evonas.genomes.genet import GenetGenome, GenetSpace

import evonas

TABLE = Path(__file__).with_name("genet-digits.csv")
LOOKED_UP = Path(__file__).with_name("genet-table.csv")
SPACE = {"nodes": [4], "filters": [8], "hidden": 32}
SEEDS = (0, 1, 2)
EPOCHS = 8


def write_looked_up() -> None:
    """The table as evonas reads one: genotypes as their genome writes them, accuracy in percent."""
    space = GenetSpace.from_dict(SPACE)
    with TABLE.open(newline="", encoding="utf-8") as file, LOOKED_UP.open("w", encoding="utf-8") as out:
        out.write(f"genotype,digits_valid{EPOCHS}\n")
        for row in csv.DictReader(file):
            genome = GenetGenome(tuple(map(int, row["bits"])), space)
            out.write(f"{genome},{100 * float(row['accuracy_0']):.3f}\n")


def main() -> None:
    config = {"genome": SPACE, "training": {"epochs": EPOCHS}}
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
    write_looked_up()
    print(f"{TABLE.name}: {len(rows)} strings, {len(known)} networks")


if __name__ == "__main__":
    main()
