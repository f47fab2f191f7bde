"""The embedded simulator: a call beside a constant answer, and a list beside the bare DataFrame of its rows."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx
import pandas as pd

import createos_nb
from benchmarks.measure import Figure, at_most


def rate(work: Callable[[], object], seconds: float = 0.25) -> float:
    """Seconds a call, over as many as fit."""
    count, began = 0, time.perf_counter()
    while (spent := time.perf_counter() - began) < seconds:
        work()
        count += 1
    return spent / count


def turns(ours: Callable[[], object], other: Callable[[], object], rounds: int = 7) -> tuple[float, float]:
    """The best of several rounds of each, in turn."""
    a, b = zip(*((rate(ours), rate(other)) for _ in range(rounds)), strict=True)
    return min(a), min(b)


def figures() -> list[Figure]:
    client = createos_nb.simulate("storefront")
    project = client.projects.get("storefront")["id"]
    path = f"/v1/projects/{project}/deployments"
    body = client.world.handle("GET", path, "", {"x-api-key": client.world.key}, b"").body
    headers = {"Content-Type": "application/json"}
    constant = httpx.Client(
        transport=httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, content=body)),
        base_url=client.base_url,
    )
    call, answer = turns(lambda: client.call("ListDeployments", project_id=project), lambda: constant.get(path))
    decoded = turns(lambda: client.call("ListDeployments", project_id=project), lambda: constant.get(path).json())[1]
    rows = client.call("ListDeployments", project_id=project, limit=20)["data"]
    listed, framed = turns(lambda: client.deployments.list(project), lambda: pd.DataFrame(rows))
    return [
        at_most("call ListDeployments, ten rows", call * 1e6, "constant answer, httpx", answer * 1e6, 2, "µs"),
        at_most(
            "the same, beside one that is decoded too", call * 1e6, "constant answer, .json()", decoded * 1e6, 2, "µs"
        ),
        at_most(f"deployments.list, {len(rows)} rows", listed * 1e6, "pd.DataFrame(rows)", framed * 1e6, 4, "µs"),
    ]


if __name__ == "__main__":
    print(figures())
