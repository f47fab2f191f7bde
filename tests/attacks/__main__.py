"""Print the table of `docs/reliability.md` from a report: `python -m tests.attacks REPORT`."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def table(report: str) -> str:
    """A Markdown table, one row an attack, in the order of areas."""
    rows: dict[tuple[str, str, str], list[int]] = {}
    for line in report.splitlines():
        one = json.loads(line)
        counts = rows.setdefault((one["area"], one["attack"], one["promise"]), [0, 0])
        counts[0] += one["tries"]
        counts[1] += one["failures"]
    lines = ["| area | attack | promise | tries | failures |", "| --- | --- | --- | --: | --: |"]
    for (area, attack, promise), (tries, failures) in sorted(rows.items()):
        lines.append(f"| {area} | {attack} | {promise} | {tries:,} | {failures:,} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(table(Path(sys.argv[1]).read_text(encoding="utf-8")) + "\n")
