"""Thirty days of minutes for twenty environments, through the client and the simulated API."""

from __future__ import annotations

import time

import createos_nb
from benchmarks.measure import Figure, at_most

ENVIRONMENTS, DAYS = 20, 30


def figures() -> list[Figure]:
    times = []
    for _ in range(3):
        client = createos_nb.simulate("fleet", projects=ENVIRONMENTS, deployments=10 * ENVIRONMENTS)
        environments = client.fleet.environments().head(ENVIRONMENTS)
        places = list(environments[["project_id", "id"]].itertuples(index=False, name=None))
        began = time.perf_counter()
        rows = sum(len(client.analytics.requests_over_time(*place, start=f"-{DAYS}d")) for place in places)
        times.append(time.perf_counter() - began)
        assert rows == len(places) * DAYS * 1440
    return [at_most(f"{DAYS} days of minutes × {ENVIRONMENTS} environments, API", sorted(times)[1], "limit", 4.0, 1.0)]


if __name__ == "__main__":
    print(figures())
