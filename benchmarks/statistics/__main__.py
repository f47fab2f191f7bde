"""`python -m benchmarks.statistics [NAME …]`: all tables of RESULTS.md, or those of the named modules."""

from __future__ import annotations

import importlib
import sys

MODULES = (
    "intervals",
    "burn",
    "anomalies",
    "changes",
    "impacts",
    "capacity",
    "sleep",
    "watch",
    "log_patterns",
    "fleet_status",
    "verdict",
)


def main() -> None:
    for name in sys.argv[1:] or MODULES:
        print(importlib.import_module(f"benchmarks.statistics.{name}").report(), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
