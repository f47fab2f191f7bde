"""A plot that is given another frame says which one it draws, and which call makes it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from createos_nb import plots
from createos_nb.errors import InvalidInput

OTHER = pd.DataFrame({"id": ["a"], "state": ["deployed"]})
FIRST = [
    ("requests", "client.analytics.requests_over_time"),
    ("fleet", "client.fleet.requests_over_time"),
    ("burn_down", "analysis.error_budget"),
    ("anomalies", "analysis.anomalies"),
    ("heat_map", "analysis.hour_by_weekday"),
    ("top_paths", "analysis.paths"),
    ("before_after", "analysis.compare"),
    ("today", "analysis.decompose"),
    ("verdict", "analysis.release_verdict"),
    ("sleep", "analysis.sleep_advice"),
]


@pytest.mark.parametrize("given", [OTHER, None, "storefront", [1, 2]], ids=["frame", "None", "text", "list"])
@pytest.mark.parametrize(("name", "call"), FIRST)
def test_another_frame_is_refused_with_the_call_that_gives_the_right_one(name: str, call: str, given: Any) -> None:
    with pytest.raises(InvalidInput, match=rf"plots\.{name}: .*{call}"):
        getattr(plots, name)(given)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("burn_rates", "analysis.burn_rates"),
        ("capacity", "client.analytics.requests_over_time"),
        ("change_points", "client.analytics.requests_over_time"),
        ("fleet_report", "analysis.fleet_health"),
    ],
)
def test_so_is_another_pair_of_frames(name: str, call: str) -> None:
    with pytest.raises(InvalidInput, match=rf"plots\.{name}: .*{call}"):
        getattr(plots, name)(OTHER, OTHER)


def test_a_fleet_is_sent_to_the_plot_of_fleets() -> None:
    fleet = pd.DataFrame(columns=["project", "environment", "time", "count"])
    with pytest.raises(InvalidInput, match=r"plots\.fleet draws all"):
        plots.requests(fleet)
