"""The fleet's requests are the environments' own, told in the same way."""

from __future__ import annotations

import inspect
from typing import Any

import pandas as pd
import pytest

import createos_nb
from createos_nb import InvalidInput, UnknownName, analysis
from createos_nb.client.client import Client
from createos_nb.dtypes import TEXT


def test_a_window_that_cuts_buckets_sets_no_pace_for_the_fleet_either() -> None:
    client = createos_nb.simulate("storefront")
    client.world.advance("5s")  # the last bucket holds five of its sixty seconds
    fleet = client.fleet.requests_over_time(start="-10min")
    alone = client.analytics.requests_over_time("storefront", "production", start="-10min")
    assert fleet.attrs["partial"] == alone.attrs["partial"]
    assert len(fleet.attrs["partial"]) == 2
    found = analysis.rpm(fleet).set_index(["project", "environment"]).loc[("storefront", "production")]
    assert found["average"] == analysis.rpm(alone)["average"]


@pytest.fixture(scope="module")
def shop() -> Client:
    return createos_nb.simulate("storefront")


@pytest.mark.parametrize("several", [list, tuple, pd.Index, pd.Series, iter])
def test_one_name_is_a_name_and_several_are_several(several: Any, shop: Client) -> None:
    one = shop.fleet.environments(projects="storefront")
    assert set(one["project"]) == {"storefront"}
    assert one.equals(shop.fleet.environments(projects=several(["storefront"])))
    two = shop.fleet.environments(projects=several(["storefront", "orders-api"]))
    assert set(two["project"]) == {"storefront", "orders-api"}
    assert shop.fleet.environments(projects=several([])).empty


def test_requests_over_time_take_one_name_too(shop: Client) -> None:
    one = shop.fleet.requests_over_time(start="-10min", projects="storefront")
    assert set(one["project"]) == {"storefront"}
    project = shop.projects.list().set_index("unique_name").loc["storefront", "id"]
    assert one.equals(shop.fleet.requests_over_time(start="-10min", projects=project))


def test_what_is_no_name_is_refused_in_words(shop: Client) -> None:
    with pytest.raises(UnknownName, match=r"there is no project 'storefrnt'.*did you mean storefront"):
        shop.fleet.requests_over_time(projects="storefrnt")
    for odd in (5, {"storefront": 1}):
        with pytest.raises(InvalidInput, match="projects takes a name, an id, or a list of them"):
            shop.fleet.environments(projects=odd)  # type: ignore[arg-type]  # what is refused


def test_steps_of_the_fleet_are_sums_of_what_the_platform_gives() -> None:
    client = createos_nb.simulate()
    client.clock.sleep(150)
    window = {"start": "-3h", "projects": ["storefront", "orders-api"]}
    fine = client.fleet.requests_over_time(**window)
    before = len(client.log())
    frame = client.fleet.requests_over_time(step="5min", **window)
    assert len(client.log()) - before == 3 + 7  # the projects and their environments, and each of these: no more
    sums = fine.groupby(["project", "environment", fine["time"].dt.floor("5min")])["count"].sum()
    assert frame.set_index(["project", "environment", "time"])["count"].sort_index().equals(sums.sort_index())
    assert frame.attrs["bucket_seconds"] == 300
    assert frame.attrs["partial"] == ["2026-03-02T06:00:00+00:00", "2026-03-02T09:00:00+00:00"]
    with pytest.raises(InvalidInput, match="a multiple of that"):
        client.fleet.requests_over_time(step="90s", **window)
    asked = len(client.log())
    with pytest.raises(InvalidInput, match="step="):
        client.fleet.requests_over_time(step="soon", **window)
    assert len(client.log()) == asked


APPS = {"chat-bot": "Back office", "recommendations": "Shop", "edge-gateway": "Shop", "orders-api": "Shop"}


def test_each_project_has_the_name_of_its_app_for_one_request_of_the_session() -> None:
    client = createos_nb.simulate()
    for frame in (client.fleet.projects(), client.fleet.overview(), client.fleet.environments()):
        column = frame["unique_name"] if "project" not in frame else frame["project"]
        apps = dict(zip(column, frame["app"], strict=True))
        assert {name: apps[name] for name in APPS} == APPS
        assert pd.isna(apps["landing-pages"])
        assert frame["app"].dtype == TEXT
    client.fleet.deployments(limit=1), client.fleet.domains()
    assert client.log()["operation"].tolist().count("ListApps") == 1


def test_an_account_without_apps_is_not_asked_for_any() -> None:
    client = createos_nb.simulate("bad-release")
    assert client.fleet.overview()["app"].isna().all()
    assert "ListApps" not in client.log()["operation"].tolist()


