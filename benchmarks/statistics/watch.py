"""The watch: false alarms on the fleet of the healthy shop, a day for each seed, and what it took."""

from __future__ import annotations

import statistics

import createos_nb
from createos_nb.diagnostics import Watcher, watch
from createos_nb.diagnostics.alerts.checks.burn_rate import BurnRate

#: On 1 the least number of requests of an anomaly was chosen; the others were not looked at before.
SEEDS = range(1, 5)
KINDS = ("burn_rate", "anomaly")
EVERY = "5min"
#: Of the delays; none was looked at before.
DELAY_SEEDS = range(31, 36)
SHARES = (1.0, 0.3, 0.1, 0.03)
MOST = 60
BUDGET = 900


def day(seed: int) -> tuple[int, int, list[str]]:
    """Requests, the most looks that waited in a round, and false alarms of a day."""
    client = createos_nb.simulate("storefront", seed=seed)
    watched = watch(client, duration="24h", every=EVERY, budget=BUDGET, explain=None)
    alerts = watched.alerts[watched.alerts["kind"].isin(KINDS)]
    return watched.requests, int(watched.rounds["waiting"].max()), alerts["key"].to_list()


def delay(share: float, seed: int) -> tuple[int | None, int | None]:
    """Minutes from the first failing request until the page is told, and from the last one until its end is."""
    client = createos_nb.simulate("storefront", seed=seed)
    watcher = Watcher(client, "storefront", checks=[BurnRate()], explain=None)
    watcher.round()
    found: list[int | None] = []
    for change, failing in (("begins", share), ("ends", 0.0)):
        client.world.set_behavior("storefront", 17, errors=[{"status": 500, "share": failing}] if failing else [])
        minutes = None
        for minute in range(1, MOST + 1):
            client.clock.sleep(60)
            events = watcher.round().events
            if any(event.change == change and event.alert.what == "page" for event in events):
                minutes = minute
                break
        found.append(minutes)
    return found[0], found[1]


def _words(minutes: list[int | None]) -> str:
    known = [minute for minute in minutes if minute is not None]
    if len(known) < len(minutes):
        return f"{len(minutes) - len(known)} of {len(minutes)} not within {MOST}"
    return f"{statistics.median(known):g} ({min(known)} to {max(known)})"


def report() -> str:
    lines = [
        "## Watch",
        "",
        f"The scenario storefront, whose 13 environments are healthy for the day that follows, every {EVERY}, {BUDGET} "
        "requests an hour, no diagnoses. An alert on the burn rate or an anomaly is a false alarm.",
        "",
        "| seed | requests | looks that waited, at most | false alarms |",
        "| ---: | ---: | ---: | --- |",
    ]
    for seed in SEEDS:
        requests, waited, alarms = day(seed)
        lines.append(f"| {seed} | {requests:,} | {waited} | {', '.join(alarms) or 'none'} |")
    lines += [
        "",
        "Minutes until a page is told when requests to storefront / production (about 100 a minute) begin to fail, and "
        f"until its end is when they no longer do, a round each minute: median and range of {len(DELAY_SEEDS)} seeds "
        f"({DELAY_SEEDS[0]} to {DELAY_SEEDS[-1]}).",
        "",
        "| share that fails | told | its end |",
        "| ---: | ---: | ---: |",
    ]
    for share in SHARES:
        delays = [delay(share, seed) for seed in DELAY_SEEDS]
        begins, ends = zip(*delays, strict=True)
        lines.append(f"| {share:.0%} | {_words(list(begins))} | {_words(list(ends))} |")
    return "\n".join(lines)
