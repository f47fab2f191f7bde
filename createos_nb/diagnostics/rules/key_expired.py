"""An API key has expired, or is about to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from createos_nb.diagnostics.diagnosis import Finding
from createos_nb.diagnostics.evidence.evidence import Evidence
from createos_nb.diagnostics.evidence.figures import clock

#: Keys that expire within so long are about to; ones that expired longer ago were let go.
_SOON, _LATELY = pd.Timedelta("7D"), pd.Timedelta("14D")

ACCOUNT = True


def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]:
    """Find keys that have lately expired, or expire soon, and were not revoked."""
    if evidence.keys is None:
        return
    for _, row in evidence.keys.iterrows():
        if pd.isna(row["expired_at"]) or pd.notna(row["revoked_at"]):
            continue
        left = row["expired_at"] - evidence.now
        if not -_LATELY <= left <= _SOON:
            continue
        verb = "expired" if left <= pd.Timedelta(0) else "expires"
        yield Finding(
            "key_expired",
            "account",
            row["expired_at"],
            0.85 if verb == "expired" else 0.6,
            (f"the API key {row['name']!r} {verb} at {clock(row['expired_at'], evidence.now)} UTC",),
            ("what runs already is not concerned, but for what uses the key",),
            "Make a new key, give it to whoever uses the old one, and revoke that.",
        )
