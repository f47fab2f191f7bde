"""Importing createos_nb beside importing httpx and pandas: the best of ten fresh processes each, in turn."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.measure import Figure, at_most

_TIMED = "import time; began = time.perf_counter(); {}; print(time.perf_counter() - began)"


def once(statement: str) -> float:
    """Seconds that an import takes in a fresh process."""
    run = subprocess.run([sys.executable, "-c", _TIMED.format(statement)], capture_output=True, text=True, check=True)
    return float(run.stdout)


def figures() -> list[Figure]:
    pairs = [(once("import createos_nb"), once("import httpx, pandas")) for _ in range(11)][1:]
    ours, both = min(a for a, _ in pairs), min(b for _, b in pairs)
    return [at_most("import createos_nb", ours * 1000, "import httpx, pandas", both * 1000, 1.25, "ms")]


if __name__ == "__main__":
    print(figures())
