"""What the nouns give: sentences, records, honest percentages, findings of a scan, and the whole fleet at once."""

from __future__ import annotations

import threading
import warnings
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest

from createos_nb import errors
from createos_nb.http.rate_limit import RateLimit

AT = "/v1/projects/"


# --- sentences


@pytest.mark.parametrize(("said", "given"), [("done", "done"), ("", ""), (None, ""), (5, "5"), (["a"], '["a"]')])
def test_an_operation_that_only_says_something_gives_a_text(said: Any, given: str, wire: Any) -> None:
    client, _ = wire.client(wire.ok(said))
    assert client.projects.suspend(wire.uuid(1)) == given


def test_a_platform_that_answers_with_the_whole_resource_shows_no_variable(wire: Any) -> None:
    client, _ = wire.client(wire.ok({"id": "1", "settings": {"runEnvs": {"A": "hush-hush"}}, "token": "hush-hush"}))
    said = client.environments.update_variables(wire.uuid(1), wire.uuid(2), run_envs={"A": "hush-hush"})
    assert isinstance(said, str)
    assert '"A"' in said
    assert "hush" not in said


@pytest.mark.parametrize(
    ("said", "made", "message"),
    [
        ({"id": "d1"}, "d1", None),
        ("deployment already triggered", None, "deployment already triggered"),
        (None, None, None),
    ],
)
def test_a_trigger_gives_an_id_or_the_reason_why_there_is_none(said: Any, made: Any, message: Any, wire: Any) -> None:
    client, _ = wire.client(wire.ok(said))
    for found in (
        client.deployments.trigger_latest(wire.uuid(1)),
        client.deployments.retrigger(wire.uuid(1), wire.uuid(2)),
    ):
        assert found.to_dict() == {"id": made, "message": message}


# --- analytics

OVERVIEW = {
    "overallRequests": {"total": 100, "success": 80, "client": 15, "server": 3},
    "rpm": {"peak": 12.5, "average": 1.6},
    "successPercentage": 82.0,
    "requestDistribution": [{"status": "200", "count": 80}],
    "topHitPaths": [{"path": "/", "count": 70}],
    "topErrorPaths": [{"path": "/x", "status": "404", "count": 9}],
}


@pytest.mark.parametrize("more", [{}, {"latency": 5}], ids=["fast", "slow"])
def test_an_overview_is_the_six_single_answers(more: dict[str, Any], wire: Any) -> None:
    client, seen = wire.client(httpx.Response(200, json={**OVERVIEW, **more}))
    found = client.analytics.overview(wire.uuid(1), wire.uuid(2))
    assert len(seen) == 1
    counts = {"total": 100, "status_2xx": 80, "status_4xx": 15, "status_5xx": 3}
    assert found.overall_requests.to_dict() == counts
    single, _ = wire.client(wire.ok(OVERVIEW["overallRequests"]))
    assert single.analytics.overall_requests(wire.uuid(1), wire.uuid(2)).to_dict() == counts
    assert found.rpm.to_dict() == OVERVIEW["rpm"]
    assert found.success_percentage.to_dict() == {"success_percentage": 82.0}
    for name in ("request_distribution", "top_hit_paths", "top_error_paths"):
        table = found[name]
        assert str(table["count"].dtype) == "Int64"
        single, _ = wire.client(
            wire.ok(
                OVERVIEW[
                    {
                        "request_distribution": "requestDistribution",
                        "top_hit_paths": "topHitPaths",
                        "top_error_paths": "topErrorPaths",
                    }[name]
                ]
            )
        )
        pd.testing.assert_frame_equal(table, getattr(single.analytics, name)(wire.uuid(1), wire.uuid(2)))
    assert list(found) == [
        "overall_requests",
        "rpm",
        "success_percentage",
        "request_distribution",
        "top_hit_paths",
        "top_error_paths",
    ]
    assert "/x" in repr(found)
    assert "<table" in found._repr_html_()


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"overallRequests": None, "rpm": None, "successPercentage": None, "requestDistribution": None},
        {"overallRequests": {"total": None}, "successPercentage": 0},
        {
            "overallRequests": "many",
            "rpm": [],
            "requestDistribution": "none",
            "topHitPaths": {"a": 1},
            "topErrorPaths": 5,
        },
        {"requestDistribution": [None, "text", {"status": 200, "count": 1.0}]},
    ],
)
def test_an_overview_with_gaps_has_gaps(odd: Any, wire: Any) -> None:
    client, _ = wire.client(wire.ok(odd))
    found = client.analytics.overview(wire.uuid(1), wire.uuid(2))
    assert repr(found)
    assert found._repr_html_()
    assert list(found.top_hit_paths.columns[:2]) == ["path", "count"]


def test_nothing_from_the_network_is_markup_in_an_overview(wire: Any) -> None:
    client, _ = wire.client(wire.ok({"topHitPaths": [{"path": "<script>alert(1)</script>", "count": 1}]}))
    assert "<script" not in client.analytics.overview(wire.uuid(1), wire.uuid(2))._repr_html_()


