"""The logs of a fleet: all environments within a budget of requests, and by name what was not read."""

from __future__ import annotations

import warnings
from typing import Any

import httpx
import pytest

import createos_nb
from createos_nb.errors import IncompleteWarning, InvalidInput, UnknownName
from createos_nb.times import iso

PROJECTS, ENVIRONMENTS = 5, 3


def fleet(wire: Any, answer: Any = None, *, asleep: tuple[int, ...] = ()) -> tuple[Any, Any]:
    """Five projects of three environments; `answer` may answer for a log, by the number of its environment."""

    def handle(request: httpx.Request) -> httpx.Response:
        parts = request.url.path.split("/")
        if parts[-1] == "projects":
            rows = [{"id": wire.uuid(n), "uniqueName": f"p{n}", "status": "active"} for n in range(PROJECTS)]
            return wire.page(rows, request)
        if parts[-1] == "environments":
            project = next(n for n in range(PROJECTS) if wire.uuid(n) == parts[-2])
            rows = [
                {
                    "id": wire.uuid(100 + 10 * project + n),
                    "uniqueName": f"e{n}",
                    "projectId": parts[-2],
                    "projectDeploymentId": None if 10 * project + n in asleep else wire.uuid(7),
                }
                for n in range(ENVIRONMENTS)
            ]
            return wire.ok(rows)
        number = next(n for n in range(10 * PROJECTS) if wire.uuid(100 + n) == parts[-2])
        special = answer(number) if answer else None
        return special or wire.ok(f"{iso(wire.NOW - 5)} ERROR lost {number}\n{iso(wire.NOW - 4)} INFO ok\n")

    return wire.client(handle, clock=wire.Clock())


def test_all_environments_are_read_in_the_documented_order(wire: Any) -> None:
    client, seen = fleet(wire)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame = client.fleet.logs(level="ERROR", budget=60)
    names = [(f"p{p}", f"e{e}") for p in range(PROJECTS) for e in range(ENVIRONMENTS)]
    assert list(zip(frame["project"], frame["environment"], strict=True)) == names
    assert list(frame.columns[:3]) == ["project", "environment", "time"]
    assert len(seen) == frame.attrs["requests"] == 1 + PROJECTS + PROJECTS * ENVIRONMENTS
    assert (frame.attrs["lines_read"], frame.attrs["lines_matching"]) == (30, 15)
    assert (frame.attrs["complete"], frame.attrs["unread"], frame.attrs["cut"]) == (True, [], {})


@pytest.mark.parametrize("budget", range(3, 22))
def test_no_more_requests_are_sent_than_the_budget_and_what_is_unread_is_named(budget: int, wire: Any) -> None:
    client, seen = fleet(wire)
    whole = 1 + PROJECTS + PROJECTS * ENVIRONMENTS
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        frame = client.fleet.logs(budget=budget)
    assert len(seen) == frame.attrs["requests"] <= budget
    listed = [line for line in seen.lines if line.endswith("/environments")]
    assert len(seen) - 1 - len(listed) >= len(listed)  # no project is asked for environments that can't be read
    unread = frame.attrs["unread"]
    read = set(frame["project"] + "/" + frame["environment"])
    expected = {f"p{p}/e{e}" for p in range(PROJECTS) for e in range(ENVIRONMENTS)}
    named = {name for name in expected if name in unread or name.split("/")[0] in unread}
    assert read | named == expected
    assert not read & named
    assert frame.attrs["complete"] is (budget >= whole)
    assert any("budget of" in str(one.message) and unread[0] in str(one.message) for one in caught) is bool(unread)


def test_a_budget_that_the_list_of_projects_uses_up_reads_nothing_and_says_so(wire: Any) -> None:
    rows = [{"id": wire.uuid(n), "uniqueName": f"p{n}", "status": "active"} for n in range(75)]
    client, seen = wire.client(lambda request: wire.page(rows, request), clock=wire.Clock())
    with pytest.warns(IncompleteWarning, match="budget of 3"):
        frame = client.fleet.logs(budget=3)
    assert len(frame.attrs["unread"]) == 75
    assert frame.attrs["requests"] == len(seen) == 4


