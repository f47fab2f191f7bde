"""The fleet's requests are the environments' own, told in the same way."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import createos_nb
from createos_nb import InvalidInput, UnknownName, analysis
from createos_nb.client.client import Client


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
