"""Write the table of `docs/reliability.md` from a report: `python -m tests.attacks REPORT`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parents[2] / "docs" / "reliability.md"
#: What the table stands below.
MARK: Final = "<!-- made by `make fuzz` -->\n"


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
    total, failed = (sum(counts[i] for counts in rows.values()) for i in (0, 1))
    lines.append(f"| **all** | | | **{total:,}** | **{failed:,}** |")
    return "\n".join(lines)


def write(report: str, page: Path = PAGE) -> None:
    """Replace the table of the page by that of the report."""
    head, _, _ = page.read_text(encoding="utf-8").partition(MARK)
    page.write_text(f"{head}{MARK}\n{table(report)}\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]).read_text(encoding="utf-8"))
