"""Marks are named where they hide nothing, and never change the window that a plot shows."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from createos_nb import analysis, plots
from createos_nb.plots.annotations import arrange, clusters

TIMES = pd.date_range("2026-01-05", periods=3 * 1440, freq="min", tz="UTC", unit="us", name="time")
LONG = "a rather long name of a deployment that was rolled back"


def frame(share: float = 0.002) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    count = rng.poisson(100, len(TIMES))
    chance = np.full(len(TIMES), share)
    chance[2000:2300] = 0.3
    bad = rng.binomial(count, chance)
    columns = {"count": count, "status_2xx": count - bad, "status_3xx": 0, "status_4xx": 0, "status_5xx": bad}
    return pd.DataFrame(columns, index=TIMES).astype("Int64")


FRAME = frame()
CHANGES = analysis.change_points(FRAME)
NEAR = [(TIMES[2000], "deploy v2"), (TIMES[2006], "deploy v3"), (TIMES[2300], "roll back"), (TIMES[4200], LONG)]
OUTSIDE = [("2025-01-05T01:00Z", "long ago")]

PLOTS = {
    "requests": lambda marks: plots.requests(FRAME, marks=marks),
    "before_after": lambda marks: plots.before_after(
        analysis.compare(FRAME.iloc[1000:1500], FRAME.iloc[2000:2200]), FRAME, marks=marks
    ),
    "change_points": lambda marks: plots.change_points(FRAME, CHANGES, marks=marks),
    "burn_down": lambda marks: plots.burn_down(analysis.error_budget(FRAME, window="1d", target=0.99), marks=marks),
    "burn_rates": lambda marks: plots.burn_rates(
        analysis.burn_rates(FRAME, target=0.99), analysis.burn_table(target=0.99), marks=marks
    ),
    "anomalies": lambda marks: plots.anomalies(analysis.anomalies(FRAME), marks=marks),
}


def boxes(figure):
    """Where the names of the first axes stand, once drawn, in pixels."""
    figure.savefig("/dev/null", format="png", dpi=figure.dpi)
    return {text.get_text(): text.get_window_extent() for text in figure.axes[0].texts if text.get_text()}


@pytest.mark.parametrize("name", PLOTS)
def test_a_mark_outside_of_the_window_is_left_out_and_counted(name):
    alone, marked = PLOTS[name]([]), PLOTS[name](OUTSIDE)
    assert marked.axes[0].get_xlim() == alone.axes[0].get_xlim()
    assert not any("long ago" in text.get_text() for ax in marked.axes for text in ax.texts)
    assert marked.caption == f"{alone.caption} 1 mark lies outside of the time shown."


def test_a_mark_in_the_last_bucket_is_inside():
    figure = plots.requests(FRAME, marks=[(TIMES[-1] + pd.Timedelta("59s"), "now"), *OUTSIDE, *OUTSIDE])
    assert "now" in boxes(figure)
    assert "2 marks lie outside" in figure.caption


@pytest.mark.grid(2)
@pytest.mark.parametrize("name", PLOTS)
def test_names_stand_above_the_data_and_not_on_each_other(name):
    figure = PLOTS[name](NEAR)
    found = boxes(figure)
    assert {"deploy v2", "deploy v3", "roll back"} <= set(found)
    for box in found.values():
        assert box.y0 >= figure.axes[0].bbox.y1 - 1
        assert 0 <= box.x0 <= box.x1 <= figure.bbox.x1
    for one, other in itertools.combinations(found.values(), 2):
        assert one.x1 <= other.x0 or other.x1 <= one.x0 or one.y1 <= other.y0 + 2 or other.y1 <= one.y0 + 2
    legend = figure.axes[0].get_legend()
    if legend is not None:
        assert legend.get_window_extent().y0 >= max(box.y1 for box in found.values()) - 4


def test_the_factor_of_a_change_stands_beside_the_name_of_a_deployment():
    found = boxes(PLOTS["change_points"]([(CHANGES["onset"].iloc[0], "deploy v2")]))
    assert len(found) == len(CHANGES) + 1
    assert all(text.get_bbox_patch() is None for text in PLOTS["change_points"](NEAR).axes[0].texts)


def test_a_long_name_opens_no_gap_between_panels():
    def gaps(figure):
        figure.savefig("/dev/null", format="png")
        return [above.bbox.y0 - below.bbox.y1 for above, below in itertools.pairwise(figure.axes)]

    alone, marked = gaps(PLOTS["burn_rates"]([])), gaps(PLOTS["burn_rates"]([(TIMES[4000], LONG)]))
    assert marked == pytest.approx(alone, abs=4)


def test_many_marks_are_numbered_and_named_in_the_caption():
    many = [(moment, f"deploy v{place}") for place, moment in enumerate(TIMES[100:4200:160])]
    figure = plots.requests(FRAME, marks=many)
    found = boxes(figure)
    assert "Marks: 1: deploy v0, 2: deploy v1" in figure.caption
    assert f"and {len(many) - 12} more" in figure.caption
    ordered = list(found.values())
    assert all(one.x1 < other.x0 for one, other in itertools.pairwise(ordered))
    assert len(ordered) > 15


def test_marks_at_one_place_share_their_numbers():
    assert clusters([0.0, 100.0, 101.0, 102.0, 200.0]) == [(0, 0), (1, 3), (4, 4)]
    assert clusters([]) == []


def test_no_line_to_a_name_runs_through_another_name():
    rng = np.random.default_rng(2)
    for _ in range(300):
        at = sorted(rng.uniform(0, 430, rng.integers(1, 9)))
        wide = rng.uniform(10, 150, len(at))
        places = arrange(at, wide, 430)
        for (x, width, place), (y, other, lane) in itertools.permutations(
            zip(at, wide, places or [], strict=bool(places)), 2
        ):
            begin, end = (y - other, y) if lane[1] else (y, y + other)
            mine = (x - width, x) if place[1] else (x, x + width)
            if place[0] == lane[0]:
                assert mine[1] <= begin or end <= mine[0]
            if place[0] > lane[0]:
                assert not begin < x < end
    assert arrange([0.0] * 7, [50.0] * 7, 430) is None
