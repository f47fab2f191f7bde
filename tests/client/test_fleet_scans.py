"""The scans of all that is live: what was never scanned, or can't be, is no clean one."""

from __future__ import annotations

import pandas as pd

import createos_nb


def test_each_live_environment_says_what_is_known_of_its_scan() -> None:
    client = createos_nb.simulate()
    client.security.trigger_scan("storefront", 14)  # live in staging
    client.world.advance("10min")
    before = len(client.log())
    scans = client.fleet.scans()
    # the projects, the apps, the environments of seven, and the five deployments that are live where scans are on
    assert len(client.log()) - before == 1 + 1 + 7 + 5
    by_place = scans.set_index(["project", "environment"])
    assert by_place.loc[("storefront", "production"), "scan"] == "failed"
    assert "registry" in by_place.loc[("storefront", "production"), "note"]
    staging = by_place.loc[("storefront", "staging")]
    assert staging["scan"] == "successful"
    found = client.security.findings("storefront", 14)
    assert staging[["critical", "high", "medium", "low", "other"]].sum() == len(found)
    assert by_place.loc[("edge-gateway", "staging"), "scan"] == "off"
    unknown = scans[scans["scan"] != "successful"]
    assert unknown["critical"].isna().all()
    assert scans.attrs["complete"]
    assert scans.attrs["skipped"] == {"winter-sale": "suspended"}


def test_one_project_and_none_have_the_same_columns() -> None:
    client = createos_nb.simulate()
    one, empty = client.fleet.scans(projects="storefront"), createos_nb.simulate("empty").fleet.scans()
    assert len(one) == 5
    assert not len(empty)
    pd.testing.assert_series_equal(one.dtypes, empty.dtypes)


def test_a_deployment_that_is_live_in_two_places_is_asked_for_once() -> None:
    client = createos_nb.simulate()
    client.environments.assign_deployment("storefront", "staging", 17)
    before = len(client.log())
    scans = client.fleet.scans(projects="storefront").set_index("environment")
    asked = client.log().iloc[before:]["operation"].tolist()
    assert asked.count("GetSecurityScan") == 4
    assert scans.loc["staging", "scan"] == scans.loc["production", "scan"] == "failed"
