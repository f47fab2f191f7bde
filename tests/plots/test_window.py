"""A plot shows the window that was asked for: gaps are gaps, seen time is the measure, and no data is said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from createos_nb import analysis, plots
from createos_nb.plots.downsample import rebin

COUNTS = ["count", "status_2xx", "status_3xx", "status_4xx", "status_5xx"]


def steady(length, *, bad=0, rate=50):
    index = pd.date_range("2026-01-05", periods=length, freq="min", tz="UTC", unit="us", name="time")
    columns = {"count": rate, "status_2xx": rate - bad, "status_3xx": 0, "status_4xx": 0, "status_5xx": bad}
    return pd.DataFrame(columns, index=index).astype("Int64")


def fleet(frame):
    return frame.reset_index().assign(project="日本", environment="production")


MONTH = steady(35 * 1440)
MONTH.iloc[3000:3400] = pd.NA
UNSEEN = steady(1440) * pd.NA


def filled(ax):
    """Heights of the filled area of most requests."""
    areas = [np.concatenate([path.vertices[:, 1] for path in area.get_paths()]) for area in ax.collections]
    return max(areas, key=np.max)


def test_a_bucket_seen_in_part_has_the_pace_of_its_seen_part():
    rows, minutes = rebin(MONTH)
    assert minutes == 360
    assert set(rows["count"].dropna()) == {50 * 360}
    long = MONTH.copy()
    long.iloc[3000:4000] = pd.NA
    assert rebin(long)[0]["count"].isna().sum() == 2
    # a frame that begins and ends within a bucket is no other
    assert set(rebin(MONTH.iloc[100:2900])[0]["count"]) == {50.0 * rebin(MONTH.iloc[100:2900])[1]}


@pytest.mark.parametrize("draw", [plots.requests, lambda frame: plots.fleet(fleet(frame))])
def test_missing_minutes_are_no_collapse(draw):
    heights = filled(draw(MONTH).axes[0])
    assert set(np.round(heights, 6)) == {0, 50}


def test_a_bucket_between_two_gaps_and_the_last_one_are_as_wide_as_the_others():
    frame = steady(40)
    frame.iloc[[*range(3, 20), *range(21, 30)]] = pd.NA
    ends = [path.vertices[:, 0] for path in plots.requests(frame).axes[0].collections[0].get_paths()]
    widths = [round((end.max() - end.min()) * 1440) for end in ends]
    assert widths == [3, 1, 10]


NO_DATA = {
    "requests": lambda: plots.requests(UNSEEN),
    "fleet": lambda: plots.fleet(fleet(UNSEEN)),
    "today": lambda: plots.today(analysis.decompose(UNSEEN)),
    "burn_down": lambda: plots.burn_down(analysis.error_budget(UNSEEN)),
    "burn_rates": lambda: plots.burn_rates(analysis.burn_rates(UNSEEN), analysis.burn_table()),
    "anomalies": lambda: plots.anomalies(analysis.anomalies(UNSEEN)),
    "change_points": lambda: plots.change_points(UNSEEN, analysis.change_points(UNSEEN)),
    "before_after": lambda: plots.before_after(analysis.compare(UNSEEN.iloc[:700], UNSEEN.iloc[700:]), UNSEEN),
}


@pytest.mark.grid(3)
@pytest.mark.parametrize("name", NO_DATA)
def test_no_data_is_said_over_the_window_that_was_asked_for(name):
    from matplotlib.dates import num2date

    figure = NO_DATA[name]()
    assert figure._repr_png_()[0]
    timed = figure.axes[:1] if name == "before_after" else figure.axes
    for ax in timed:
        assert "no data" in [text.get_text() for text in ax.texts]
        begin, end = (pd.Timestamp(num2date(limit)) for limit in ax.get_xlim())
        assert abs(begin - UNSEEN.index[0]) < pd.Timedelta("30min")
        assert abs(end - UNSEEN.index[-1]) < pd.Timedelta("30min")


def test_nothing_to_compare_is_said():
    (ax,) = plots.before_after(analysis.compare(UNSEEN.iloc[:700], UNSEEN.iloc[700:])).axes
    assert "no data in either window" in ax.texts[0].get_text()
    assert not len(ax.get_xticks())


@pytest.mark.parametrize("rows", [0, 1])
def test_a_frame_of_no_or_one_row_is_drawn(rows):
    assert plots.requests(steady(rows))._repr_png_()[0]


def test_without_requests_there_is_no_share():
    top, *below = plots.requests(steady(60) * 0).axes
    assert not top.texts
    assert [[text.get_text() for text in ax.texts] for ax in below] == [["no requests"], ["no requests"]]


def test_a_map_without_data_says_so_and_has_no_scale():
    (ax,) = plots.heat_map(analysis.hour_by_weekday(UNSEEN)).axes
    assert [text.get_text() for text in ax.texts] == ["no data"]
    assert len(ax.get_yticks()) == 7
