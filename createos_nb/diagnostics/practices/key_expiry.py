"""API keys have a sensible expiry, and are rotated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pandas as pd

from createos_nb.diagnostics.evidence.account import AccountEvidence
from createos_nb.diagnostics.practices._practice import Outcome
from createos_nb.diagnostics.practices._support import days

GROUP = "security"
SEVERITY = "high"
SCOPE = "account"
ASKS = "API keys with sensible expiry, rotated"

#: The longest life of a key that is sensible: a year, and a day for leap years.
LONGEST: Final = pd.Timedelta(days=366)
#: A key that ends within so long has to be replaced now.
SOON: Final = pd.Timedelta(days=14)


def look(account: AccountEvidence) -> Iterator[Outcome]:
    """Look at each key that opens the account now; one that was revoked or has ended opens nothing."""
    if not account.is_whole:
        return
    if account.keys is None:
        yield Outcome(None, f"the keys can't be read: {account.missing.get('API keys', 'no reason is known')}")
        return
    rows = account.keys[account.keys["revoked_at"].isna()]
    rows = rows[rows["expired_at"].isna() | (rows["expired_at"] > account.now)]
    if rows.empty:
        yield Outcome(True, "there is no key that opens the account")
    for _, row in rows.iterrows():
        yield _of_key(row, account.now)


def _of_key(row: pd.Series, now: pd.Timestamp) -> Outcome:
    name, where = str(row["name"]), f"key {row['name']}"
    fix = f"Make a new key, let what uses {name} take it, and revoke {name} last: see 36_rotate_a_key."
    if pd.isna(row["expired_at"]):
        return Outcome(False, f"{name} never ends", fix, where=where)
    left = row["expired_at"] - now
    ends = f"{name} ends in {days(left)}, on {row['expired_at']:%Y-%m-%d}"
    if left <= SOON:
        return Outcome(False, ends, fix, where=where)
    if pd.isna(row["created_at"]):
        return Outcome(None, f"{ends}; the platform does not say when it was made", where=where)
    life = row["expired_at"] - row["created_at"]
    if life > LONGEST:
        return Outcome(False, f"{name} lives for {days(life)}, and a year is long", fix, where=where, severity="medium")
    return Outcome(True, f"{ends}, {days(life)} after it was made", where=where)
