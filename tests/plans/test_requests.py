"""How many requests a plan takes, and how many of them one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import pytest

import createos_nb
from createos_nb import runbooks, threads
from createos_nb.client.client import Client
from createos_nb.plans import Plan
from createos_nb.plans.queries import Query
from createos_nb.plans.snapshot import Snapshot
from createos_nb.simulator import open_world, serve
from tests.plans.cases import apply


def counted(world: Any, tools: Any, make: Callable[[Client], Plan]) -> tuple[list[int], list[int]]:
    """Requests of planning and of applying, and the rounds of each: what is read together is one round."""
    transport = tools.Between(world.transport())
    client = tools.client_of(world, transport)
    original, saved = client.session.map_concurrently, [0]

    def together(work: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Any]:
        before = len(transport.sent)
        results = list(original(work, items))
        saved[0] += max(0, len(transport.sent) - before - 1)
        return iter(results)

    client.session.map_concurrently = together  # type: ignore[method-assign]
    plan = make(client)
    requests, rounds = [len(transport.sent)], [len(transport.sent) - saved[0]]
    saved[0] = 0
    apply(plan)
    applied = len(transport.sent) - requests[0]
    return [*requests, applied], [*rounds, applied - saved[0]]


#: Requests to plan and to apply, and rounds of them; the looks of the waits are among them, a diagnosis is not.
ROLLBACK = ([9, 9], [3, 7])
HELD = ([7, 16], [3, 14])
#: Requests to plan and to diagnose beside it: two that both need, the deployments and the environments, are one each.
DIAGNOSED = {"storefront": (9, 10, 17), "shared-incident": (7, 14, 19), "bad-release": (8, 10, 16)}


def rolled_back(project: str, client: Client, to: int | None = None) -> Plan:
    return runbooks.rollback(client, project, "production", to=to, diagnosis=False)


def test_a_rollback_reads_at_the_same_time_and_nothing_twice(world: Any, tools: Any) -> None:
    assert counted(world, tools, partial(rolled_back, "storefront")) == ROLLBACK


def test_a_rollback_that_holds_first_does_so_too(world: Any, tools: Any) -> None:
    assert counted(world, tools, partial(rolled_back, "orders-api", to=2)) == HELD


@pytest.mark.grid(2)
@pytest.mark.parametrize("threaded", [True, False])
@pytest.mark.parametrize("scenario", DIAGNOSED)
def test_planning_and_diagnosing_ask_for_nothing_twice(
    scenario: str, threaded: bool, tools: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not threaded:
        monkeypatch.setattr(threads, "start", lambda target, name: None)
        monkeypatch.setattr(threads, "can_start", lambda: False)
    world = createos_nb.simulate(scenario).world
    transport = tools.Between(world.transport())
    urls: list[str] = []
    transport.before = lambda number, request: urls.append(str(request.url))
    client = tools.client_of(world, transport)
    requests = []
    for diagnosis in (False, True):
        client.session.names.forget()
        urls.clear()
        runbooks.rollback(client, "storefront", "production", diagnosis=diagnosis)
        requests.append(len(urls))
        assert len(urls) == len(set(urls))
    diagnosed = createos_nb.diagnostics.diagnose(client, "storefront", "production")
    assert (requests[0], diagnosed.requests, requests[1]) == DIAGNOSED[scenario]


def test_a_diagnosis_that_is_handed_over_costs_no_request(world: Any, tools: Any) -> None:
    client = tools.client_of(world)
    diagnosis = createos_nb.diagnostics.diagnose(client, "storefront", "production")
    sent = []
    for given in (diagnosis, False):
        client.session.names.forget()
        before = len(client.log())
        plan = runbooks.rollback(client, "storefront", "production", diagnosis=given)
        sent.append(len(client.log()) - before)
        assert plan.warnings[0].startswith("the diagnosis speaks against it") == (given is diagnosis)
    assert sent == [9, 9]


def test_an_account_that_is_not_known_yet_is_asked_for_beside_the_project() -> None:
    with serve(open_world("storefront"), speed=0) as served:
        client = Client(api_key=served.key, base_url=served.url)
        Snapshot(client).find_project("storefront", "environments")
        assert len(client.log()) == 4
        assert client.whoami() in client.where


@pytest.mark.parametrize("threaded", [True, False])
def test_what_is_read_together_is_what_is_read_in_turn(monkeypatch: pytest.MonkeyPatch, threaded: bool) -> None:
    with serve(open_world("storefront"), speed=0) as served:
        if not threaded:
            monkeypatch.setattr(threads, "can_start", lambda: False)
        client = Client(api_key=served.key, base_url=served.url)
        project = str(client.projects.get("storefront")["id"])
        parts = ("project", "environments", "domains", "cronjobs", "deployments")
        together, in_turn = Snapshot(client), Snapshot(client)
        together.read_together(Query(part, (project,)) for part in parts)
        sent = len(client.log())
        for part in parts:
            assert getattr(together, part)(project) == getattr(in_turn, part)(project)
        assert len(client.log()) == sent + len(parts)


def test_what_fails_is_left_to_whoever_needs_it(client: Client) -> None:
    snapshot = Snapshot(client)
    missing = "00000000-0000-0000-0000-000000000000"
    snapshot.read_together([Query("project", (missing,)), Query("environments", (missing,))])
    assert snapshot.existing_project(missing) is None


def test_a_write_and_a_pause_end_what_was_read(client: Client, world: Any) -> None:
    from createos_nb.plans.context import Run

    run = Run(client)
    first = run.snapshot()
    assert run.latest() is first
    client.environments.assign_deployment("storefront", "staging", 12)
    second = run.latest()
    assert second is not first
    run.sleep(1)
    third = run.latest()
    assert third is not second
    world.advance("10s")
    assert run.latest() is not third


def test_a_name_that_went_to_another_project_is_looked_up_again(client: Client, world: Any) -> None:
    client.projects.get("storefront")  # its id is remembered
    old = world.find_project("storefront")
    client.session.names._known["project", ""]["storefront"] = ["00000000-0000-0000-0000-000000000000"]
    assert Snapshot(client).find_project("storefront").id == old.id
