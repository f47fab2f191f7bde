"""The account has as many projects or keys as it may have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from createos_nb.diagnostics.diagnosis import Finding
from createos_nb.diagnostics.evidence.evidence import Evidence

_TITLES = {"projects": "projects", "api_keys": "API keys"}

ACCOUNT = True


def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]:
    """Find quotas of which nothing is left."""
    quotas = evidence.quotas
    if quotas is None:
        return
    for name, title in _TITLES.items():
        current, most, left = (_whole(quotas.get(f"{name}_{part}")) for part in ("current", "max", "remaining"))
        if left is None or left > 0 or most is None:
            continue
        yield Finding(
            "quota_exceeded",
            "account",
            None,
            0.85,
            (f"{current} of {most} {title}: none is left",),
            ("what runs already is not concerned",),
            f"Delete {title} that are unused: making another one answers 429, which no wait mends.",
        )


def _whole(value: Any) -> int | None:
    return None if value is None or pd.isna(value) else int(value)
