"""Panels: from a click to the plan on show, and a fleet of 200 environments drawn and read again.

All on the embedded simulator, whose work is in the figures. Beside the plan stands the same plan made from code; beside
the fleet stand the bare requests that its reading takes, sent one by one and thrown away. Kernel time is the time of
the process's processors, whatever thread they worked for.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import createos_nb
from benchmarks.measure import Figure, at_most
from createos_nb import panels, runbooks
from createos_nb.panels.overview import OverviewPanel

PROJECTS = 100
CLICKS = 15
RUNS = 3


def clicked() -> tuple[float, float]:
    """Seconds (p50) from a click to the plan in the panel, and of the plan and its HTML from code."""
    client = createos_nb.simulate()
    panel = panels.scale(client, "storefront", "production")
    shown, made = [], []
    for at in range(CLICKS + 1):
        replicas = 1 + at % 2
        panel.params["replicas"] = replicas
        began = time.perf_counter()
        panel.form.review_button.click()
        panel.wait(30)
        shown.append(time.perf_counter() - began)
        assert panel.plan is not None, panel.last_error
        began = time.perf_counter()
        plan = runbooks.scale(client, "storefront", "production", replicas=replicas)
        plan._repr_html_()
        plan.frame()
        made.append(time.perf_counter() - began)
    panel.close()
    # the first one imports what later ones have
    return statistics.median(shown[1:]), statistics.median(made[1:])


def spent(work: Callable[[], Any], clock: Callable[[], float]) -> float:
    """The least of some runs."""
    took = []
    for _ in range(RUNS):
        began = clock()
        work()
        took.append(clock() - began)
    return min(took)


def bare(client: createos_nb.Client) -> None:
    """The requests of a whole reading, and nothing else."""
    now = int(client.clock.now())
    for project in client.projects.list()["id"]:
        client.call("ListDeployments", project_id=project, limit=20)
        for environment in client.call("ListProjectEnvironments", project_id=project):
            client.call(
                "GetProjectEnvironmentAnalyticsRequestsOverTime",
                project_id=project,
                environment_id=environment["id"],
                start=now - 3600,
                end=now,
            )


def figures() -> list[Figure]:
    """The table's lines."""
    shown, made = clicked()
    panels.overview(createos_nb.simulate()).close()  # imports
    client = createos_nb.simulate("fleet", projects=PROJECTS, deployments=2_000)
    bare(client)  # histories are worked out when somebody looks for the first time
    opened: list[OverviewPanel] = []

    def draw() -> None:
        opened.append(panels.overview(client))
        opened[-1]._repr_mimebundle_()

    drawn, floor = spent(draw, time.perf_counter), spent(lambda: bare(client), time.perf_counter)
    panel = opened[-1]
    assert len(panel._rows.grid.rows) == 2 * PROJECTS

    def later(work: Callable[[], Any]) -> float:
        """Kernel time of work that finds a world two minutes older."""
        took = []
        for _ in range(RUNS):
            client.clock.sleep(120)
            took.append(spent_once(work))
        return min(took)

    frames = []
    for _ in range(2):
        client.clock.sleep(600)
        frames.append(panel.client.fleet.overview())
    at = iter(frames * RUNS)
    redrawn = spent(lambda: panel._on_read(next(at)), time.process_time)
    look, whole = later(panel._poll), later(panel.run)
    bare_cpu = spent(lambda: bare(client), time.process_time)
    size = f"{2 * PROJECTS} environments"
    return [
        at_most("click to plan shown, p50", shown * 1000, "limit", 150.0, 1.0, "ms"),
        at_most("click to plan shown, p50", shown * 1000, "the same plan shown from code", made * 1000, 2.0, "ms"),
        at_most(f"overview of {size}: read and drawn", drawn, "limit", 1.0, 1.0),
        at_most(f"overview of {size}: read and drawn", drawn, "its bare requests", floor, 2.5),
        at_most(f"{size}: all rows redrawn, kernel time", redrawn * 1000, "limit", 300.0, 1.0, "ms"),
        at_most(f"{size}: a live look (60 requests), kernel time", look * 1000, "limit", 300.0, 1.0, "ms"),
        at_most(f"{size}: all read again, kernel time", whole * 1000, "limit", 300.0, 1.0, "ms"),
        at_most(f"{size}: all read again, kernel time", whole * 1000, "its bare requests", bare_cpu * 1000, 2.5, "ms"),
    ]


def spent_once(work: Callable[[], Any]) -> float:
    """Seconds of processor time."""
    began = time.process_time()
    work()
    return time.process_time() - began
