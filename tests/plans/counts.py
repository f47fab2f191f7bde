"""How often runs were disturbed: told at the end of a test run."""

from __future__ import annotations

from collections import Counter

#: Test → runbook → what became of it, counted.
COUNTS: dict[str, dict[str, Counter[str]]] = {}


def count(test: str, runbook: str, outcomes: Counter[str]) -> None:
    """Add to the counts of a test."""
    COUNTS.setdefault(test, {}).setdefault(runbook, Counter()).update(outcomes)


def lines() -> list[str]:
    """One line a test, and where it was asked for in full, one a runbook."""
    found = []
    for test, runbooks in COUNTS.items():
        total: Counter[str] = sum(runbooks.values(), Counter())
        words = ", ".join(f"{number} {outcome}" for outcome, number in total.most_common())
        found.append(f"{test}: {total.total()} times over {len(runbooks)} runbooks: {words}")
    return found
