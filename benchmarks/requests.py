"""Requests that a question costs, beside the fewest that the platform's API allows for an account of this shape.

Each question is asked of a fresh client with a history: the first time, an hour later, and again in the same minute.
The fewest are worked out from the shape of the account, not from what the client sends.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import createos_nb
from benchmarks.measure import Figure, at_most
from createos_nb import Client
from createos_nb.diagnostics import diagnose
from createos_nb.history import open as open_history

_PAGE: Final = 20
_LEAST: Final = "fewest that the API allows"


class Shape(NamedTuple):
    """What decides how many requests a question needs."""

    pages: int
    """Of the list of projects."""
    projects: int
    """Active ones."""
    running: int
    """Those in which something is live."""
    environments: int
    deployment_pages: int
    """Of all active projects."""


def shape_of(client: Client) -> Shape:
    """The shape of an account, read from the simulated world itself."""
    projects = client.projects.list()
    active = projects[projects["status"] == "active"]
    environments = client.fleet.environments()
    deployments = client.fleet.deployments().groupby("project").size()
    live = environments.loc[environments["project_deployment_id"].notna(), "project"].nunique()
    return Shape(
        -(-len(projects) // _PAGE),
        len(active),
        int(live),
        len(environments),
        sum(max(1, -(-int(deployments.get(name, 0)) // _PAGE)) for name in active["unique_name"]),
    )


#: Question → how it is asked, and the fewest requests: the first time, an hour later, in the same minute.
_QUESTIONS: Final[Mapping[str, tuple[Callable[[Client], object], Callable[[Shape], tuple[int, int, int]]]]] = {
    "overview": (
        lambda client: client.fleet.overview(),
        # what runs where may have changed at any moment; figures are settled for the minute
        lambda s: ((n := s.pages + s.projects + s.running) + s.environments, n + s.environments, n),
    ),
    "changes": (
        lambda client: client.fleet.changes(start="-24h"),
        lambda s: (n := s.pages + 2 * s.projects + s.deployment_pages, n, n),
    ),
    "domains": (
        lambda client: client.fleet.domains(),
        lambda s: (n := s.pages + s.projects, n, n),
    ),
    "requests of a day": (
        lambda client: client.fleet.requests_over_time(start="-1d"),
        lambda s: (n := s.pages + s.projects + s.environments, n, n),
    ),
    "requests of a week": (
        lambda client: client.fleet.requests_over_time(start="-7d"),
        lambda s: ((n := s.pages + s.projects) + 7 * s.environments, n + s.environments, n + s.environments),
    ),
}


def counted(client: Client, work: Callable[[], object]) -> int:
    """How many requests some work sends."""
    with client.transport.log.counting() as sent:
        work()
    return len(sent)


def _cost(question: str, client: Client) -> int:
    return counted(client, lambda: _QUESTIONS[question][0](client))


def _asked(make: Callable[[], Client], size: str) -> list[Figure]:
    """Each question to an account: to a fresh client, then to one whose history was synchronized.

    The second client is asked one question after another. Five minutes lie between two of them, after which it knows
    nothing any more but what its history holds.
    """
    found: dict[str, list[int]] = {}
    for question in _QUESTIONS:
        client = make()
        with tempfile.TemporaryDirectory() as folder:
            open_history(client, folder)
            client.whoami()  # whose history it is; once for all questions
            found[question] = [_cost(question, client)]
    client = make()
    shape = shape_of(client)
    with tempfile.TemporaryDirectory() as folder:
        history = open_history(client, folder)
        for wait in (3600, 300):
            history.sync(since="-7d", budget=None, datasets=["requests"])
            client.clock.sleep(wait)
        for question, counts in found.items():
            counts += [_cost(question, client) for _ in range(2)]
            client.clock.sleep(300)
    return [
        at_most(f"{question}, {size}, {when}", float(ours), _LEAST, float(least), 1.1, "requests")
        for question, counts in found.items()
        for when, ours, least in zip(
            ("first time", "an hour later", "same minute"), counts, _QUESTIONS[question][1](shape), strict=True
        )
    ]


def _synchronized(make: Callable[[], Client], size: str) -> list[Figure]:
    """A synchronization: all lists and a week of requests, then what an hour has brought, then nothing."""
    client = make()
    with tempfile.TemporaryDirectory() as folder:
        history = open_history(client, folder)
        shape = shape_of(client)
        lists = shape.pages + 1 + 2 * shape.projects
        runs = [history.sync(since="-7d", budget=None).requests]
        client.clock.sleep(3600)
        runs.append(history.sync(since="-7d", budget=None).requests)
        runs.append(history.sync(since="-7d", budget=None).requests)
    least = (
        lists + shape.deployment_pages + 7 * shape.environments,
        lists + shape.projects + shape.environments,
    )
    figures = [
        at_most(f"sync of a week, {size}, {when}", float(ours), _LEAST, float(fewest), 1.1, "requests")
        for when, ours, fewest in zip(("first time", "an hour later"), runs, least, strict=False)
    ]
    again = float(runs[2])
    none = Figure(f"sync of a week, {size}, same minute", again, "none", 0.0, again, "0", again == 0, "requests")
    return [*figures, none]


def _diagnosed() -> list[Figure]:
    """A diagnosis of a bad release: the first time, an hour later with a history, and again in the same minute."""
    client = createos_nb.simulate("bad-release")

    def spent() -> float:
        return float(counted(client, lambda: diagnose(client, "storefront", "production")))

    with tempfile.TemporaryDirectory() as folder:
        first = spent()
        history = open_history(client, folder)
        history.sync(since="-9d", budget=None)
        client.clock.sleep(3600)
        history.sync(since="-9d", budget=None)
        later, again = spent(), spent()
    # projects, quotas, keys, deployments, domains and environments as they are now, the newest minutes of the series,
    # the log, the paths that fail, the log of the build
    return [
        at_most(f"diagnosis of a bad release, {when}", ours, "its evidence, asked once", 10.0, 1.1, "requests")
        for when, ours in (("first time", first), ("an hour later", later), ("same minute", again))
    ]


def _in_process() -> Figure:
    """The CPU that an overview of 2,000 environments takes in this process, the simulated world included."""
    client = large()
    client.fleet.environments()
    began = time.process_time()
    client.fleet.overview()
    return at_most(
        "overview, 2,000 environments, in process", time.process_time() - began, "limit", 15.0, 1.0, "s of CPU"
    )


def large() -> Client:
    """The account of 2,000 environments."""
    return createos_nb.simulate("fleet", projects=1000, deployments=2000)


def of_account(make: Callable[[], Client], size: str) -> list[Figure]:
    """All questions to an account, and its synchronization."""
    return [*_asked(make, size), *_synchronized(make, size)]


def figures() -> list[Figure]:
    """The table's lines: accounts of 13 and 200 environments, and one diagnosis; `requests_large` has 2,000."""
    accounts: dict[str, Callable[[], Client]] = {
        "13 environments": createos_nb.simulate,
        "200 environments": lambda: createos_nb.simulate("fleet", projects=100, deployments=200),
    }
    found = [figure for size, make in accounts.items() for figure in of_account(make, size)]
    return [*found, _in_process(), *_diagnosed()]
