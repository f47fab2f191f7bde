"""The worlds in which the release verdict is measured."""

from __future__ import annotations

from benchmarks.statistics.verdict_worlds import World

PLAIN = World("100 rpm a side")
FAST = PLAIN.but("600 rpm a side", old=600, new=600)
BUSY = PLAIN.but("6,000 rpm a side", old=6_000, new=6_000)
SHARED_WAVE = (0.95, 1.585)
"""A shared AR(1) with a correlation of 0.95 and innovations with a standard deviation of 0.35."""


def _at(old: float, new: float, name: str, **changes: object) -> World:
    return PLAIN.but(name, old=old, new=new, **changes)


HEALTHY = (
    _at(20, 20, "20 rpm a side"),
    PLAIN,
    FAST,
    BUSY,
    _at(540, 60, "90/10, 540 and 60 rpm"),
    _at(60, 540, "10/90, 60 and 540 rpm"),
    _at(600, 600, "split moving 10 to 90 %, own CV 0.5", moving=True, own=0.5),
    FAST.but("own CV 0.5, 600 rpm", own=0.5),
    PLAIN.but("own CV 1, 100 rpm", own=1),
    FAST.but("own CV 1, 600 rpm", own=1),
    FAST.but("own CV 1 log-normal, 600 rpm", own_lognormal=1),
    FAST.but("own CV 2, 600 rpm", own=2),
    PLAIN.but("bursts of 5, 100 rpm", burst_size=5),
    FAST.but("bursts of 5, 600 rpm", burst_size=5),
    PLAIN.but("a minute in 100 out, one side, 100 rpm", outages=0.01),
    FAST.but("cold minutes, 10 % of one, each side, 600 rpm", cold=0.1),
    FAST.but("shared incident × 20, 600 rpm", incident=20),
    FAST.but("shared CV 1.5, 600 rpm", shared=1.5),
    FAST.but("shared CV 1.5 and own 0.5, 600 rpm", shared=1.5, own=0.5),
    FAST.but("shared AR 0.95, 600 rpm", shared_lasting=SHARED_WAVE),
    FAST.but("daily wave ± 60 %, 600 rpm", daily=0.6),
)
"""Releases as healthy as the baseline, whose noise is drawn anew each minute or shared."""

LASTING = (
    FAST.but("own AR 0.5 CV 0.5, 600 rpm", own_lasting=(0.5, 0.5)),
    PLAIN.but("own AR 0.8 CV 0.5, 100 rpm", own_lasting=(0.8, 0.5)),
    FAST.but("own AR 0.8 CV 0.5, 600 rpm", own_lasting=(0.8, 0.5)),
    FAST.but("own AR 0.9 CV 1, 600 rpm", own_lasting=(0.9, 1.0)),
    FAST.but("own AR 0.97 CV 0.3, 600 rpm", own_lasting=(0.97, 0.3)),
    PLAIN.but("troubled clients, 2 %, 100 rpm", sessions=0.02),
    FAST.but("troubled clients, 2 %, 600 rpm", sessions=0.02),
)
"""Healthy releases with noise of one side's own that lasts."""

STARTS = (
    FAST.but("3 × for three minutes, then healthy, 600 rpm", starts_cold=(3, 3.0)),
    BUSY.but("3 × for three minutes, then healthy, 6,000 rpm", starts_cold=(3, 3.0)),
    BUSY.but("10 × for three minutes, then healthy, 6,000 rpm", starts_cold=(3, 10.0)),
    FAST.but("3 × for five minutes, then healthy, 600 rpm", starts_cold=(5, 3.0)),
)
ONE_SIDED = (
    FAST.but("5 × for four minutes of one side, 600 rpm", one_sided=(4, 5.0)),
    FAST.but("20 × for two minutes of one side, 600 rpm", one_sided=(2, 20.0)),
    BUSY.but("5 × for four minutes of one side, 6,000 rpm", one_sided=(4, 5.0)),
)
UNEVEN = tuple(
    _at(old, new, f"{noise}, {old:,} and {new:,} rpm", **changes)
    for old, new in ((4_800, 1_200), (9_000, 1_000), (1_000, 9_000), (59_400, 600), (600, 59_400), (5_940, 60))
    for noise, changes in (("own CV 1", {"own": 1.0}), ("bursts of 5", {"burst_size": 5.0}))
)
ODD = (
    FAST.but("retry storms: 2 more requests for each error", retries=2.0),
    FAST.but("traffic and errors step up by half at once", edge=1.5),
    FAST.but("own CV 0.5, the candidate's clock half a minute late, shared CV 1.5", own=0.5, shared=1.5, skew=0.5),
    FAST.but("shared CV 1.5, the candidate's clock half a minute late", shared=1.5, skew=0.5),
    FAST.but("another deployment in minute 20: 3 × for three minutes, 600 rpm", ratio=3, begins=20, ends=23),
    BUSY.but("another deployment in minute 20: 3 × for three minutes, 6,000 rpm", ratio=3, begins=20, ends=23),
)
"""Healthy releases of which nobody asked."""

