"""A domain waits for its DNS records to be found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from createos_nb.diagnostics.diagnosis import Finding
from createos_nb.diagnostics.evidence.evidence import Evidence
from createos_nb.diagnostics.evidence.figures import clock

#: Records that are not found for so long are more likely wrong than on their way.
LONG = pd.Timedelta("24h")
#: The platform gives up after so long.
_LONGEST = pd.Timedelta("48h")


def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]:
    """Find domains that are pending, or for which a certificate is being issued."""
    if evidence.domains is None:
        return
    for _, row in evidence.domains.iterrows():
        if row["status"] not in ("pending", "issuing"):
            continue
        age = evidence.now - row["created_at"]
        if row["status"] == "pending" and age >= LONG:
            continue
        texts = [f"{row['name']} is {row['status']} since {clock(row['created_at'], evidence.now)}"]
        if isinstance(row["message"], str) and row["message"]:
            texts.append(f'the platform says "{row["message"]}"')
        tries = row["failed_verification_count"]
        if pd.notna(tries) and tries:
            texts.append(
                f"{int(tries)} verifications failed, the last at {clock(row['last_failed_verified_at'], evidence.now)}"
            )
        left = max(_LONGEST - age, pd.Timedelta(0))
        yield Finding(
            "domain_pending",
            evidence.name,
            row["created_at"],
            0.9,
            tuple(texts),
            (),
            f"Compare the DNS records of {row['name']} with those in its row, then wait: the platform looks again for "
            f"{left / pd.Timedelta('1h'):.0f} more hours.",
        )
