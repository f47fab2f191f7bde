"""Requests that each question to 2,000 environments costs; it takes some ten minutes."""

from __future__ import annotations

from benchmarks.measure import Figure
from benchmarks.requests import large, of_account


def figures() -> list[Figure]:
    """All questions, and a synchronization of a week."""
    return of_account(large, "2,000 environments")
