"""The memory of the process grows until it is killed, again and again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from createos_nb.diagnostics.diagnosis import Finding
from createos_nb.diagnostics.evidence.evidence import Evidence
from createos_nb.diagnostics.evidence.figures import clock
from createos_nb.diagnostics.evidence.log_signals import Signals
from createos_nb.diagnostics.rules._support import rollback_call

#: A process that lives so long before it is killed is not killed by what comes in a minute.
_LONG = pd.Timedelta("10min")


def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]:
    """Find memory that fills over a long time: warnings that rise, and kills far apart that are not under load."""
    if evidence.environment is None:
        return
    parts = (evidence.quiet, evidence.signals)
    kills = sorted(moment for part in parts for moment in _kills(part))
    levels = pd.concat([part.details("memory_pressure") for part in parts]).astype(float).sort_index()
    rising = _rises(levels)
    if not kills and not rising:
        return
    if len(kills) > 1 and pd.Series(kills).diff().median() < _LONG:
        return  # killed as soon as it starts
    if not rising and len(kills) < 2:
        return
    texts = []
    if levels.size:
        texts.append(f"the log warns of memory at {levels.iloc[0]:g} % to {levels.max():g} % of the limit, and rising")
    if kills:
        texts.append(
            f"processes were killed for their memory {len(kills)} times, last at {clock(kills[-1], evidence.now)}"
        )
    bursts = list(evidence.requests.errors)
    if bursts:
        texts.append(f"{sum(burst.hits for burst in bursts):,} requests failed while it started again")
    since = next((change.time for change in evidence.changes if change.kind in ("release", "environment")), None)
    if since is not None:
        texts.append(f"version {evidence.version} is live since {clock(since, evidence.now)}")
    call = rollback_call(evidence)
    fix = f"Assign version {evidence.earlier} again" if call else "Correct the leak"
    yield Finding(
        "memory_leak",
        evidence.where,
        since,
        0.92 if kills and rising else 0.82 if rising else 0.6,
        tuple(texts),
        (),
        f"{fix}. More memory only makes it rarer, deploying again only buys time.",
        call,
    )


def _kills(signals: Signals) -> list[pd.Timestamp]:
    times = signals.times("out_of_memory")
    texts = signals.texts("out_of_memory")
    return [time for time, text in zip(times, texts, strict=True) if "OOM" in text and "under load" not in text]


def _rises(levels: pd.Series) -> bool:
    """Return whether warnings climb over a long time, at least once between two starts."""
    if len(levels) < 2:
        return False
    steps = levels.diff()
    life = (steps < -10).cumsum()
    for _, part in levels.groupby(life):
        if len(part) >= 2 and part.iloc[-1] > part.iloc[0] and part.index[-1] - part.index[0] >= _LONG:
            return True
    return False
