"""`python -m benchmarks [NAME …]`: all figures, or those of the named modules; exit code 1 if a goal is missed.

All of them together are written into `benchmarks/RESULTS.md`. `fleets_large` is only measured where it is named.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
import traceback
from pathlib import Path

from benchmarks.measure import table

MODULES = (
    "imports",
    "in_process",
    "frames",
    "lists",
    "traffic",
    "analysis",
    "panels",
    "browser",
    "dashboard",
    "served",
    "latency",
    "mcp",
    "examination",
    "requests",
    "requests_large",
    "fleets",
)
RESULTS = Path(__file__).parent / "RESULTS.md"
_HEAD = """\
# Measured speed

Each figure stands beside a floor or a peer that was measured in turn with it, in the same run; the goal is of their
ratio, for it depends less on the machine. `make bench` (`python -m benchmarks`) writes this page.
"""


def main() -> int:
    names = sys.argv[1:] or MODULES
    where = f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} processors"
    print(f"{where}\n")
    found, failed = [], []
    for name in names:
        try:
            found += importlib.import_module(f"benchmarks.{name}").figures()
        except Exception as error:  # noqa: BLE001  # the others are measured all the same
            traceback.print_exc()
            failed.append(f"Not measured: {name} ({type(error).__name__}).")
    text = "\n\n".join([table(found), *failed])
    print(text)
    if not sys.argv[1:]:
        RESULTS.write_text(f"{_HEAD}\n{where}.\n\n{text}\n", encoding="utf-8")
    return 1 if failed or not all(figure.met for figure in found) else 0


if __name__ == "__main__":
    sys.exit(main())