@pytest.mark.parametrize(
    ("percentage", "total", "expected", "requests"),
    [
        (82.5, 10, 82.5, 1),
        (0, 10, 0.0, 2),
        (0, 0, None, 2),
        (None, 0, None, 1),
        (0.0, None, 0.0, 2),
        (100, 0, 100.0, 1),
    ],
)
def test_a_percentage_of_nothing_is_not_known(
    percentage: Any, total: Any, expected: Any, requests: int, wire: Any
) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        share = request.url.path.endswith("/success-percentage")
        return wire.ok({"successPercentage": percentage} if share else {"total": total})

    client, seen = wire.client(handle)
    found = client.analytics.success_percentage(wire.uuid(1), wire.uuid(2))["success_percentage"]
    assert pd.isna(found) if expected is None else found == expected
    assert len(seen) == requests
    assert len({(one.url.params["start"], one.url.params["end"]) for one in seen}) == 1


# --- scans


def test_findings_are_a_table_wherever_the_report_keeps_them(wire: Any) -> None:
    finding = {"severity": "HIGH", "id": "CVE-1", "installedVersion": "1.0", "cvss": {"score": 9}, "links": None}
    for report in (
        {"vulnerabilities": [finding]},
        {"Results": [{"Vulnerabilities": [finding, "odd"]}]},
        [{"findings": [finding]}],
    ):
        client, _ = wire.client(wire.ok({"status": "success", "parsedReport": report}))
        frame = client.security.findings(wire.uuid(1), wire.uuid(2))
        assert frame["severity"].tolist() == ["HIGH"]
        assert frame["installed_version"].tolist() == ["1.0"]
        assert frame.attrs["complete"] is True


@pytest.mark.parametrize("report", [None, {}, [], "text", {"vulnerabilities": None}])
def test_a_scan_without_findings_is_an_empty_table(report: Any, wire: Any) -> None:
    client, _ = wire.client(wire.ok({"status": "in_progress", "parsedReport": report}))
    frame = client.security.findings(wire.uuid(1), wire.uuid(2))
    assert len(frame) == 0
    assert list(frame.columns[:2]) == ["severity", "id"]
    assert {str(dtype) for dtype in frame.dtypes} == {"str"}
    assert (frame.attrs["status"], frame.attrs["complete"]) == ("in_progress", False)


# --- the fleet


