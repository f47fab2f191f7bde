"""What was so at a moment, and how exactly that is known."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from createos_nb import Client, runbooks
from createos_nb.errors import InvalidInput
from createos_nb.history import History
from createos_nb.history import open as open_history


def live(history: History, moment: object) -> pd.Series:
    frame = history.at(moment).environments().set_index("unique_name")
    return frame.loc["production"]


def test_what_was_live_when(client: Client, history: History) -> None:
    deployments = client.deployments.list("storefront").set_index("version_number")["id"]
    history.sync(since="-1h")
    first = client.now
    old = client.environments.get("storefront", "production")["project_deployment_id"]
    client.world.advance("1h")
    new = next(id for number, id in deployments.items() if id != old and number == 2)
    client.environments.assign_deployment("storefront", "production", deployment=new)
    assigned = client.now
    client.world.advance("1h")
    history.sync(since="-1h")
    assert live(history, first)["project_deployment_id"] == old
    assert live(history, first)["exactness"] == "seen"
    between = live(history, assigned - pd.Timedelta("30min"))
    assert between["project_deployment_id"] == old
    assert between["exactness"] == "last known"
    # the platform says itself when the environment last changed
    after = live(history, assigned + pd.Timedelta("10min"))
    assert after["project_deployment_id"] == new
    assert after["exactness"] == "reported"
    assert after["not_before"] == first.floor("us")
    assert live(history, "now")["exactness"] == "seen"


def test_before_the_first_look_it_says_that_nobody_looked(client: Client, history: History) -> None:
    history.sync(since="-1h")
    then = history.at("-2h").environments()
    assert not then.attrs["complete"]
    assert set(then["exactness"]) <= {"reported"}
    assert history.at("now").environments().attrs["complete"]
    with pytest.raises(InvalidInput, match="after the last synchronization"):
        history.at(client.now + pd.Timedelta("1h"))


def test_frames_are_those_of_the_client(client: Client, history: History) -> None:
    history.sync(since="-1h")
    moment = history.at("now")
    asked = client.environments.list("storefront")
    kept = moment.environments()
    assert list(kept.columns) == ["project", *asked.columns, "exactness", "not_before", "not_after"]
    assert kept[asked.columns].dtypes.equals(asked.dtypes)
    assert set(kept["id"]) == set(asked["id"])
    assert set(moment.deployments()["id"]) == set(client.deployments.list("storefront")["id"])
    assert moment.projects()["unique_name"].tolist() == ["storefront"]
    assert moment.api_keys()["name"].tolist() == client.api_keys.list()["name"].tolist()
    assert re.match(r"The account at .*: projects 1, environments 2", repr(moment))


def test_what_a_plan_did_is_an_event_with_who_and_why(client: Client, history: History) -> None:
    plan = runbooks.scale(client, "storefront", "staging", replicas=2)
    plan.apply(confirm=plan.digest, reason="the sale")
    assert history.sync(since="-1h").rows["events"] == 1
    assert history.sync(since="-1h").rows["events"] == 0
    event = pd.read_parquet(history.files("events")).iloc[0]
    assert event[["source", "project", "environment", "kind", "why"]].tolist() == [
        "journal",
        "storefront",
        "staging",
        "scale",
        "the sale",
    ]
    assert "marlow" in event["who"]


def test_a_source_that_fails_is_told_and_the_rest_is_kept(client: Client, history: History) -> None:
    def broken(client: Client) -> pd.DataFrame:
        raise OSError("the file is gone")

    history.add_source("pager", broken)
    history.add_source("notes", lambda client: pd.DataFrame({"time": [client.now]}))
    result = history.sync(since="-1h")
    assert result.rows["requests"] > 0
    assert result.failed["source pager"] == "OSError: the file is gone"
    assert "gives a frame of time, key, project" in result.failed["source notes"]
    assert not result.complete


def test_a_reader_without_a_client_sees_the_same(client: Client, history: History) -> None:
    history.sync(since="-2h")
    reader = open_history(path=history.folder)
    assert reader.requests("-2h").equals(history.requests("-2h"))
    assert repr(reader) == repr(history)
