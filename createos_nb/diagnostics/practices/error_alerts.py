"""Somebody watches the analytics, and is told of error spikes."""

from __future__ import annotations

from collections.abc import Iterator

from createos_nb.diagnostics.evidence.account import AccountEvidence
from createos_nb.diagnostics.practices._practice import Outcome
from createos_nb.diagnostics.practices._support import count

GROUP = "performance"
SEVERITY = "medium"
SCOPE = "account"
ASKS = "watch analytics, alert on error spikes"


def look(account: AccountEvidence) -> Iterator[Outcome]:
    """Say what there would have been to tell: who watches, the API does not know."""
    if not account.is_whole:
        return
    sums = [day for environment in account.environments if (day := environment.requests_of_a_day) is not None]
    asked, failed = sum(day[0] for day in sums), sum(day[1] for day in sums)
    figures = f"{failed:,} of {count(asked, 'request')} in 24 hours failed"
    yield Outcome(
        None,
        f"the API does not know who watches; {figures}",
        "Let `createos-nb watch` run, or whatever you watch with, and write it down as an exception.",
    )
