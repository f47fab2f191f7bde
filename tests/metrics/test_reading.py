"""Readings of a fleet: figures as the platform gives them, what could not be read, and what it costs."""

from __future__ import annotations

import pandas as pd
import pytest

import createos_nb
from createos_nb.metrics import METRICS, Exporter, Reading
from createos_nb.metrics.prometheus import text_of


def figure(reading: Reading, name: str, *labels: str) -> float | None:
    (metric,) = [metric for metric in METRICS if metric.name == name]
    return dict(metric.samples(reading)).get(labels)


def test_counters_are_what_the_platform_has_counted() -> None:
    client = createos_nb.simulate("shared-incident")
    exporter = Exporter(client, every=300)
    begin = exporter.read().counts["storefront", "production"].until
    for _ in range(5):
        client.world.advance("7min")
        reading = exporter.read()
    counts = reading.counts["storefront", "production"]
    span = {"start": pd.Timestamp(begin, unit="s", tz="UTC"), "end": pd.Timestamp(counts.until, unit="s", tz="UTC")}
    truth = client.analytics.requests_over_time("storefront", "production", **span).sum()
    assert counts.until - begin == 35 * 60
    assert dict(counts.requests) == {code: truth[f"status_{code}"] for code in ("2xx", "3xx", "4xx", "5xx")}
    assert counts.requests["5xx"] > 0
    assert counts.uncounted == 0
    assert client.world.now.timestamp() - counts.until == 300  # in the newest five minutes figures may still grow


def test_gauges_are_those_of_the_overview() -> None:
    client = createos_nb.simulate("bad-release")
    reading = Exporter(client).read()
    row = client.fleet.overview().set_index("environment").loc["production"]
    where = ("storefront", "production")
    assert figure(reading, "createos_environment_recent_requests", *where) == row["requests"]
    assert figure(reading, "createos_environment_recent_server_errors", *where) == row["status_5xx"]
    assert figure(reading, "createos_environment_error_budget_burn_rate", *where) == row["burn"]
    assert figure(reading, "createos_environment_live_version", *where) == row["version"]
    assert figure(reading, "createos_environment_changed_timestamp_seconds", *where) == row["changed_at"].timestamp()
    assert figure(reading, "createos_environment_status", *where, row["status"]) == 1
    assert figure(reading, "createos_environment_status", *where, "down") == 0


def test_what_is_not_known_is_left_out_and_never_0() -> None:
    reading = Exporter(createos_nb.simulate("bad-release")).read()
    row = reading.environments.set_index("environment").loc["staging"]
    assert pd.isna(row["version"])
    assert pd.isna(row["burn"])
    for name in ("live_version", "error_budget_burn_rate"):
        assert figure(reading, f"createos_environment_{name}", "storefront", "staging") is None
        assert f'createos_environment_{name}{{environment="staging"' not in text_of(reading)


def test_a_project_that_can_not_be_read_has_no_figures() -> None:
    client = createos_nb.simulate("shared-incident")
    exporter = Exporter(client, every=300)
    exporter.read()
    client.world.advance("10min")
    with client.world.faults(what="error", status=400, operations=["ListProjectEnvironments"], skip=1, count=1):
        reading = exporter.read()
    assert not reading.complete
    assert reading.readable == {"storefront": True, "orders-api": False, "landing-pages": True}
    assert "orders-api" not in set(reading.environments["project"])
    assert "orders-api" in {project for project, _ in reading.counts}  # a counter stays, and says until when
    assert figure(reading, "createos_project_readable", "orders-api") == 0
    until = {place[0]: counts.until for place, counts in reading.counts.items()}
    assert until["orders-api"] < until["storefront"]
    reading = exporter.read()
    assert reading.complete
    assert reading.counts["orders-api", "production"].uncounted == 0  # what was missed is read later


def test_a_reading_that_fails_as_a_whole_keeps_counters_alone() -> None:
    client = createos_nb.simulate("bad-release")
    exporter = Exporter(client, every=300)
    before = exporter.read()
    with client.world.faults(what="error", status=403, operations=["ListProjects"]):
        reading = exporter.read()
    assert reading.problem
    assert not reading.complete
    assert reading.environments.empty
    assert reading.counts == before.counts
    assert (reading.failures_total, figure(reading, "createos_export_failures")) == (1, 1.0)
    text = text_of(reading)
    assert "createos_export_complete 0.0" in text
    assert "createos_environment_replicas" not in text


def test_requests_are_counted_and_stay_within_the_budget() -> None:
    client = createos_nb.simulate("storefront")
    whole = Exporter(client).read()
    nothing_live = whole.environments.groupby("project")["version"].count().eq(0).sum()
    # projects and apps; environments and deployments of each project; requests of each environment
    assert whole.requests == 2 + 2 * len(whole.readable) - nothing_live + len(whole.environments)
    assert whole.requests_total is None
    client = createos_nb.simulate("storefront")
    exporter = Exporter(client, every=300, budget=120)
    sent = []
    for _ in range(6):
        before = len(client.log())
        reading = exporter.read()
        assert reading.requests == len(client.log()) - before
        sent.append(reading.requests)
        client.world.advance("5min")
    assert sum(sent) <= 6 * 10 + 7  # the last project of a reading is read whole
    assert all(sent)
    assert not reading.complete  # some projects wait for their turn
    assert figure(reading, "createos_export_requests") == sum(sent)
    assert figure(reading, "createos_export_budget_requests") == 120
    assert len(reading.readable) == 7


@pytest.mark.parametrize("name", [metric.exposed for metric in METRICS])
def test_names_units_and_kinds_are_as_prometheus_wants_them(name: str) -> None:
    (metric,) = [metric for metric in METRICS if metric.exposed == name]
    assert name.startswith("createos_")
    assert name.endswith("_total") == (metric.kind == "counter")
    assert metric.help.endswith((".", "1"))
    if metric.unit == "s":
        assert "_seconds" in name
    if "timestamp" in name:
        assert metric.kind == "gauge"
    assert metric.dotted.startswith("createos.")