def test_what_projects_without_anything_live_leave_of_the_budget_goes_to_the_others(wire: Any) -> None:
    client, seen = fleet(wire, asleep=(0, 1, 2, 10, 11, 12, 20, 21, 22))
    with pytest.warns(IncompleteWarning, match="not read: p3/e2, p4"):
        frame = client.fleet.logs(budget=7)
    assert list(zip(frame["project"], frame["environment"], strict=True))[::2] == [("p3", "e0"), ("p3", "e1")]
    assert len(seen) == 7


def test_what_fails_or_is_cut_is_named_and_the_rest_is_read(wire: Any) -> None:
    many = "".join(f"{iso(wire.NOW - 30 + at / 200)} ERROR lost\n" for at in range(5_000))
    answers = {1: wire.fail(403, "no"), 12: wire.ok(many), 20: wire.fail(422, "sleeping: no runtime logs")}
    client, _ = fleet(wire, answers.get, asleep=(31,))
    with pytest.warns(IncompleteWarning) as caught:
        frame = client.fleet.logs(search="lost")
    assert list(frame.attrs["failed"]) == ["p0/e1"]
    assert list(frame.attrs["cut"]) == ["p1/e2"]
    assert set(frame.attrs["skipped"]) == {"p2/e0", "p3/e1"}
    assert frame.attrs["complete"] is False
    texts = " ".join(str(one.message) for one in caught)
    assert "p0/e1" in texts
    assert "p1/e2" in texts
    assert frame.groupby("project").size()["p4"] == ENVIRONMENTS


def test_a_refusal_by_all_is_a_failure_and_no_sleep(wire: Any) -> None:
    client, _ = fleet(wire, lambda number: wire.fail(422, "since-seconds is too large"))
    with pytest.warns(IncompleteWarning, match="15 of 15 could not be read"):
        frame = client.fleet.logs()
    assert len(frame.attrs["failed"]) == PROJECTS * ENVIRONMENTS
    assert frame.empty
    assert list(frame.columns[:2]) == ["project", "environment"]


@pytest.mark.parametrize("budget", [2, 0, -1, True, 2.5, "60"])
def test_a_budget_that_reads_nothing_is_refused_before_anything_is_sent(budget: Any, wire: Any) -> None:
    client, seen = fleet(wire)
    with pytest.raises(InvalidInput, match=r"budget=.*at least 3"):
        client.fleet.logs(budget=budget)
    assert not seen


def test_only_of_some_projects(wire: Any) -> None:
    client, seen = fleet(wire)
    frame = client.fleet.logs(projects=["p1", "p3"])
    assert set(frame["project"]) == {"p1", "p3"}
    assert len(seen) == frame.attrs["requests"] == 1 + 2 * (1 + ENVIRONMENTS)
    with pytest.raises(UnknownName):
        client.fleet.logs(projects="p9")


def test_the_payment_provider_is_found_in_both_projects() -> None:
    client = createos_nb.simulate("shared-incident")
    frame = client.fleet.logs(start="-5min", search="payments.example.com")
    assert set(frame["project"]) == {"storefront", "orders-api"}
    assert frame.attrs["complete"] is True


def test_it_says_what_it_was_searched_for_so_that_patterns_are_not_compared_with_less() -> None:
    client = createos_nb.simulate("shared-incident")
    searched = client.fleet.logs(start="-2min", search="timeout")
    assert searched.attrs["asked"] == {"search": "timeout"}
    with pytest.raises(createos_nb.analysis.FrameError, match="read with search='timeout'"):
        createos_nb.analysis.log_patterns(client.fleet.logs(start="-2min"), searched)
