"""A domain's set-up was given up: its DNS records are missing, or point elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from createos_nb.diagnostics.diagnosis import Finding, RunbookCall
from createos_nb.diagnostics.evidence.evidence import Evidence
from createos_nb.diagnostics.rules.domain_pending import LONG


def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]:
    """Find domains in error, and those whose records are not found for a day."""
    if evidence.domains is None:
        return
    for _, row in evidence.domains.iterrows():
        name, message = str(row["name"]), row["message"]
        said = (f'the platform says "{message}"',) if isinstance(message, str) and message else ()
        if row["status"] == "error":
            yield Finding(
                "domain_misconfigured",
                evidence.name,
                row["updated_at"],
                0.9,
                (f"{name} is in error", *said),
                (),
                f"Delete {name}, create it again, and set the DNS records that its row then shows.",
                RunbookCall("delete", (evidence.name,), {"domain": name}),
            )
        elif row["status"] == "pending" and evidence.now - row["created_at"] >= LONG:
            hours = (evidence.now - row["created_at"]) / pd.Timedelta("1h")
            yield Finding(
                "domain_misconfigured",
                evidence.name,
                row["created_at"],
                0.7,
                (f"the DNS records of {name} are not found for {hours:.0f} hours", *said),
                ("records may take up to 48 hours to spread",),
                f"Set the DNS records of {name} that its row shows, and take away those that lead elsewhere.",
            )
