"""Three days in which everything happens that the engine can do, and a digest of all that it says about them.

Run as a program it prints the digest, so that another interpreter can be asked.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from createos_nb.simulator.traffic import (
    SCANNER,
    Behavior,
    BuildBehavior,
    BuildSettings,
    Events,
    Failing,
    Incident,
    Profile,
    Recorded,
    Scheduled,
    Segment,
    Traffic,
    build,
)

BEGIN = 1_767_225_607  # 2026-01-01 00:00:07 UTC: no full minute, on purpose
HOUR = 3600
END = BEGIN + 72 * HOUR + 11

PROFILES = (
    (BEGIN, Profile(rpm=24, growth=0.05, overdispersion=0.3, jitter=0.12, bots=(SCANNER,))),
    (BEGIN + 30 * HOUR + 13, Profile(rpm=40, overdispersion=0.0, jitter=0.0, daily_jitter=0.0, clients=5)),
    (BEGIN + 66 * HOUR + 29, None),
    (BEGIN + 67 * HOUR, Profile(rpm=3)),
)


def at(hours: float, seconds: int = 0) -> int:
    return BEGIN + round(hours * HOUR) + seconds


SEGMENTS = (
    Segment(start=at(1, 5), end=at(6, 30), deployment="one", version=1, launched=at(1)),
    Segment(
        start=at(6, 30),
        end=at(12, 47),
        deployment="two",
        version=2,
        behavior=Behavior(
            slow=2.5,
            slow_start=600,
            slow_start_errors=0.3,
            errors=(Failing(status=500, share=0.08, path="/api/*"), Failing(status=404, share=0.01)),
        ),
    ),
    Segment(
        start=at(12, 47),
        end=at(16),
        deployment="three",
        version=3,
        behavior=Behavior(crash_after=40, crash="missing-variable:DATABASE_URL"),
        runtime="python:3.12",
        framework="fastapi",
    ),
    Segment(start=at(16), end=at(18, 1), deployment="four", behavior=Behavior(listens=3000), port=8080),
    Segment(
        start=at(18, 1),
        end=at(30),
        deployment="five",
        behavior=Behavior(memory=200, leak=300, boot=20),
        replicas=3,
        memory=512,
        runtime="golang:1.22",
        framework="gin",
    ),
    Segment(
        start=at(32, 3),
        end=at(40),
        deployment="six",
        behavior=Behavior(memory=200, memory_per_rpm=5.0, cpu_ms=420.0),
        replicas=2,
        memory=500,
        cpu=200,
        runtime="static",
    ),
    Segment(start=at(40), end=at(44, 59), deployment="six", asleep=True),
    Segment(start=at(44, 59), end=at(50), deployment="seven", behavior=Behavior(crash_after=0, crash="boom {x}")),
    Segment(start=at(50), end=at(50), deployment="never"),
    Segment(start=at(50), end=at(71), deployment="one", version=1, fresh=False, launched=at(1)),
    Segment(start=at(71), deployment="eight", behavior=Behavior(cpu_ms=30.0)),
)
INCIDENTS = (
    Incident(name="crowd", start=at(8, 17), end=at(9, 3), rate=6.0, ramp=900, fade=1800),
    Incident(
        name="payments", start=at(10, 31), end=at(11, 2), failing=(Failing(status=503, share=0.4, path="/checkout"),)
    ),
    Incident(name="half", start=at(33), end=at(34), rate=0.5, slow=3.0),
    Incident(name="neighbour", start=at(35), end=at(36, 7), stolen=0.6),
    Incident(name="lasting", start=at(70, 21), failing=(Failing(status=504, share=0.05),), jitter=0.0),
)
SCHEDULED = (
    Scheduled(name="sync", schedule="*/7 * * * *", start=at(3), end=at(31, 14), method="POST", path="/sync"),
    Scheduled(name="sync", schedule="* * * * *", start=at(31, 14), end=at(40), method="PUT", path="/sync"),
    Scheduled(name="night", schedule="30 1,13 * * *", start=at(10)),
)


def recorded() -> Recorded:
    known = Recorded()
    for i in range(40):
        known.add((at(5) + i * 61) * 1_000_000 + i * 1234, "GET", f"/probe/{i % 3}", (200, 404, 502)[i % 3], size=i)
    known.add(at(5, 7) * 1_000_000, "GET", "/socket", 101)
    known.add((BEGIN - 10) * 1_000_000, "HEAD", "/", 200)
    return known


def story() -> Traffic:
    return Traffic(7, "shop/production", PROFILES, SEGMENTS, INCIDENTS, recorded(), BEGIN, SCHEDULED)


def story_until(time: int) -> Traffic:
    """The same as it was known at a second: nothing that came later, no end that came later."""
    segments = [s for s in SEGMENTS if s.start <= time]
    segments = [replace(s, end=None) if s.end is not None and s.end > time else s for s in segments]
    incidents = [i for i in INCIDENTS if i.start <= time]
    incidents = [replace(i, end=None) if i.end is not None and i.end > time else i for i in incidents]
    profiles = [p for p in PROFILES if p[0] <= time]
    calls = [c for c in SCHEDULED if c.start <= time]
    calls = [replace(c, end=None) if c.end is not None and c.end > time else c for c in calls]
    return Traffic(7, "shop/production", profiles, segments, incidents, recorded(), BEGIN, calls)


def columns(events: Events) -> tuple[object, ...]:
    """Requests as plain values."""
    return (
        events.time.tolist(),
        events.method,
        events.path,
        events.status.tolist(),
        events.ms.tolist(),
        events.size.tolist(),
        [events.clients[i] for i in events.client.tolist()],
        [events.agents[i] for i in events.agent.tolist()],
    )


def digest() -> dict[str, str]:
    """SHA-256 of each kind of answer about the three days."""
    traffic = story()
    series = [traffic.series(BEGIN, END, width) for width in (60, 3600, 420, 97)]
    cells = traffic.cells(BEGIN, END)
    builds = [
        build(7, "a", BuildSettings(), BuildBehavior(), BEGIN),
        build(7, "b", BuildSettings(runtime="python:3.11"), BuildBehavior(private_package="core"), BEGIN),
        build(7, "c", BuildSettings(framework="nextjs"), BuildBehavior(slow=40.0), BEGIN),
        build(7, "d", BuildSettings(dockerfile=True), BuildBehavior(dockerfile_error="RUN mak"), BEGIN),
    ]
    answers = [traffic.answer(at(h, 1), "GET", "/api/stock", n)[:5] for h in range(72) for n in range(5)]
    said = {
        "series": b"".join(np.ascontiguousarray(part).astype("<i8").tobytes() for s in series for part in s),
        "cells": repr((cells.method, cells.path, cells.status.tolist(), cells.count.tolist())).encode(),
        "events": repr(columns(traffic.events(at(9), at(13)))).encode(),
        "logs": "\n".join(map(str, traffic.logs(at(12.5), at(19)))).encode(),
        "builds": repr([(b.lines, b.stages, b.failure) for b in builds]).encode(),
        "answers": repr([(s, ms, size, int(cause), note) for s, ms, size, cause, note in answers]).encode(),
    }
    return {what: hashlib.sha256(data).hexdigest() for what, data in said.items()}


if __name__ == "__main__":
    print("\n".join(f"{what} {value}" for what, value in digest().items()))  # noqa: T201  # read by a test