WORSE = (
    _at(20, 20, "5×, 20 rpm", ratio=5),
    PLAIN.but("5×, 100 rpm", ratio=5),
    PLAIN.but("100×: half of the requests fail, 100 rpm", ratio=100),
    FAST.but("5×, 600 rpm", ratio=5),
    _at(540, 60, "5×, 90/10", ratio=5),
    PLAIN.but("5×, own CV 1, 100 rpm", own=1, ratio=5),
    FAST.but("5×, own CV 1, 600 rpm", own=1, ratio=5),
    FAST.but("5×, own CV 2, 600 rpm", own=2, ratio=5),
    PLAIN.but("2×, 100 rpm", ratio=2),
    FAST.but("2×, 600 rpm", ratio=2),
    FAST.but("2×, own CV 0.5, 600 rpm", own=0.5, ratio=2),
    FAST.but("2×, own CV 1, 600 rpm", own=1, ratio=2),
    FAST.but("2×, shared CV 1.5, 600 rpm", shared=1.5, ratio=2),
    FAST.but("2×, shared CV 1.5, own 0.5, 600 rpm", shared=1.5, own=0.5, ratio=2),
    FAST.but("2×, shared AR 0.95, 600 rpm", shared_lasting=SHARED_WAVE, ratio=2),
    FAST.but("2×, own AR 0.8 CV 0.5, 600 rpm", own_lasting=(0.8, 0.5), ratio=2),
    FAST.but("2×, bursts of 5, 600 rpm", burst_size=5, ratio=2),
    FAST.but("1.5×, 600 rpm", ratio=1.5),
    _at(1_000, 9_000, "2×, own CV 1, 1,000 and 9,000 rpm", own=1, ratio=2),
    _at(9_000, 1_000, "2×, bursts of 5, 9,000 and 1,000 rpm", burst_size=5, ratio=2),
)
"""Worse from the start."""

LATE = (
    FAST.but("5× from minute 10, 600 rpm", ratio=5, begins=10),
    BUSY.but("5× from minute 10, 6,000 rpm", ratio=5, begins=10),
    PLAIN.but("5× from minute 10, 100 rpm", ratio=5, begins=10),
    FAST.but("5× from minute 30, 600 rpm", ratio=5, begins=30),
    BUSY.but("5× from minute 30, 6,000 rpm", ratio=5, begins=30),
    FAST.but("2× from minute 30, 600 rpm, two hours", ratio=2, begins=30, buckets=120),
    FAST.but("rising to 5× from minute 10 to 40, 600 rpm", ratio=5, begins=10, ramp=30),
    FAST.but("5× in every other five minutes from minute 10, 600 rpm", ratio=5, begins=10, flaps=5),
    FAST.but("5× from minute 10 to 20, then healthy, 600 rpm", ratio=5, begins=10, ends=20),
)
DAY = (
    PLAIN.but("100 rpm", buckets=1440, releases=200),
    PLAIN.but("100 rpm, own CV 1, daily wave ± 60 %", own=1, daily=0.6, buckets=1440, releases=200),
    _at(540, 60, "90/10, daily wave ± 60 %", daily=0.6, buckets=1440, releases=200),
)
COVERED = (
    PLAIN.but("1×, 100 rpm"),
    FAST.but("1×, own CV 1, 600 rpm", own=1),
    FAST.but("2×, 600 rpm", ratio=2),
    _at(540, 60, "2×, own CV 1, 90/10", own=1, ratio=2),
    FAST.but("0.5×, shared CV 1.5, 600 rpm", shared=1.5, ratio=0.5),
)
CLIENT_ERRORS = (
    ("4xx 2 → 4 %, 5xx alike, 600 rpm", FAST, FAST.but("", rate=0.02, ratio=2)),
    ("4xx 2 → 3 %, 5xx alike, 600 rpm", FAST, FAST.but("", rate=0.02, ratio=1.5)),
    ("4xx and 5xx alike, 600 rpm", FAST, FAST.but("", rate=0.02)),
    ("4xx with own CV 1 and 5xx alike, 600 rpm", FAST, FAST.but("", rate=0.02, own=1)),
)
"""Names, the world of 5xx and that of 4xx."""
