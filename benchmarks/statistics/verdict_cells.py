"""The worlds in which the release verdict is measured."""

from __future__ import annotations

from benchmarks.statistics.verdict_worlds import World

PLAIN = World("100 rpm a side")
HEALTHY = (
    PLAIN.but("20 rpm a side", old=20, new=20),
    PLAIN,
    PLAIN.but("600 rpm a side", old=600, new=600),
    PLAIN.but("90/10, 540 and 60 rpm", old=540, new=60),
    PLAIN.but("10/90, 60 and 540 rpm", old=60, new=540),
    PLAIN.but("split moving 10 to 90 %, own CV 0.5", old=600, new=600, moving=True, own=0.5),
    PLAIN.but("own CV 0.5, 600 rpm", old=600, new=600, own=0.5),
    PLAIN.but("own CV 1, 100 rpm", own=1),
    PLAIN.but("own CV 1, 600 rpm", old=600, new=600, own=1),
    PLAIN.but("own CV 1 log-normal, 600 rpm", old=600, new=600, own_lognormal=1),
    PLAIN.but("own CV 1, 90/10", old=540, new=60, own=1),
    PLAIN.but("own CV 1, 10/90", old=60, new=540, own=1),
    PLAIN.but("own CV 1, 90/10, 5,400 and 600 rpm", old=5400, new=600, own=1),
    PLAIN.but("own CV 2, 600 rpm", old=600, new=600, own=2),
    PLAIN.but("99/1, 5,940 and 60 rpm", old=5940, new=60),
    PLAIN.but("own CV 0.5, 99/1, 59,400 and 600 rpm", old=59_400, new=600, own=0.5, releases=4_000),
    PLAIN.but("own CV 1, 99/1, 5,940 and 60 rpm", old=5940, new=60, own=1),
    PLAIN.but("own CV 1, 99/1, 59,400 and 600 rpm", old=59_400, new=600, own=1, releases=4_000),
    PLAIN.but("own CV 0.5, 1/99, 600 and 59,400 rpm", old=600, new=59_400, own=0.5, releases=4_000),
    PLAIN.but("bursts of 5, 99/1, 5,940 and 60 rpm", old=5940, new=60, burst_size=5),
    PLAIN.but("bursts of 5, 100 rpm", burst_size=5),
    PLAIN.but("bursts of 5, 600 rpm", old=600, new=600, burst_size=5),
    PLAIN.but("bursts of 5, 90/10", old=540, new=60, burst_size=5),
    PLAIN.but("bursts of 5, 10/90", old=60, new=540, burst_size=5),
    PLAIN.but("a minute in 100 out, one side, 100 rpm", outages=0.01),
    PLAIN.but("cold starts, 10 % of one minute, each side, 600 rpm", old=600, new=600, cold=0.1),
    PLAIN.but("cold starts, 20 % of one minute, each side, 100 rpm", cold=0.2),
    PLAIN.but("shared incident × 20, 600 rpm", old=600, new=600, incident=20),
    PLAIN.but("shared CV 1.5, 600 rpm", old=600, new=600, shared=1.5),
    PLAIN.but("shared CV 1.5 and own 0.5, 600 rpm", old=600, new=600, shared=1.5, own=0.5),
    PLAIN.but("shared AR 0.8 CV 1, 600 rpm", old=600, new=600, shared_lasting=(0.8, 1.0)),
    PLAIN.but("shared AR 0.97 CV 1.5, 600 rpm", old=600, new=600, shared_lasting=(0.97, 1.5)),
    PLAIN.but("daily wave ± 60 %, 600 rpm", old=600, new=600, daily=0.6),
    PLAIN.but("own AR 0.5 CV 0.5, 600 rpm", old=600, new=600, own_lasting=(0.5, 0.5)),
    PLAIN.but("own AR 0.8 CV 0.5, 100 rpm", own_lasting=(0.8, 0.5)),
    PLAIN.but("own AR 0.8 CV 0.5, 600 rpm", old=600, new=600, own_lasting=(0.8, 0.5)),
    PLAIN.but("own AR 0.9 CV 1, 600 rpm", old=600, new=600, own_lasting=(0.9, 1.0)),
    PLAIN.but("own AR 0.97 CV 0.3, 600 rpm", old=600, new=600, own_lasting=(0.97, 0.3)),
    PLAIN.but("troubled clients, 2 %, 100 rpm", sessions=0.02),
    PLAIN.but("troubled clients, 2 %, 600 rpm", old=600, new=600, sessions=0.02),
)
WORSE = (
    PLAIN.but("5×, 20 rpm", old=20, new=20, ratio=5),
    PLAIN.but("5×, 100 rpm", ratio=5),
    PLAIN.but("100×: half of the requests fail, 100 rpm", ratio=100),
    PLAIN.but("100×: half of the requests fail, own CV 1, 20 rpm", old=20, new=20, own=1, ratio=100),
    PLAIN.but("5×, 600 rpm", old=600, new=600, ratio=5),
    PLAIN.but("5×, 90/10", old=540, new=60, ratio=5),
    PLAIN.but("5×, own CV 1, 100 rpm", own=1, ratio=5),
    PLAIN.but("5×, own CV 1, 600 rpm", old=600, new=600, own=1, ratio=5),
    PLAIN.but("5×, own CV 2, 600 rpm", old=600, new=600, own=2, ratio=5),
    PLAIN.but("5×, shared CV 1.5, 100 rpm", shared=1.5, ratio=5),
    PLAIN.but("2×, 100 rpm", ratio=2),
    PLAIN.but("2×, 600 rpm", old=600, new=600, ratio=2),
    PLAIN.but("2×, 90/10", old=540, new=60, ratio=2),
    PLAIN.but("2×, own CV 0.5, 600 rpm", old=600, new=600, own=0.5, ratio=2),
    PLAIN.but("2×, own CV 1, 600 rpm", old=600, new=600, own=1, ratio=2),
    PLAIN.but("2×, shared CV 1.5, 600 rpm", old=600, new=600, shared=1.5, ratio=2),
    PLAIN.but("2×, shared CV 1.5, own 0.5, 600 rpm", old=600, new=600, shared=1.5, own=0.5, ratio=2),
    PLAIN.but("2×, shared AR 0.8 CV 1, 600 rpm", old=600, new=600, shared_lasting=(0.8, 1.0), ratio=2),
    PLAIN.but("2×, own AR 0.8 CV 0.5, 600 rpm", old=600, new=600, own_lasting=(0.8, 0.5), ratio=2),
    PLAIN.but("2×, bursts of 5, 600 rpm", old=600, new=600, burst_size=5, ratio=2),
    PLAIN.but("2×, own CV 1, 90/10", old=540, new=60, own=1, ratio=2),
    PLAIN.but("1.5×, 600 rpm", old=600, new=600, ratio=1.5),
    PLAIN.but("5×, 99/1, 5,940 and 60 rpm", old=5940, new=60, ratio=5),
    PLAIN.but("5×, own CV 1, 99/1, 5,940 and 60 rpm", old=5940, new=60, own=1, ratio=5),
)
LATE = (
    PLAIN.but("2× from minute 10, 300 rpm", old=300, new=300, ratio=2, begins=10),
    PLAIN.but("5× from minute 10, 300 rpm", old=300, new=300, ratio=5, begins=10),
    PLAIN.but("10× from minute 10, 300 rpm", old=300, new=300, ratio=10, begins=10),
    PLAIN.but("5× from minute 30, 100 rpm", ratio=5, begins=30),
    PLAIN.but("10× from minute 30, 100 rpm", ratio=10, begins=30),
    PLAIN.but("10× from minute 30, own CV 1, 300 rpm", old=300, new=300, own=1, ratio=10, begins=30),
)
DAY = (
    PLAIN.but("100 rpm", buckets=1440, releases=2_000),
    PLAIN.but("100 rpm, own CV 1, daily wave ± 60 %", own=1, daily=0.6, buckets=1440, releases=2_000),
    PLAIN.but("20 rpm, own CV 1", old=20, new=20, own=1, buckets=1440, releases=2_000),
    PLAIN.but("90/10, daily wave ± 60 %", old=540, new=60, daily=0.6, buckets=1440, releases=2_000),
    PLAIN.but("100 rpm, own AR 0.8 CV 0.5", own_lasting=(0.8, 0.5), buckets=1440, releases=2_000),
)
HISTORIES = (0, 20, 60, 240, 1440)
COVERED = (
    PLAIN.but("1×, 100 rpm"),
    PLAIN.but("1×, own CV 1, 600 rpm", old=600, new=600, own=1),
    PLAIN.but("2×, 600 rpm", old=600, new=600, ratio=2),
    PLAIN.but("2×, own CV 1, 90/10", old=540, new=60, own=1, ratio=2),
    PLAIN.but("5×, 100 rpm", ratio=5),
    PLAIN.but("0.5×, shared CV 1.5, 600 rpm", old=600, new=600, shared=1.5, ratio=0.5),
)

LASTING = tuple(
    next(world for world in HEALTHY if world.name == name)
    for name in (
        "own AR 0.5 CV 0.5, 600 rpm",
        "own AR 0.8 CV 0.5, 100 rpm",
        "own AR 0.8 CV 0.5, 600 rpm",
        "own AR 0.9 CV 1, 600 rpm",
        "own CV 1, 600 rpm",
        "own AR 0.97 CV 0.3, 600 rpm",
        "troubled clients, 2 %, 100 rpm",
        "troubled clients, 2 %, 600 rpm",
    )
)