def fleet_server(
    wire: Any, projects: int = 3, broken: tuple[int, ...] = (), status: dict[int, Any] | None = None
) -> Any:
    words = status or {}
    rows = [{"id": wire.uuid(n, 1), "uniqueName": f"p{n}", "status": words.get(n, "active")} for n in range(projects)]

    def handle(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/v1/projects":
            return wire.page(rows, request)
        number = int(path.split("/")[3][-12:], 16)
        if number in broken:
            return wire.fail(403, f"no access to {number}")
        if path.endswith("/requests-over-time"):
            start = int(request.url.params["start"])
            zeros = dict.fromkeys(("status2xx", "status3xx", "status4xx", "status5xx"), 0)
            return wire.ok([{"timestamp": start + 60 * n, "count": number, **zeros} for n in range(3)])
        one: dict[str, Any] = {"id": wire.uuid(number, 2), "projectId": wire.uuid(number, 1)}
        own = {"environments": {"uniqueName": "production"}, "domains": {"name": f"www.{number}.test"}}
        one |= own.get(path.rsplit("/", 1)[1], {"versionNumber": number})
        return wire.page([one], request) if path.endswith("/deployments") else wire.ok([one])

    return handle


@pytest.mark.parametrize("call", ["environments", "deployments", "domains"])
def test_the_fleet_is_one_frame_with_the_project_first(call: str, wire: Any) -> None:
    client, _ = wire.client(fleet_server(wire, 5))
    frame = getattr(client.fleet, call)()
    assert frame.columns[0] == "project"
    assert frame["project"].tolist() == ["p0", "p1", "p2", "p3", "p4"]
    assert frame.attrs["complete"] is True
    assert (frame.attrs["failed"], frame.attrs["skipped"]) == ({}, {})
    single = getattr(client, call).list(wire.uuid(0, 1))
    assert list(frame.columns) == ["project", "app", *single.columns]
    assert frame.dtypes.iloc[2:].equals(single.dtypes)


@pytest.mark.parametrize("call", ["environments", "deployments", "domains", "requests_over_time"])
def test_an_empty_fleet_has_the_same_columns_and_dtypes(call: str, wire: Any) -> None:
    full, _ = wire.client(fleet_server(wire, 2))
    empty, _ = wire.client(fleet_server(wire, 0))
    assert getattr(empty.fleet, call)().dtypes.equals(getattr(full.fleet, call)().dtypes)


def test_requests_of_the_whole_fleet(wire: Any) -> None:
    client, _ = wire.client(fleet_server(wire, 3))
    frame = client.fleet.requests_over_time(start="-3min")
    assert frame[["project", "environment"]].drop_duplicates().values.tolist() == [
        [f"p{n}", "production"] for n in range(3)
    ]
    assert frame.groupby("project")["count"].sum().to_dict() == {"p0": 0, "p1": 3, "p2": 6}
    assert (frame.attrs["bucket_seconds"], frame.attrs["complete"]) == (60, True)


def test_a_project_that_fails_is_listed_and_the_rest_is_there(wire: Any) -> None:
    client, _ = wire.client(fleet_server(wire, 4, broken=(2,), status={1: "suspended", 3: "defragmenting"}))
    with pytest.warns(errors.IncompleteWarning, match=r"fleet\.environments: 1 of 2 .*: p2") as caught:
        frame = client.fleet.environments()
    assert [one.filename for one in caught] == [__file__]
    assert frame["project"].tolist() == ["p0"]
    assert frame.attrs["skipped"] == {"p1": "suspended", "p3": "defragmenting"}
    assert list(frame.attrs["failed"]) == ["p2"]
    assert "no access to 2" in frame.attrs["failed"]["p2"]
    assert frame.attrs["complete"] is False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        requests = client.fleet.requests_over_time(start="-3min")
    assert requests.attrs["complete"] is False
    assert list(requests.attrs["failed"]) == ["p2"]


def test_the_fleet_stays_within_the_clients_concurrency(wire: Any) -> None:
    """Several lists at once, each read by several threads: together no more than one list alone."""
    now, most, lock = 0, 0, threading.Lock()
    rows = [{"id": wire.uuid(n, 9), "versionNumber": n} for n in range(200)]
    projects = [{"id": wire.uuid(n, 1), "uniqueName": f"p{n}", "status": "active"} for n in range(8)]

    def handle(request: httpx.Request) -> httpx.Response:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        answer = wire.page(projects if request.url.path == "/v1/projects" else rows, request)
        with lock:
            now -= 1
        return answer

    client, _ = wire.client(handle, concurrency=4)
    assert len(client.fleet.deployments()) == 8 * 200
    assert most <= 4


def test_reading_a_large_fleet_says_beforehand_what_it_costs(wire: Any) -> None:
    client, _ = wire.client(fleet_server(wire, 150), rate_limit=RateLimit())
    with pytest.warns(
        errors.RateLimitWarning, match=r"fleet\.environments takes 150 more requests, and waits about 60 s"
    ):
        assert len(client.fleet.environments()) == 150


# --- the client explains itself


def test_the_client_its_nouns_and_its_calls_explain_themselves_without_a_request(wire: Any) -> None:
    client, seen = wire.client(wire.ok({}))
    assert repr(client).startswith("CreateOS client: PLATFORM https://api.test · account not asked yet")
    for one in (client, client.projects, client.projects.create, client.environments, client.fleet, client.analytics):
        assert len(repr(one)) > 40
    assert "reveal_variables" in repr(client.environments)
    assert "unique_name" in repr(client.projects.create)
    assert "POST /v1/projects" in client.projects.create._repr_html_()
    assert "read" in client.projects._repr_html_()
    assert wire.KEY not in repr(client) + client._repr_html_()
    assert not seen


def test_the_table_of_operations(wire: Any) -> None:
    client, seen = wire.client(wire.ok({}))
    frame = client.operations()
    assert len(frame) == 104
    assert {"operation", "call", "method", "path", "effect", "summary"} <= set(frame.columns)
    assert set(frame["effect"]) == {"read", "write", "destroy"}
    assert frame.set_index("operation").loc["TransferProject", "effect"] == "destroy"
    for call in frame["call"]:
        resource, name = call.split(".")
        assert callable(getattr(getattr(client, resource), name))
    assert not seen


def test_whoami_asks_once(wire: Any) -> None:
    client, seen = wire.client(wire.ok({"email": "me@shop.test"}))
    assert client.whoami() == client.whoami() == "me@shop.test"
    assert len(seen) == 1
    assert "me@shop.test" in repr(client)


def test_a_record_that_is_none_is_an_error_of_ours(wire: Any) -> None:
    for odd in (None, [], "text", 5):
        client, _ = wire.client(wire.ok(odd))
        with pytest.raises(errors.InvalidResponse, match="GetCurrentUser"):
            client.account.current_user()


def test_numbers_of_a_record_are_numbers(wire: Any) -> None:
    client, _ = wire.client(wire.ok({"projects": {"current": 2, "max": 3, "remaining": 1}, "apiKeys": None}))
    quotas = client.account.quotas()
    assert quotas["projects_current"] == 2
    assert isinstance(quotas["projects_current"], int | np.integer)
    assert quotas["api_keys_max"] is pd.NA
