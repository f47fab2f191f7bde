"""The process needs more memory than it has, and is killed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from createos_nb.diagnostics.diagnosis import Finding
from createos_nb.diagnostics.evidence.evidence import Evidence
from createos_nb.diagnostics.rules._builds import builds, finding
from createos_nb.diagnostics.rules._support import errors_text, release_before, rollback_call, scale_call

ORDER = 1
#: MB that a replica may have at most.
_MOST = 1024


def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]:
    """Find processes that are killed for their memory, where it does not leak."""
    for build, _ in builds(evidence, "out_of_memory"):
        fix = "Make the build smaller, or build an image elsewhere and deploy that."
        yield finding(evidence, "out_of_memory", build, fix, None)
    kills = list(evidence.signals.of("out_of_memory"))
    count = sum(signal.count for signal in kills)
    if evidence.environment is None or not kills or any(one.cause == "memory_leak" for one in found):
        return
    memory = evidence.environment["resources_memory"]
    texts = [f'the log says "{kills[0].example[:160]}", {count:,} lines in all', errors_text(evidence)]
    change = release_before(evidence, evidence.since or kills[0].first)
    if change is not None:
        texts.append(f"{change.text} at {change.time:%Y-%m-%d %H:%M}")
    roomy = not (memory < _MOST) if isinstance(memory, (int, float)) else False
    if roomy:
        call = rollback_call(evidence)
        fix = (
            f"It has all the memory that a replica may have: assign version {evidence.earlier} again, or add replicas."
        )
    else:
        call = scale_call(evidence, memory=_MOST)
        fix = f"Give it {_MOST} MB instead of {memory} MB"
        fix += f"; version {evidence.earlier} may need less." if evidence.earlier else "."
    yield Finding("out_of_memory", evidence.where, evidence.since or kills[0].first, 0.93, tuple(texts), (), fix, call)
