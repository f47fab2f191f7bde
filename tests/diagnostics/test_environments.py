"""Two environments beside each other: what differs, and no value of a variable anywhere."""

from __future__ import annotations

from typing import Any

import pytest

import createos_nb
from createos_nb.diagnostics import compare_environments
from createos_nb.errors import InvalidInput, UnknownName

SECRET = "hunter2-hunter2"


@pytest.fixture
def client() -> Any:
    return createos_nb.simulate("storefront")


def by_name(frame: Any) -> Any:
    return frame.set_index(["kind", "name"])


def test_what_differs_is_told_from_what_is_the_same(client: Any) -> None:
    found = by_name(compare_environments(client, "storefront", "production", "staging"))
    assert found.loc[("environment", "branch"), ["first", "second", "same"]].tolist() == ["main", "staging", False]
    assert found.loc[("resources", "replicas"), ["first", "second", "same"]].tolist() == ["3", "1", False]
    assert found.loc[("live", "version"), ["first", "second"]].tolist() == ["v17", "v14"]
    assert found.loc[("settings", "port"), ["first", "second", "same"]].tolist() == ["3000", "3000", True]


def test_a_setting_is_the_one_that_the_live_deployment_has(client: Any) -> None:
    """The project has one port; what is live was deployed with another."""
    plan = createos_nb.runbooks.settings(client, "storefront", port=3100, redeploy=True, environment="staging")
    plan.apply(confirm=plan.confirmation, reason="a test")
    found = by_name(compare_environments(client, "storefront", "production", "staging"))
    assert found.loc[("settings", "port"), ["first", "second", "same"]].tolist() == ["3000", "3100", False]


def test_variables_are_compared_by_value_and_shown_by_name_alone(client: Any) -> None:
    held = {"EQUAL": SECRET, "OTHER": SECRET, "EMPTY": ""}
    client.environments.update_variables("storefront", "production", run_envs={**held, "HERE": SECRET})
    client.environments.update_variables("storefront", "staging", run_envs={**held, "OTHER": SECRET + "2"})
    frame = compare_environments(client, "storefront", "production", "staging")
    found = by_name(frame).loc["variables"]
    assert found["same"].to_dict() == {"EMPTY": True, "EQUAL": True, "HERE": False, "OTHER": False}
    assert found.loc["HERE", ["first", "second"]].tolist() == ["set", "not set"]
    assert set(found["first"]) == {"set"}
    assert SECRET not in frame.to_string() + frame.to_json() + repr(frame.attrs)


def test_where_nothing_is_live_there_is_nothing_of_a_deployment(client: Any) -> None:
    resources = {"cpu": 200, "memory": 500, "replicas": 1}
    client.environments.create(
        "storefront",
        unique_name="empty",
        display_name="Empty",
        description="Nothing yet",
        branch="main",
        resources=resources,
        settings={"run_envs": {}},
    )
    found = by_name(compare_environments(client, "storefront", "production", "empty"))
    assert found.loc["live", "second"].isna().all()
    assert not found.loc["live", "same"].any()


def test_what_cannot_be_read_is_named_and_not_called_the_same(client: Any) -> None:
    project = next(one for one in client.world.state.projects.values() if one.name == "storefront")
    staging = next(one for one in project.environments.values() if one.name == "staging")
    staging.cpu = "much"
    client.world.touch(staging)
    frame = compare_environments(client, "storefront", "production", "staging")
    assert frame.attrs["unread"] == ["staging: resources.cpu"]
    row = by_name(frame).loc[("resources", "cpu")]
    assert row["first"] == "500"
    assert row[["second", "same"]].isna().all()
    assert by_name(frame).loc[("resources", "replicas"), ["second", "same"]].tolist() == ["1", False]


def test_it_asks_for_each_thing_once(client: Any) -> None:
    before = len(client.log())
    compare_environments(client, "storefront", "production", "staging")
    assert len(client.log()) - before == 4  # the name, the environments, two deployments
    before = len(client.log())
    client.environments.assign_deployment("storefront", "staging", 17)
    compare_environments(client, "storefront", "production", "staging")
    reads = client.log().iloc[before:]
    assert reads["path"].str.contains("/deployments/").sum() == 1


@pytest.mark.parametrize(
    ("names", "error", "text"),
    [
        (("storefront", "staging", "staging"), InvalidInput, "both are staging"),
        (("storefront", "staging", "nowhere"), UnknownName, "nowhere"),
        (("nothing", "staging", "production"), UnknownName, "nothing"),
    ],
)
def test_what_is_not_there_is_said_in_words(
    client: Any, names: tuple[str, str, str], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        compare_environments(client, *names)