def test_a_new_app_and_a_new_name_are_seen() -> None:
    client = createos_nb.simulate()
    client.fleet.environments()
    client.apps.create(name="Marketing")
    client.apps.add_projects("Marketing", projects=["landing-pages"])
    apps = client.fleet.environments().set_index("project")["app"]
    assert apps["landing-pages"] == "Marketing"
    client.apps.update("Marketing", name="Sales")
    assert client.fleet.environments().set_index("project").loc["landing-pages", "app"] == "Sales"


def test_an_app_whose_name_can_not_be_read_goes_by_its_id() -> None:
    client = createos_nb.simulate()
    with client.world.faults(what="error", operations=["ListApps"]):
        apps = client.fleet.environments().set_index("project")["app"]
    assert apps["orders-api"].iloc[0] == client.projects.get("orders-api")["app_id"]


def test_apps_leaves_out_all_other_projects() -> None:
    client = createos_nb.simulate()
    shop = {"recommendations", "edge-gateway", "orders-api", "storefront"}
    assert set(client.fleet.environments(apps="Shop")["project"]) == shop
    assert set(client.fleet.environments(apps=["Shop", "Back office"])["project"]) == shop | {"chat-bot"}
    assert set(client.fleet.environments(apps="Shop", projects=["chat-bot", "storefront"])["project"]) == {"storefront"}
    requests = client.fleet.requests_over_time(apps="Shop", start="-10min")
    assert set(requests["project"]) == shop
    assert requests.attrs["apps"] == dict.fromkeys(shop, "Shop")
    assert set(client.fleet.live_versions(apps="Back office")["project"]) <= {"chat-bot"}
    log = client.fleet.logs(apps="Shop", start="-1min")
    assert set(log["project"]) <= shop
    assert "winter-sale" not in log.attrs["skipped"]
    with pytest.raises(UnknownName, match="Shop"):
        client.fleet.environments(apps="No such app")


SHOP = {"recommendations", "edge-gateway", "orders-api", "storefront"}


@pytest.mark.parametrize(
    ("name", "operation"),
    [("deployments", "ListDeployments"), ("domains", "ListDomains"), ("environments", "ListProjectEnvironments")],
)
def test_only_the_projects_that_are_wanted_are_asked(name: str, operation: str) -> None:
    """The projects, the apps where a name of one is needed, and each wanted project: no more."""
    everywhere = getattr(createos_nb.simulate().fleet, name)()
    for wanted, projects, apps in (
        ({"projects": "storefront"}, {"storefront"}, 1),
        ({"projects": ["storefront", "chat-bot"]}, {"storefront", "chat-bot"}, 1),
        ({"projects": "landing-pages"}, {"landing-pages"}, 0),  # it is in no app
        ({"apps": "Shop"}, SHOP, 1),
        ({"apps": ["Back office", "Shop"]}, SHOP | {"chat-bot"}, 1),
        ({"apps": "Shop", "projects": ["chat-bot", "orders-api"]}, {"orders-api"}, 1),
    ):
        client = createos_nb.simulate()
        frame = getattr(client.fleet, name)(**wanted)
        expected = everywhere[everywhere["project"].isin(projects)].reset_index(drop=True)
        pd.testing.assert_frame_equal(frame, expected)
        asked = client.log()["operation"].value_counts().to_dict()
        assert asked == {"ListProjects": 1, operation: len(projects)} | ({"ListApps": apps} if apps else {})
        assert frame.attrs["complete"]
        assert frame.attrs["skipped"] == {}


@pytest.mark.parametrize("name", ["deployments", "domains", "overview"])
def test_what_is_not_there_or_is_no_name_is_refused(name: str, shop: Client) -> None:
    read = getattr(shop.fleet, name)
    with pytest.raises(UnknownName, match="did you mean storefront"):
        read(projects="storefrnt")
    with pytest.raises(UnknownName, match="Shop"):
        read(apps="No such app")
    with pytest.raises(InvalidInput, match="apps takes a name, an id, or a list of them"):
        read(apps=5)
    assert read(projects=[]).empty


def test_a_wanted_project_that_is_not_active_is_skipped_by_name(shop: Client) -> None:
    for name in ("deployments", "domains", "overview"):
        frame = getattr(shop.fleet, name)(projects="winter-sale")
        assert frame.empty
        assert frame.attrs["skipped"] == {"winter-sale": "suspended"}


def test_what_the_fleet_says_of_itself_names_every_argument(shop: Client) -> None:
    said = repr(shop.fleet)
    for name in ("environments", "deployments", "domains", "requests_over_time", "overview", "logs", "scans"):
        arguments = said.partition(f"  {name}(")[2].partition(")")[0].split(", ")
        parameters = inspect.signature(getattr(shop.fleet, name)).parameters
        assert arguments == [f"{one}=" for one in parameters], name
