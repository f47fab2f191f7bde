"""The fleet's requests are the environments' own, told in the same way."""

from __future__ import annotations

import createos_nb
from createos_nb import analysis


def test_a_window_that_cuts_buckets_sets_no_pace_for_the_fleet_either() -> None:
    client = createos_nb.simulate("storefront")
    client.world.advance("5s")  # the last bucket holds five of its sixty seconds
    fleet = client.fleet.requests_over_time(start="-10min")
    alone = client.analytics.requests_over_time("storefront", "production", start="-10min")
    assert fleet.attrs["partial"] == alone.attrs["partial"]
    assert len(fleet.attrs["partial"]) == 2
    found = analysis.rpm(fleet).set_index(["project", "environment"]).loc[("storefront", "production")]
    assert found["average"] == analysis.rpm(alone)["average"]
