"""`python -m benchmarks [NAME …]`: all figures, or those of the named modules; exit code 1 if a goal is missed."""

from __future__ import annotations

import importlib
import platform
import sys

from benchmarks.measure import table

MODULES = (
    "imports",
    "in_process",
    "frames",
    "lists",
    "traffic",
    "analysis",
    "panels",
    "served",
    "latency",
    "mcp",
    "requests",
)


def main() -> int:
    names = sys.argv[1:] or MODULES
    print(f"Python {platform.python_version()}, {platform.machine()}\n")
    found = []
    for name in names:
        found += importlib.import_module(f"benchmarks.{name}").figures()
    print(table(found))
    return 0 if all(figure.met for figure in found) else 1


if __name__ == "__main__":
    sys.exit(main())
