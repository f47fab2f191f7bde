"""A version that became live answers as the one before it, only more slowly: its log's access lines tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from createos_nb.diagnostics.diagnosis import Finding
from createos_nb.diagnostics.evidence.durations import durations, slowdown
from createos_nb.diagnostics.evidence.evidence import Evidence
from createos_nb.diagnostics.evidence.figures import clock
from createos_nb.diagnostics.rules._support import rollback_call

ORDER = 4
#: So many times as long, and on so large a share of the requests.
_FACTOR, _SHARE = 1.5, 0.8


def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]:
    """Find a release whose requests take longer, where nothing fails."""
    if evidence.environment is None or evidence.requests.trouble is not None or evidence.logs.log is None:
        return
    if any(one.where == evidence.where for one in found) or evidence.earlier_log is None:
        return
    release = next((change for change in evidence.changes if change.kind == "release"), None)
    if release is None:
        return
    lines = evidence.logs.log
    compared = slowdown(durations(evidence.earlier_log), durations(lines[lines["time"] > release.time]))
    if compared is None:
        return
    factor, share, count = compared
    if factor < _FACTOR or share < _SHARE:
        return
    call = rollback_call(evidence)
    yield Finding(
        "bad_release",
        evidence.where,
        release.time,
        0.8,
        (
            f"{release.text} at {clock(release.time, evidence.now)}",
            f"requests take {factor:.1f} times as long as with version {evidence.earlier} ({count:,} lines of the log)",
        ),
        ("no more requests fail than before",),
        f"Assign version {evidence.earlier} to {evidence.environment['unique_name']} again.",
        call,
    )
