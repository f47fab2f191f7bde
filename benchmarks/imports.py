"""Importing createos_nb, and its client, beside httpx and pandas: the best of ten fresh processes each, in turn."""

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
    both, client = "import httpx, pandas", "from createos_nb import Client"
    runs = [(once("import createos_nb"), once(client), once(both)) for _ in range(11)][1:]
    package, with_client, other = (min(times) * 1000 for times in zip(*runs, strict=True))
    return [
        at_most("import createos_nb", package, both, other, 1.25, "ms"),
        at_most(client, with_client, both, other, 1.5, "ms"),
    ]


if __name__ == "__main__":
    print(figures())
