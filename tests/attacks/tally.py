"""Counting what an attack tried, and what of it failed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

#: How many times as many tries as the tests name: a quarter by default, and `make fuzz` sets 20.
FACTOR = float(os.environ.get("CREATEOS_NB_ATTACK_FACTOR", "0.25"))
#: Where each tally leaves a line of JSON, for `python -m tests.attacks`.
REPORT = os.environ.get("CREATEOS_NB_ATTACK_REPORT", "")


@dataclass
class Tally:
    """Tries and failures of one attack.

    Args:
        area: The chapter of the table, such as "time" or "secrets".
        attack: What was done, in a few words.
        promise: What has to hold, in a few words.
    """

    area: str
    attack: str
    promise: str
    tries: int = 0
    failures: list[str] = field(default_factory=list)

    def check(self, held: bool, detail: object = "") -> None:
        """Count one try; `detail` says what was seen where the promise did not hold."""
        self.tries += 1
        if not held:
            self.failures.append(str(detail))


@contextmanager
def tally(area: str, attack: str, promise: str) -> Iterator[Tally]:
    """A tally that is kept for the report, and fails the test at its end if anything in it failed."""
    kept = Tally(area, attack, promise)
    yield kept
    if REPORT:
        line = {
            "area": area,
            "attack": attack,
            "promise": promise,
            "tries": kept.tries,
            "failures": len(kept.failures),
        }
        with Path(REPORT).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
    assert kept.tries, f"{attack}: nothing was tried"
    shown = "\n".join(kept.failures[:10])
    assert not kept.failures, f"{attack}: {len(kept.failures)} of {kept.tries} failed\n{shown}"


def times(count: int) -> int:
    """How many tries, of the `count` that a test names."""
    return max(1, round(count * FACTOR))
