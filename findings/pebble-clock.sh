#!/usr/bin/env bash
# Pebble's time limits follow the clock on the wall (Pebble 5.2.3).
# ProcessPool compares time.time() with when a task began. Once somebody or a time server sets the clock forward, tasks
# with a limit are ended at once as too slow; set it back, and a task that hangs has so much more time.
# multiprocessing's own limits, of Pool and its results, use a clock that only goes forward.
# What it means: a training can be lost to a correction of the clock, and looks as if it had been too slow.
# The clock is moved here by replacing time.time, in this process alone.
# evonas gives Pebble's pools time.monotonic in its place (search/executors/steady_clock.py).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check pebble==5.2.3
cd "$folder"
cat > check.py <<'PYTHON'
import multiprocessing
import sys
import time
from importlib.metadata import version

from pebble import ProcessPool


def expect(what, seen, known):
    print(f"{what}: {seen}")
    if seen != known:
        sys.exit(f"CHANGED: {what}: it was {known}, now it is {seen}")


clock = time.time


def pebbles(limit, seconds, hours):
    """What becomes of a task of so many seconds when the clock is set while it runs."""
    with ProcessPool(max_workers=1) as pool:
        pool.schedule(abs, args=[1]).result()  # the process is there now
        task = pool.schedule(time.sleep, args=[seconds], timeout=limit)
        while not task.running():
            time.sleep(0.01)
        time.time = lambda: clock() + 3600 * hours
        try:
            task.result()
        except TimeoutError:
            return "ended as too slow"
        finally:
            time.time = clock
        return "done"


def multiprocessings(limit, seconds, hours):
    with multiprocessing.Pool(1) as pool:
        task = pool.apply_async(time.sleep, [seconds])
        time.time = lambda: clock() + 3600 * hours
        try:
            task.get(limit)
        except multiprocessing.TimeoutError:
            return "ended as too slow"
        finally:
            time.time = clock
        return "done"


if __name__ == "__main__":
    print("pebble", version("pebble"))
    expect("3 s, at most 600, clock as it is", pebbles(600, 3, 0), "done")
    expect("3 s, at most 600, clock an hour forward", pebbles(600, 3, 1), "ended as too slow")
    expect("the same in multiprocessing.Pool", multiprocessings(600, 3, 1), "done")
    expect("20 s, at most 5, clock as it is", pebbles(5, 20, 0), "ended as too slow")
    expect("20 s, at most 5, clock an hour back", pebbles(5, 20, -1), "done")
PYTHON
"$folder/venv/bin/python" check.py
echo "As described."
