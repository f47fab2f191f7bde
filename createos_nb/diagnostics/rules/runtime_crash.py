"""The process ends with an error, and is started again and again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from createos_nb.diagnostics.diagnosis import Finding
from createos_nb.diagnostics.evidence.evidence import Evidence
from createos_nb.diagnostics.evidence.figures import errors_text
from createos_nb.diagnostics.rules._support import release_before, rollback_call

ORDER = 2
_EXACT = {"missing_variable", "out_of_memory", "memory_leak", "wrong_port"}


def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]:
    """Find processes that end, where nothing more exact is known of the reason."""
    if evidence.environment is None:
        return
    crashes = evidence.signals.count("crash")
    live = evidence.live
    crashing = live is not None and live["status"] == "crashing"
    changed = None if live is None else live["updated_at"]
    if not crashing and crashes < 3:
        return
    if any(finding.cause in _EXACT and finding.where == evidence.where for finding in found):
        return
    texts = [errors_text(evidence)]
    if crashes:
        texts.insert(0, f"processes ended {crashes:,} times since {evidence.signals.of('crash')[0].first:%H:%M}")
    if crashing:
        texts.insert(0, f"version {evidence.version} is crashing")
    errors = evidence.signals.of("exception", "dependency")
    if errors:
        texts.append(f'the log says "{errors[0].example[:160]}" {errors[0].count:,} times')
    change = release_before(evidence, evidence.requests.since)
    if change is not None:
        texts.append(f"{change.text} at {change.time:%H:%M}")
    call = rollback_call(evidence)
    back = f"Assign version {evidence.earlier} again" if call else "No older version is left to assign"
    yield Finding(
        "runtime_crash",
        evidence.where,
        evidence.requests.since or (evidence.signals.of("crash")[0].first if crashes else changed),
        0.92 if crashes else 0.7,
        tuple(texts),
        (),
        f"{back}; then correct what its log names.",
        call,
    )
