"""How the environments of a fleet do, and why: a status, its reason, and who stands first."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import createos_nb
from createos_nb.client.fleet_budget import LENGTH, Budgets
from createos_nb.client.fleet_overview import FleetOverview
from createos_nb.client.fleet_status import CHANCE, Live, chance, judge
from createos_nb.client.last_change import pending
from createos_nb.client.memory import Totals
from createos_nb.errors import IncompleteWarning, InvalidInput

SERIES = "GetProjectEnvironmentAnalyticsRequestsOverTime"
END = 1_772_632_800
SERVING = Live(deployed=True, version=4, status="deployed")
#: The row on top of each scenario, at its beginning: the trouble that its traffic and its states show.
FIRST = {
    "auto-promote-trap": ("storefront", "production", "degraded"),
    "bad-release": ("storefront", "production", "degraded"),
    "build-broken": ("storefront", "production", "healthy"),
    "cascade": ("pricing", "production", "down"),
    "crash-loop": ("storefront", "production", "down"),
    "flash-crowd": ("storefront", "production", "degraded"),
    "monorepo": ("orders-api", "production", "healthy"),
    "noisy-neighbour": ("storefront", "production", "degraded"),
    "oom": ("storefront", "production", "degraded"),
    "private-package": ("storefront", "production", "healthy"),
    "shared-incident": ("storefront", "production", "degraded"),
    "sleepy": ("reports", "production", "asleep"),
    "slow-leak": ("storefront", "production", "degraded"),
    "wrong-port": ("storefront", "production", "down"),
}
#: Nothing of their trouble is in the traffic of an environment, or in the state of a deployment that has ended.
ELSEWHERE = {"dns-pending", "empty", "fleet", "quota-full", "slow-build", "storefront"}


def rows_of(*buckets: tuple[int, int]) -> np.ndarray:
    """Buckets of a minute up to the end: requests and those that failed with 5xx."""
    begins = [END - 60 * (len(buckets) - at) for at in range(len(buckets))]
    return np.array(
        [(begin, count, count - errors, 0, 0, errors) for begin, (count, errors) in zip(begins, buckets, strict=True)],
        dtype=np.int64,
    ).reshape(-1, 6)


def status(*buckets: tuple[int, int], live: Live = SERVING, target: float = 0.999) -> str:
    return judge(rows_of(*buckets), 60, live, end=END, target=target).status


def test_what_is_over_is_told_with_its_end() -> None:
    """Since when no more than the limit failed: where enough requests came since, and only then."""
    trouble, well = [(100, 4)] * 40, [(100, 0), (100, 1)]
    verdict = judge(rows_of(*trouble, *well * 10), 60, SERVING, end=END, target=0.999)
    assert (verdict.status, verdict.reason) == (
        "degraded",
        "170 of 6,000 requests failed (2.9 %) in the last 1h; recovered since 13:40 UTC: 10 of 2,000",
    )
    verdict = judge(rows_of(*trouble, *well, *well), 60, SERVING, end=END, target=0.999)
    assert verdict.reason.endswith("in the last 5m"), "four minutes are too short"
    verdict = judge(rows_of(*trouble[:10], *[(1, 0)] * 6), 60, SERVING, end=END, target=0.999)
    assert "recovered" not in verdict.reason, "six requests are too few"
    verdict = judge(rows_of(*trouble, *well, *trouble[:5]), 60, SERVING, end=END, target=0.999)
    assert "recovered" not in verdict.reason, "it goes on"
    verdict = judge(rows_of(*[(100, 4)] * 14, *well * 18, (100, 0)), 60, SERVING, end=END, target=0.999)
    assert (verdict.status, "recovered since" in verdict.reason) == ("healthy", True)


def test_every_scenario_is_looked_at() -> None:
    assert set(FIRST) | ELSEWHERE == set(createos_nb.scenarios()["name"])
    assert not set(FIRST) & ELSEWHERE


@pytest.mark.parametrize("name", FIRST)
def test_the_worst_row_stands_on_top(name: str) -> None:
    truth = createos_nb.scenarios(answers=True).set_index("name").loc[name]
    frame = createos_nb.simulate(name).fleet.overview()
    top = frame.iloc[0]
    assert (top["project"], top["environment"], top["status"]) == FIRST[name]
    assert any(
        place in (top["project"], f"{top['project']}/{top['environment']}") for place in truth["where"].split(", ")
    )
    if top["status"] == "healthy":  # what is live goes on serving
        assert "failed (build_error)" in top["reason"]
        assert top["last_change"].endswith(" failed")
    order = ["down", "degraded", "unknown", "asleep", "healthy"]
    in_trouble = [order.index(word) for word in frame["status"] if word in ("down", "degraded")]
    assert in_trouble == sorted(in_trouble)
    assert set(frame["status"].iloc[: len(in_trouble)]) <= {"down", "degraded"}
    assert not set(frame["status"].iloc[len(in_trouble) :]) & {"down", "degraded"}


@pytest.mark.parametrize("name", sorted(ELSEWHERE - {"fleet"}))
def test_where_traffic_shows_no_trouble_nothing_is_degraded(name: str) -> None:
    frame = createos_nb.simulate(name).fleet.overview()
    assert set(frame["status"]) <= {"healthy", "asleep", "unknown"}


def test_a_thousand_projects_raise_no_false_alarm() -> None:
    frame = createos_nb.simulate("fleet", projects=200, deployments=2_000).fleet.overview()
    assert len(frame) == 400
    assert set(frame["status"]) == {"healthy"}


def test_few_requests_say_little() -> None:
    quiet = [(0, 0)] * 57
    assert status(*quiet, (1, 1), (1, 0), (1, 0)) == "unknown"  # 1 of 3
    assert status(*quiet, (0, 0), (1, 1), (1, 1)) == "unknown"  # 2 of 2
    assert status(*quiet, (1, 1), (1, 1), (1, 1)) == "down"  # 3 of 3
    assert status(*quiet, (1, 0), (1, 0), (1, 0)) == "healthy"


def test_the_bound_is_never_below_the_tail() -> None:
    for requests in (1, 3, 20, 60, 500, 6000):
        for limit in (0.001, 0.01, 0.1):
            for errors in {0, 1, 2, 3, requests // 10, requests // 2, requests}:
                tail = binom.sf(errors - 1, requests, limit)
                assert chance(errors, requests, limit) >= tail * (1 - 1e-9)
    assert chance(2, 2, 0.01) > CHANCE > chance(3, 3, 0.01)
    assert chance(0, 0, 0.01) == 1
    assert chance(1, 1, 0.0) == 0


def test_an_error_rate_within_ten_budgets_is_no_trouble() -> None:
    steady = [(100, 0), (100, 1)] * 30  # 0.5 %
    assert status(*steady) == "healthy"
    assert status(*steady, target=0.9999) == "degraded"
    assert status(*[(100, 2)] * 60) == "degraded"


def test_what_begins_now_is_seen_before_the_hour_is_full_of_it() -> None:
    calm = [(100, 0)] * 57
    verdict = judge(rows_of(*calm, (100, 8), (100, 9), (100, 9)), 60, SERVING, end=END, target=0.999)
    assert (verdict.status, verdict.reason) == ("degraded", "26 of 500 requests failed (5.2 %) in the last 5m")
    verdict = judge(rows_of(*calm, *[(100, 100)] * 3), 60, SERVING, end=END, target=0.999)
    assert (verdict.status, verdict.reason) == ("down", "300 of 500 requests failed (60.0 %) in the last 5m")


def test_what_is_over_is_told_with_what_has_come_since() -> None:
    verdict = judge(rows_of(*[(100, 20)] * 30, *[(100, 0)] * 30), 60, SERVING, end=END, target=0.999)
    assert verdict.status == "degraded"
    assert verdict.reason.endswith("; recovered since 13:30 UTC: 0 of 3,000")
    assert status(*[(100, 20)] * 30, *[(100, 0)] * 60) == "healthy"


def test_no_data_is_not_health() -> None:
    assert status() == "unknown"
    assert status(*[(0, 0)] * 60) == "unknown"
    old = rows_of(*[(100, 0)] * 60)
    old[:, 0] -= 7200
    assert judge(old, 60, SERVING, end=END, target=0.999).status == "unknown"


def test_a_crash_is_down_unless_something_answers() -> None:
    crashing = Live(deployed=True, version=4, status="crashing")
    assert status(live=crashing) == "down"
    assert status(*[(0, 0)] * 60, live=crashing) == "down"
    assert status(*[(100, 100)] * 60, live=crashing) == "down"
    assert status(*[(100, 0)] * 60, live=crashing) == "degraded"


def test_wide_buckets_are_judged_too() -> None:
    rows = np.array([(END - 21_600 * 2 - 900, 1000, 900, 0, 0, 100), (END - 21_600 - 900, 1000, 0, 0, 0, 1000)])
    assert judge(rows, 21_600, SERVING, end=END, target=0.999).status == "down"


def test_the_default_asks_for_not_one_request_more() -> None:
    """The list of projects; for each: its environments, its deployments, and the requests of each environment.

    The names of all apps are one more, once a session.
    """
    client = createos_nb.simulate()
    frame = client.fleet.overview()
    asked = client.log()["operation"].value_counts().to_dict()
    assert asked.pop("ListApps") == 1
    assert asked == {"ListProjects": 1, "ListProjectEnvironments": 7, "ListDeployments": 7, SERIES: len(frame)}
    assert frame["error_change"].isna().all()
    client.fleet.overview(target=0.99)
    # what runs where may have changed; in the same minute no bucket has come
    again = {name: (1 if name == SERIES else 2) * times for name, times in asked.items()}
    assert client.log()["operation"].value_counts().to_dict() == again | {"ListApps": 1}
    client.clock.sleep(60)
    client.fleet.overview()
    assert client.log()["operation"].tolist().count(SERIES) == 2 * len(frame)


@pytest.mark.parametrize("target", [0, 1, 99.9, "99.9", None, float("nan")])
def test_an_objective_that_is_none_is_refused_before_anything_is_asked(target: Any) -> None:
    client = createos_nb.simulate()
    with pytest.raises(InvalidInput, match="target= lies between 0 and 1"):
        client.fleet.overview(target=target)
    assert client.log().empty


def test_last_week_is_asked_for_once() -> None:
    client = createos_nb.simulate("shared-incident")
    frame = client.fleet.overview(compare="1w")
    assert client.log()["operation"].tolist().count(SERIES) == 2 * len(frame)
    now = client.now
    assert frame.set_index("project")["error_change"].isna().to_dict() == {
        "storefront": False,
        "orders-api": True,  # was not live yet
        "landing-pages": True,
    }
    for row in frame[frame["error_change"].notna()].itertuples():
        shares = []
        for end in (now, now - pd.Timedelta("7D")):
            counts = client.analytics.requests_over_time(
                row.project, row.environment, start=end - pd.Timedelta("1h"), end=end
            )
            shares.append(100 * counts["status_5xx"].sum() / counts["count"].sum())
        assert row.error_change == pytest.approx(shares[0] - shares[1], abs=0.006)
    before = len(client.log())
    again = client.fleet.overview()  # what was read is known
    assert again["error_change"].equals(frame["error_change"])
    assert SERIES not in client.log().iloc[before:]["operation"].tolist()
    client.clock.sleep(300)
    assert client.fleet.overview()["error_change"].isna().all()  # of the last five minutes a week ago nothing is known
    before = len(client.log())
    assert client.fleet.overview(compare="1w")["error_change"].notna().sum() == 1
    log = client.log().iloc[before:]
    assert log[log["operation"] == SERIES]["bytes"].sum() < 8_000 * len(frame)


def test_a_long_window_that_was_read_tells_of_last_week() -> None:
    client = createos_nb.simulate("shared-incident")
    client.fleet.overview(start="-8d")
    before = len(client.log())
    frame = client.fleet.overview(start="-1d")
    assert frame["error_change"].notna().any()
    assert SERIES not in client.log().iloc[before:]["operation"].tolist()


def test_a_project_that_can_not_be_read_is_unknown() -> None:
    client = createos_nb.simulate()
    overview = FleetOverview(client.session)
    faults = {"what": "error", "status": 403, "operations": ["ListProjectEnvironments"], "count": 1}
    with client.world.faults(**faults):
        frame = overview.read()
    (name,) = frame.attrs["failed"]
    row = frame[frame["project"] == name].iloc[0]
    assert row["status"] == "unknown"
    assert row["reason"].startswith("it could not be read: ")
    assert pd.isna(row["environment"])
    assert frame.iloc[0]["project"] == name  # nothing is known to be worse
    assert set(overview.read()["status"]) == {"healthy", "asleep"}
    client.clock.sleep(60)
    with client.world.faults(**faults):
        frame = overview.read()
    (name,) = frame.attrs["failed"]
    stale = frame[frame["project"] == name]
    assert (stale["status"] == "unknown").all()
    assert stale["requests"].notna().all()
    assert stale["reason"].str.contains("the figures are of 2026-03-02T09:00:00Z").all()


def test_an_answer_without_figures_is_unknown() -> None:
    client = createos_nb.simulate("bad-release")
    with (
        client.world.faults(what="error", status=500, operations=[SERIES], count=1000),
        pytest.warns(IncompleteWarning),
    ):
        frame = client.fleet.overview()
    assert set(frame["status"]) == {"unknown"}


def test_the_last_change_is_the_newest_that_times_tell() -> None:
    frame = createos_nb.simulate("bad-release").fleet.overview().set_index("environment")
    row = frame.loc["production"]
    assert row["last_change"] == "environment changed"
    assert row["changed_at"] == pd.Timestamp("2026-03-04T13:20:04Z")
    assert frame.loc["staging", "last_change"] == "environment made"


def test_errors_have_a_trend_of_their_own() -> None:
    frame = createos_nb.simulate("shared-incident").fleet.overview()
    assert [sum(filter(None, trend)) for trend in frame["error_trend"]] == list(frame["status_5xx"])
    trend = frame.iloc[0]["error_trend"]
    assert sum(trend[:15]) < 0.1 * sum(trend[15:])


@pytest.mark.parametrize("arguments", [{"target": 1.0}, {"target": 99.9}, {"compare": "1d"}])
def test_an_objective_that_is_none_is_refused(arguments: Any) -> None:
    with pytest.raises(InvalidInput, match=next(iter(arguments))):
        createos_nb.simulate().fleet.overview(**arguments)


@pytest.mark.parametrize(
    ("environment", "deployments", "said"),
    [
        ({"projectDeploymentId": "1"}, [(1, "deployed", "main")], None),
        ({"projectDeploymentId": "1"}, [(1, "deploying", "main")], "version 1 deploying"),
        ({"projectDeploymentId": "1"}, [(1, "deployed", "main"), (2, "building", "main")], "version 2 building"),
        ({"projectDeploymentId": "1"}, [(1, "deployed", "main"), (2, "building", "other")], None),
        ({"projectDeploymentId": "1"}, [(1, "deployed", "main"), (2, "build_error", "main")], None),
        (
            {"projectDeploymentId": "1", "isAutoPromoteEnabled": False},
            [(1, "deployed", "main"), (2, "queue", "main")],
            None,
        ),
        ({"projectDeploymentId": "1", "status": "promoting"}, [(1, "deployed", "main")], "promoting"),
        ({}, [], "nothing is deployed"),
        ({}, [(3, "queue", "main")], "version 3 queued"),
        ({"branch": None}, [(3, "queue", "main")], "nothing is deployed"),
    ],
)
def test_what_is_on_its_way_into_an_environment(
    environment: dict[str, Any], deployments: list[tuple[int, str, str]], said: str | None
) -> None:
    rows = [
        {"id": str(number), "versionNumber": number, "status": status, "source": {"branch": branch}}
        for number, status, branch in deployments
    ]
    own = {"branch": "main", **environment}
    live = next((row for row in rows if row["id"] == own.get("projectDeploymentId")), {})
    assert pending(own, live, rows) == said


class Summed:
    """A history of which only sums are asked."""

    def __init__(self, **totals: Totals) -> None:
        self.totals_of, self.asked = totals, 0

    def remembered(self, environment: str, window: tuple[int, int]) -> list[Any]:
        return []

    def totals(self, now: int, length: int) -> dict[str, Totals]:
        self.asked += 1
        return self.totals_of


def test_a_budget_is_known_only_where_nearly_all_of_the_month_is() -> None:
    now = 1_800_000_000
    memory = Summed(
        whole=Totals(1_000_000, 250, LENGTH, now - 60),
        spent=Totals(1_000_000, 2_000, LENGTH, now),
        short=Totals(1_000_000, 250, LENGTH // 2, now),
        old=Totals(1_000_000, 250, LENGTH, now - 100_000),
        idle=Totals(0, 0, LENGTH, now),
    )
    budgets = Budgets()
    left = budgets.left(memory, now, 0.999)
    assert left == pytest.approx({"whole": 0.75, "spent": -1.0})
    assert budgets.left(memory, now + 5, 0.999) is left
    assert memory.asked == 1  # it is summed up once in ten minutes
    assert budgets.left(memory, now + 5, 0.99)["spent"] == pytest.approx(0.8)
    assert Budgets().left(None, now, 0.999) == {}
