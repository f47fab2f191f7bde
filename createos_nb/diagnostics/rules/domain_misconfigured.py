"""A domain's set-up was given up: its DNS records are missing, or point elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from createos_nb.diagnostics.diagnosis import Finding, RunbookCall
from createos_nb.diagnostics.evidence.evidence import Evidence


def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]:
    """Find domains in error."""
    if evidence.domains is None:
        return
    for _, row in evidence.domains.iterrows():
        if row["status"] != "error":
            continue
        texts = [f"{row['name']} is in error"]
        if isinstance(row["message"], str) and row["message"]:
            texts.append(f'the platform says "{row["message"]}"')
        yield Finding(
            "domain_misconfigured",
            evidence.name,
            row["updated_at"],
            0.9,
            tuple(texts),
            (),
            f"Delete {row['name']}, create it again, and set the DNS records that its row then shows.",
            RunbookCall("delete", (evidence.name,), {"domain": str(row["name"])}),
        )
