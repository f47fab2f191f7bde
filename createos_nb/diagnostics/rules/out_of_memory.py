"""The process needs more memory than it has, and is killed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from createos_nb.diagnostics.diagnosis import Finding
from createos_nb.diagnostics.evidence.build_fixes import build_fix
from createos_nb.diagnostics.evidence.evidence import Evidence
from createos_nb.diagnostics.evidence.figures import errors_text
from createos_nb.diagnostics.rules._builds import builds, finding
from createos_nb.diagnostics.rules._support import reconfigured, release_before, rollback_call, scale_environment

ORDER = 1
#: MB that a replica may have at most.
_MOST = 1024
#: MB that a process may need while nobody asks, and how many times what comes now it should have room for.
_IDLE, _HEADROOM = 140, 1.5


def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]:
    """Find processes that are killed for their memory, where it does not leak."""
    for build, said in builds(evidence, "out_of_memory"):
        yield finding(evidence, "out_of_memory", build, build_fix(said).text, None)
    kills = list(evidence.signals.of("out_of_memory"))
    count = sum(signal.count for signal in kills)
    if evidence.environment is None or not kills or any(one.cause == "memory_leak" for one in found):
        return
    memory = evidence.environment["resources_memory"]
    weight = 0.93
    against: list[str] = []
    cause = reconfigured(evidence)
    if cause is not None:
        weight = 0.45
        against.append(f"{cause.text} at {cause.time:%H:%M}, when the errors began")
    texts = [f'the log says "{kills[0].example[:160]}", {count:,} lines in all', errors_text(evidence)]
    change = release_before(evidence, evidence.requests.since or kills[0].first)
    if change is not None:
        texts.append(f"{change.text} at {change.time:%Y-%m-%d %H:%M}")
    limit = float(memory) if pd.notna(memory) else float("nan")
    under_load = "under load" in " ".join(signal.example for signal in kills)
    # what is idle takes its part of the limit, so that requests get more than their share of what is added
    room = (_MOST - _IDLE) / max(limit - _IDLE, 1.0)
    enough = limit < _MOST and (not under_load or room * (1 - evidence.requests.failing) >= _HEADROOM)
    call = scale_environment(evidence, memory=_MOST) if enough else rollback_call(evidence)
    if enough:
        fix = f"Give it {_MOST} MB instead of {memory} MB"
        fix += f"; version {evidence.earlier} may need less." if evidence.earlier else "."
    elif call is not None:
        fix = f"Assign version {evidence.earlier} again: {_MOST} MB, the most that a replica may have, are too little."
    else:
        fix = f"{_MOST} MB, the most that a replica may have, are too little: make it need less."
    yield Finding(
        "out_of_memory",
        evidence.where,
        evidence.requests.since or kills[0].first,
        weight,
        tuple(texts),
        tuple(against),
        fix,
        call,
    )
