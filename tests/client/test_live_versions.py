"""Which version was live when: against what really happened in the world."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import createos_nb
from createos_nb import plans, runbooks
from createos_nb.client.live_versions import Place, Sighting, Version, stretches
from createos_nb.errors import IncompleteWarning, InvalidInput, UnknownName

BECAME_LIVE = ("deployment assigned", "deployment promoted by itself")
COLUMNS = [
    "project", "environment", "version", "deployment", "start", "end", "source", "exactness", "not_before", "not_after",
]  # fmt: skip


def truth(client: Any) -> pd.DataFrame:
    """When which version really became live."""
    events = client.world.events()
    events = events[events["what"].isin(BECAME_LIVE)]
    return events[["time", "project", "environment", "version"]].sort_values("time", kind="stable")


def compared(client: Any, live: pd.DataFrame, since: str, every: str = "7min") -> pd.DataFrame:
    """The version that was live at many moments, as it was and as the frame says, for every environment."""
    times = pd.date_range(client.now - pd.Timedelta(since), client.now, freq=every, inclusive="left").as_unit("us")
    places = live[["project", "environment"]].drop_duplicates()
    moments = places.merge(pd.DataFrame({"time": times}), how="cross").sort_values("time")
    place = ["project", "environment"]
    real = pd.merge_asof(moments, truth(client), on="time", by=place)
    said = pd.merge_asof(moments, live, left_on="time", right_on="start", by=place)
    return said.assign(real=real["version"])


def switch(client: Any, version: int, environment: str = "production", project: str = "storefront") -> None:
    plan = runbooks.assign(client, project, version, environment)
    plan.apply(confirm=plan.digest, reason="a test")


def test_real_switches_are_told_to_the_second_from_the_journal() -> None:
    client = createos_nb.simulate("bad-release")
    for version in (3, 4, 2):
        client.clock.sleep(1800)
        switch(client, version)
    client.clock.sleep(1800)
    live = client.fleet.live_versions(start="-150min", known=plans.assignments(client))
    assert list(live.columns) == COLUMNS
    last = live[live["environment"] == "production"].tail(3)
    assert last["version"].tolist() == [3, 4, 2]
    assert set(last["source"]) == {"journal"}
    assert set(last["exactness"]) == {"exact"}
    real = truth(client).tail(3)
    assert ((last["start"].to_numpy() - real["time"].to_numpy()) < pd.Timedelta("2s")).all()
    assert last["end"].iloc[:2].tolist() == last["start"].iloc[1:].tolist()
    assert last["end"].isna().tolist() == [False, False, True]
    found = compared(client, live, "90min")
    assert (found["version"] == found["real"]).all()
    before = live[live["environment"] == "production"].iloc[-4]  # the journal says that it was live, not since when
    assert (before["version"], before["source"], before["exactness"]) == (4, "journal", "within")
    assert before["not_before"] <= truth(client)["time"].iloc[-4] <= before["not_after"]


def test_without_the_journal_the_last_switch_is_bounded_and_no_more_is_claimed() -> None:
    client = createos_nb.simulate("bad-release")
    for version in (3, 4, 2):
        client.clock.sleep(1800)
        switch(client, version)
    client.clock.sleep(1800)
    live = client.fleet.live_versions(start="-150min")
    last = live.iloc[-1]
    assert (last["version"], last["source"], last["exactness"]) == (2, "inferred", "within")
    real = truth(client).iloc[-1]
    assert last["not_before"] <= real["time"] <= last["not_after"]
    assert pd.Timedelta(0) <= last["start"] - real["time"] < pd.Timedelta("10s")
    assert set(live["exactness"].iloc[:-1]) == {"guess"}


def test_a_switch_that_no_journal_holds_is_seen_between_those_that_one_holds() -> None:
    client = createos_nb.simulate("bad-release")
    switch(client, 3)
    client.clock.sleep(1800)
    ids = client.deployments.list("storefront").set_index("version_number")["id"]
    client.environments.assign_deployment("storefront", "production", ids[2])  # by hand
    client.clock.sleep(1800)
    switch(client, 4)
    client.clock.sleep(600)
    live = client.fleet.live_versions(start="-70min", known=plans.assignments(client))
    production = live[live["environment"] == "production"].tail(3)
    assert production["version"].tolist() == [3, 2, 4]
    assert production["exactness"].tolist() == ["exact", "within", "exact"]
    by_hand = production.iloc[1]
    assert by_hand["not_before"] <= truth(client)["time"].iloc[-2] <= by_hand["not_after"]


@pytest.mark.parametrize("name", sorted(set(createos_nb.scenarios()["name"]) - {"fleet"}))
def test_what_is_inferred_is_what_was_but_for_guesses(name: str) -> None:
    client = createos_nb.simulate(name)
    live = client.fleet.live_versions(start="-14d")
    found = compared(client, live, "14D", "31min")
    found = found[found["version"].notna()]
    said = found[found["exactness"].isin(["within", "built"])]
    assert (said["version"] == said["real"]).all()
    guesses = found[found["exactness"] == "guess"]
    assert len(guesses) == 0 or (guesses["version"] == guesses["real"]).mean() > 0.9


def test_what_was_pushed_and_promoted_by_itself_is_told() -> None:
    client = createos_nb.simulate("auto-promote-trap")
    for _ in range(2):
        client.world.push("storefront", "main", message="Faster search")
        client.clock.sleep(1200)
    live = client.fleet.live_versions(start="-1h")
    production = live[live["environment"] == "production"]
    assert set(production["exactness"]) == {"built"}
    found = compared(client, live, "60min", "1min")
    assert (found["version"] == found["real"]).mean() > 0.97  # a bucket a minute, and times of whole seconds


def test_it_is_the_right_side_of_a_join_with_traffic() -> None:
    client = createos_nb.simulate("bad-release")
    traffic = client.fleet.requests_over_time(start="-2h").sort_values("time")
    live = client.fleet.live_versions(start="-2h")
    joined = pd.merge_asof(traffic, live, left_on="time", right_on="start", by=["project", "environment"])
    assert len(joined) == len(traffic)
    production = joined[joined["environment"] == "production"]
    assert production["version"].notna().all()
    assert joined[joined["environment"] == "staging"]["version"].isna().all()  # nothing is live there
    sums = production.groupby("version")[["count", "status_5xx"]].sum()
    assert sums["status_5xx"].to_dict()[4] / sums["count"].to_dict()[4] > 0.03
    assert sums["status_5xx"].to_dict()[3] / sums["count"].to_dict()[3] < 0.003


def test_it_asks_for_what_it_needs_once() -> None:
    client = createos_nb.simulate()
    client.fleet.live_versions()
    asked = client.log()["operation"].value_counts().to_dict()
    assert asked == {"ListProjects": 1, "ListProjectEnvironments": 7, "ListDeployments": 7}


def test_columns_and_types_are_the_same_when_nothing_is_there() -> None:
    client = createos_nb.simulate()
    full = client.fleet.live_versions()
    for project in client.projects.list()["id"]:
        client.projects.delete(project)
    empty = client.fleet.live_versions()
    assert len(empty) == 0
    assert empty.dtypes.equals(full.dtypes)
    assert full["start"].is_monotonic_increasing


def test_a_project_that_can_not_be_read_is_named() -> None:
    client = createos_nb.simulate()
    with (
        client.world.faults(what="error", status=403, operations=["ListDeployments"], count=1),
        pytest.warns(IncompleteWarning, match="could not be read"),
    ):
        live = client.fleet.live_versions()
    (name,) = live.attrs["failed"]
    assert name not in set(live["project"])
    assert not live.attrs["complete"]


def test_arguments_that_make_no_sense_are_refused() -> None:
    client = createos_nb.simulate()
    with pytest.raises(InvalidInput, match="window is empty"):
        client.fleet.live_versions(start="-1h", end="-2h")
    with pytest.raises(UnknownName):
        client.fleet.live_versions(projects="nowhere")
    with pytest.raises(InvalidInput, match=r"known= is a frame with the columns time, .*plans.assignments"):
        client.fleet.live_versions(known=pd.DataFrame({"time": []}))
    facts = plans.assignments(client)
    with pytest.raises(InvalidInput, match="with a zone"):
        client.fleet.live_versions(known=facts.assign(time="yesterday"))
    with pytest.raises(InvalidInput, match="not 'rumour'"):
        client.fleet.live_versions(
            known=pd.DataFrame(
                [(client.now, "e", "d", True, "rumour")],
                columns=["time", "environment_id", "deployment_id", "began", "source"],
            )
        )


def version(number: int, created: float, updated: float, status: str = "deployed") -> Version:
    return Version(f"d{number}", number, status, None, created, updated)


def test_what_is_known_of_nothing_is_nothing() -> None:
    place = Place("e", "production", None, None, promotes=False, created=0.0, updated=0.0)
    assert stretches(place, [], [], now=100.0) == []
    live = Place("e", "production", "gone", None, promotes=False, created=None, updated=None)
    (stretch,) = stretches(live, [], [], now=100.0)  # live, and nothing known of the deployment
    assert (stretch.deployment, stretch.start, stretch.not_before, stretch.not_after) == ("gone", 100.0, None, 100.0)


def test_a_rollback_is_no_promotion() -> None:
    place = Place("e", "production", "d1", None, promotes=True, created=0.0, updated=500.0)
    found = stretches(place, [version(1, 0, 60), version(2, 300, 360)], [], now=900.0)
    assert [(each.deployment, each.start, each.exactness) for each in found] == [
        ("d1", 60, "built"),
        ("d2", 360, "built"),
        ("d1", 500, "within"),
    ]


def test_what_history_knows_counts_as_what_a_journal_does() -> None:
    place = Place("e", "production", "d2", None, promotes=False, created=0.0, updated=800.0)
    seen = [Sighting(400, "d1", False, "history"), Sighting(700, "d2", False, "history")]
    found = stretches(place, [version(1, 0, 60), version(2, 300, 360)], seen, now=900.0)
    assert [(each.deployment, each.source, each.not_before, each.not_after) for each in found] == [
        ("d1", "history", 0, 400),
        ("d2", "history", 400, 700),
    ]
