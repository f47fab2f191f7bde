"""Traffic: a year of 20 environments, 30 days of them, a crash loop, one hour, single requests, a log to replay.

Beside the limits stands what numpy's own Poisson generator takes for as many counts, given the means: no shape of
a day, no errors, no access at random.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import numpy as np

from benchmarks.measure import Figure, at_most, paired
from createos_nb.simulator.traffic import (
    SCANNER,
    Behavior,
    Call,
    Failing,
    Incident,
    Page,
    Profile,
    Segment,
    Traffic,
    read_access_log,
)
from createos_nb.simulator.traffic.sample_log import sample_log

BEGIN = 1_767_571_200
DAY = 86_400
ENVIRONMENTS = 20


def environments(number: int = ENVIRONMENTS) -> list[Traffic]:
    """Environments with visitors and a bot, all classes of answers, two deployments and an incident."""
    errors = (Failing(status=500, share=0.01, path="/api/*"), Failing(status=404, share=0.002))
    segments = (
        Segment(start=BEGIN, end=BEGIN + 40 * DAY + 77),
        Segment(start=BEGIN + 40 * DAY + 77, version=2, behavior=Behavior(errors=errors)),
    )
    incident = Incident(name="i", start=BEGIN + 9 * DAY, end=BEGIN + 9 * DAY + 7200, rate=3.0, failing=errors)
    profile = Profile(rpm=60, growth=0.005, bots=(SCANNER,))
    return [Traffic(7, f"environment {i}", profile, segments, [incident], created=BEGIN) for i in range(number)]


def chain(*, joined: bool) -> list[Traffic]:
    """A shop of 240 requests a minute, a third of which call a service, which calls another, a tenth failing there."""
    names = ("shop", "stock", "prices")
    errors = Behavior(errors=(Failing(status=503, share=0.1),), cpu_ms=20)
    page = Page(path="/v1/items")
    traffics = {
        name: Traffic(
            7,
            name,
            Profile(rpm=240 if name == "shop" else 20, pages=(page, Page(path="/", weight=2))),
            [Segment(start=BEGIN, behavior=errors if name == "prices" else Behavior(cpu_ms=20))],
            created=BEGIN,
            joined=joined,
        )
        for name in names
    }
    calls = [
        Call(name=a, caller=a, callee=b, start=BEGIN, path="/v1/items", endpoint="/v1/items", retries=2, timeout=1.0)
        for a, b in pairwise(names)
    ]
    if joined:
        Traffic.join(7, traffics, calls)
    return list(traffics.values())


def a_day(*, joined: bool) -> None:
    """All that a page asks about a day: buckets, paths, statuses, and the log of its last minute."""
    end = BEGIN + 30 * DAY
    for traffic in chain(joined=joined):
        traffic.series(end - DAY, end)
        traffic.cells(end - DAY, end)
        traffic.logs(end - 60, end)


def best(work: Callable[[], object], runs: int = 3) -> float:
    """Seconds of the fastest run."""
    took = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return min(took)


def figures() -> list[Figure]:
    all_of_them = environments()
    year, month = (BEGIN, BEGIN + 365 * DAY), (BEGIN + DAY, BEGIN + 31 * DAY)
    means = all_of_them[0].series(*year).counts.mean(axis=0)
    generator = np.random.Generator(np.random.Philox(7))

    def minutes() -> None:
        for traffic in all_of_them:
            traffic.series(*year, 60)

    def peer() -> None:
        for _ in range(ENVIRONMENTS):
            for mean in means:
                generator.poisson(mean, 365 * 1440)

    ours, library = paired(minutes, peer, runs=2, best=True)
    hours = best(lambda: [traffic.series(*year, 3600) for traffic in all_of_them], 2)
    days = best(lambda: [traffic.series(*month, 60) for traffic in all_of_them])
    cells = best(lambda: [traffic.cells(*month) for traffic in all_of_them])
    one = all_of_them[0]
    early, late = (best(partial(one.series, BEGIN + at * DAY, BEGIN + at * DAY + 3600), 20) for at in (2, 363))
    requests = len(one.events(BEGIN, BEGIN + DAY))
    single = best(lambda: one.events(BEGIN, BEGIN + DAY)) / requests
    loop = Traffic(7, "loop", Profile(rpm=60), [Segment(start=BEGIN, behavior=Behavior(crash_after=20))], created=BEGIN)
    crash = best(lambda: loop.series(BEGIN, BEGIN + 7 * DAY, 300))
    calling = best(lambda: a_day(joined=True))
    apart = best(lambda: a_day(joined=False))
    log = sample_log()
    tenth = 10_000 / len(log.splitlines())
    replay = best(lambda: read_access_log(log)) * tenth
    name = "20 environments × 1 year, minutes by class"
    return [
        at_most(name, ours, "limit", 10.0, 1.0),
        at_most(name, ours, "numpy's Generator.poisson, means given", library, 3.0),
        at_most("20 environments × 1 year, hours by class", hours, "limit", 5.0, 1.0),
        at_most("20 environments × 30 days, minutes by class", days, "limit", 2.0, 1.0),
        at_most("20 environments × 30 days, paths and statuses", cells, "limit", 4.0, 1.0),
        at_most("an hour in the last week of a year", late * 1000, "an hour in the first", early * 1000, 1.3, "ms"),
        at_most("a single request with all its fields", single * 1e6, "limit", 1.0, 1.0, "µs"),
        at_most("a week of a crash loop", crash, "limit", 1.0, 1.0),
        at_most("a day of three projects that call each other", calling, "limit", 3.0, 1.0),
        at_most("a day of three projects that call each other", calling, "the same without calls", apart, 40.0),
        at_most("10,000 lines of an access log", replay, "limit", 0.5, 1.0),
    ]


if __name__ == "__main__":
    print(*figures(), sep="\n")
