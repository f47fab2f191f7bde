"""Plots of judgements: titled, captioned, with units and UTC, whatever the data; and never through pyplot."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from createos_nb import analysis, plots
from createos_nb.plots import style

WEEK = 7 * 1440


def requests(length=WEEK, *, seed=1, share=0.004, idle=False):
    rng = np.random.default_rng(seed)
    mean = 0.05 if idle else 50 * (1 + 0.6 * np.sin(2 * np.pi * np.arange(length) / 1440))
    count = rng.poisson(mean, length)
    bad = rng.binomial(count, share)
    index = pd.date_range("2026-03-02", periods=length, freq="min", tz="UTC", unit="us", name="time")
    columns = {"count": count, "status_2xx": count - bad, "status_3xx": 0, "status_4xx": 0, "status_5xx": bad}
    return pd.DataFrame(columns, index=index).astype("Int64")


def hits():
    return pd.DataFrame({"path": ["/a", "/$x^2$<b>", "/漢字\x07"], "count": [90, 50, 3]})


def failing():
    return pd.DataFrame({"path": ["/a", "/only-errors"], "status": ["500", "404"], "count": [9, 4]})


FRAME = requests()
BROKEN = FRAME.copy()
BROKEN.iloc[5000:5060, BROKEN.columns.get_loc("status_5xx")] = BROKEN["count"].iloc[5000:5060] // 2
BROKEN["status_2xx"] = BROKEN["count"] - BROKEN["status_5xx"]
MARKS = [(FRAME.index[4990], "v41 → v42")]

DRAWN = {
    "heat_map": lambda: plots.heat_map(analysis.hour_by_weekday(FRAME)),
    "top_paths": lambda: plots.top_paths(analysis.paths(hits(), failing())),
    "before_after": lambda: plots.before_after(analysis.compare(FRAME.iloc[:500], BROKEN.iloc[4950:5100])),
    "before_after over time": lambda: plots.before_after(
        analysis.compare(FRAME.iloc[4000:4500], BROKEN.iloc[4950:5100]), BROKEN.iloc[3500:5500], marks=MARKS
    ),
    "today": lambda: plots.today(analysis.decompose(FRAME), marks=MARKS),
    "burn_down": lambda: plots.burn_down(analysis.error_budget(BROKEN, window="7d", target=0.99), marks=MARKS),
    "burn_rates": lambda: plots.burn_rates(
        analysis.burn_rates(BROKEN, target=0.99),
        analysis.burn_table(target=0.99),
        analysis.burn_alerts(BROKEN, target=0.99),
    ),
    "anomalies": lambda: plots.anomalies(analysis.anomalies(BROKEN), marks=MARKS),
    "anomalies of a series": lambda: plots.anomalies(analysis.anomalies(FRAME["count"].iloc[:1500]), unit="requests"),
    "anomalies of rows": lambda: plots.anomalies(analysis.anomalies(pd.Series(np.arange(100.0)))),
    "change_points": lambda: plots.change_points(BROKEN, analysis.change_points(BROKEN), marks=MARKS),
    "change_points of rates": lambda: plots.change_points(
        analysis.success_rate(BROKEN, every="10m"), analysis.change_points(BROKEN, errors=["4xx", "5xx"])
    ),
    "capacity": lambda: plots.capacity(BROKEN, analysis.replicas_advice(BROKEN, replicas=1)),
    "sleep": lambda: plots.sleep(analysis.sleep_advice(requests(idle=True), idle_after="15m")),
}

EMPTY = {
    "heat_map": lambda: plots.heat_map(analysis.hour_by_weekday(FRAME.iloc[:60])),
    "top_paths": lambda: plots.top_paths(analysis.paths(hits().iloc[:0])),
    "before_after": lambda: plots.before_after(analysis.compare(FRAME.iloc[:60], FRAME.iloc[60:120] * 0)),
    "today": lambda: plots.today(analysis.decompose(FRAME.iloc[:30])),
    "burn_down": lambda: plots.burn_down(analysis.error_budget(FRAME.iloc[:30] * 0)),
    "burn_rates": lambda: plots.burn_rates(analysis.burn_rates(FRAME.iloc[:30]), analysis.burn_table()),
    "anomalies": lambda: plots.anomalies(analysis.anomalies(FRAME.iloc[:30])),
    "anomalies of nothing": lambda: plots.anomalies(analysis.anomalies(pd.Series([], dtype=float))),
    "change_points": lambda: plots.change_points(FRAME.iloc[:30], analysis.change_points(FRAME.iloc[:30])),
    "capacity": lambda: plots.capacity(FRAME.iloc[:30], analysis.replicas_advice(FRAME.iloc[:30], replicas=1)),
    "sleep": lambda: plots.sleep(analysis.sleep_advice(FRAME.iloc[:30])),
}


@pytest.mark.grid(3)
@pytest.mark.parametrize("name", DRAWN)
def test_a_plot_has_a_title_a_caption_and_units(name):
    figure = DRAWN[name]()
    picture, about = figure._repr_png_()
    assert picture.startswith(b"\x89PNG")
    assert len(figure.headline) > 5
    assert len(figure.caption) > 60
    assert figure.caption in about["alt"]
    labels = [label for ax in figure.axes for label in (ax.get_xlabel(), ax.get_ylabel())]
    assert any(labels), "an axis says what it counts"


@pytest.mark.parametrize("name", EMPTY)
@pytest.mark.grid(2)
def test_little_or_no_data_is_drawn_without_a_warning(name):
    assert EMPTY[name]()._repr_png_()[0].startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "name", ["before_after over time", "today", "burn_down", "burn_rates", "anomalies", "change_points"]
)
def test_a_time_axis_says_utc(name):
    assert "time (UTC)" in [ax.get_xlabel() for ax in DRAWN[name]().axes]


def test_an_alert_is_shaded_where_it_fires():
    alerts = analysis.burn_alerts(BROKEN, target=0.99)
    assert not alerts.empty
    with_alerts, without = (
        DRAWN["burn_rates"](),
        plots.burn_rates(analysis.burn_rates(BROKEN, target=0.99), analysis.burn_table(target=0.99)),
    )
    assert sum(len(ax.patches) for ax in with_alerts.axes) == sum(len(ax.patches) for ax in without.axes) + len(alerts)


def test_alerts_outside_of_the_rates_that_are_drawn_do_not_stretch_the_axis():
    rates = analysis.burn_rates(BROKEN, target=0.99)
    table, alerts = analysis.burn_table(target=0.99), analysis.burn_alerts(BROKEN, target=0.99)
    alone = plots.burn_rates(rates.tail(600), table).axes[-1].get_xlim()
    assert plots.burn_rates(rates.tail(600), table, alerts).axes[-1].get_xlim() == pytest.approx(alone)
    assert len(alerts)


def test_before_and_after_are_shaded_and_a_deployment_is_named():
    figure = DRAWN["before_after over time"]()
    top = figure.axes[0]
    shaded = [patch for patch in top.patches if patch.get_label() in ("before", "after")]
    assert [patch.get_label() for patch in shaded] == ["before", "after"]
    assert any("v41" in text.get_text() for text in top.texts)
    assert len(figure.axes) == len(DRAWN["before_after"]().axes) + 1


def test_an_interval_is_drawn_within_what_the_metric_can_be():
    one = FRAME.iloc[:12].assign(count=1, status_2xx=1, status_3xx=0, status_4xx=0, status_5xx=0)
    wide = analysis.compare(one.assign(status_2xx=[0] * 6 + [1] * 6, status_4xx=[1] * 6 + [0] * 6), one)
    assert (wide["before"] + wide["low"]).loc["client_error_percentage"] < 0
    assert (wide["before"] + wide["high"]).loc["success_percentage"] > 100
    for ax in plots.before_after(wide).axes[1:]:
        bar = next(line for line in ax.lines if line.get_linewidth() == 6)
        assert 0 <= min(bar.get_xdata()) <= max(bar.get_xdata()) <= 100


def test_the_first_swings_of_a_young_window_do_not_set_the_scale():
    frame = requests(3 * 1440, share=0)
    frame.iloc[3, frame.columns.get_loc("status_5xx")] = frame["count"].iloc[3]
    frame["status_2xx"] = frame["count"] - frame["status_5xx"]
    budget = analysis.error_budget(frame, window="1d", target=0.99)
    assert budget["left_share"].min() < -10
    assert plots.burn_down(budget).axes[0].get_ylim()[0] == 0


def grey(figure):
    """Begin and end of the time in which the window is not full."""
    box = next(one for one in figure.axes[0].patches if one.get_label() == "window not full yet")
    return pd.Timestamp(box.get_x(), unit="D"), pd.Timestamp(box.get_x() + box.get_width(), unit="D")


def test_a_gap_does_not_empty_the_window():
    frame = requests(10 * 1440)
    frame.iloc[1000:1400] = pd.NA
    budget = analysis.error_budget(frame, window="2d", target=0.99)
    begin, end = grey(plots.burn_down(budget))
    assert abs(begin.tz_localize("UTC") - frame.index[0]) < pd.Timedelta("1min")
    assert abs(end.tz_localize("UTC") - frame.index[2 * 1440 - 1]) < pd.Timedelta("1min")
    # a part of the budget shows what the whole does
    assert grey(plots.burn_down(budget.iloc[500:]))[1] == end
    full = plots.burn_down(budget.iloc[6 * 1440 :]).axes[0].patches
    assert "window not full yet" not in [one.get_label() for one in full]


def test_a_window_before_the_data_begin_is_grey():
    frame = requests(4 * 1440)
    frame.iloc[:1000] = pd.NA
    _, end = grey(plots.burn_down(analysis.error_budget(frame, window="1d", target=0.99)))
    assert abs(end.tz_localize("UTC") - frame.index[1000 + 1439]) < pd.Timedelta("1min")


def test_how_far_a_budget_is_overspent_stands_in_the_legend():
    frame = requests(4 * 1440, share=0.5)
    ax = plots.burn_down(analysis.error_budget(frame, window="1d", target=0.999)).axes[0]
    assert not ax.texts
    (said,) = [text.get_text() for text in ax.get_legend().get_texts() if "overspent" in text.get_text()]
    assert said.startswith("overspent, down to -50,")
    assert said.endswith("cut at -150 %")


def bars(figure, label):
    return next(one for one in figure.axes[0].containers if one.get_label() == label)


def test_errors_of_a_path_are_told_and_seen():
    asked = pd.DataFrame({"path": ["/a", "/b", "/c"], "count": [1_000_000, 500_000, 20_000]})
    failed = pd.DataFrame(
        {"path": ["/a", "/gone", "/odd", "/c"], "status": ["500", "404", "503", "500"], "count": [9, 4000, 1, 20_000]}
    )
    figure = plots.top_paths(analysis.paths(asked, failed))
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    said = dict(zip(names, [text.get_text() for text in figure.axes[0].texts], strict=True))
    assert said == {
        "/a": "1,000,000, 0.0009 % failed",
        "/b": "500,000",
        "/c": "20,000, 100 % failed",
        "/gone": "hits not listed, 4,000 errors",
        "/odd": "hits not listed, 1 error",
    }
    width = figure.axes[0].get_xlim()[1]
    for path, name in (("/a", "5xx"), ("/gone", "4xx"), ("/odd", "5xx")):
        assert bars(figure, name)[names.index(path)].get_width() >= width / 200
    assert bars(figure, "5xx")[names.index("/b")].get_width() == 0


def test_not_quite_all_is_not_all():
    asked = pd.DataFrame({"path": ["/a"], "count": [1000]})
    failed = pd.DataFrame({"path": ["/a"], "status": ["500"], "count": [999]})
    assert plots.top_paths(analysis.paths(asked, failed)).axes[0].texts[0].get_text() == "1,000, >99 % failed"


@pytest.mark.slow
def test_no_text_lies_in_a_box_on_the_data():
    for draw in DRAWN.values():
        for ax in draw().axes:
            assert all(text.get_bbox_patch() is None for text in ax.texts)
    (ax,) = DRAWN["capacity"]().axes
    assert not ax.texts
    assert any("demonstrated" in text.get_text() for text in ax.get_legend().get_texts())


def test_changes_are_drawn_on_the_errors_that_they_were_judged_by():
    changes = analysis.change_points(BROKEN)
    figure = plots.change_points(BROKEN, changes)
    assert figure.axes[0].get_ylabel() == "5xx, % of requests"
    drawn = next(line.get_ydata() for line in figure.axes[0].lines if line.get_drawstyle() == "steps-post")
    whole = 100 * BROKEN["status_5xx"].sum() / BROKEN["count"].sum()
    assert np.nanmean(drawn) == pytest.approx(whole, rel=0.1)
    with pytest.raises(ValueError, match="give the requests"):
        plots.change_points(analysis.success_rate(BROKEN, every="10m"), changes)


def test_every_anomaly_has_its_diamond():
    found = analysis.anomalies(BROKEN)
    drawn = [line for ax in plots.anomalies(found).axes for line in ax.lines if line.get_marker() == "D"]
    assert sum(len(line.get_xdata()) for line in drawn) >= int(found["anomaly"].sum()) > 0


def test_a_year_of_minutes_is_drawn_from_a_thousand_points_without_losing_its_spike():
    from createos_nb.plots.downsample import downsample

    values = pd.DataFrame({"x": np.zeros(525_600)})
    values.iloc[300_123] = 9
    few = downsample(values, "max")
    assert len(few) <= 1000
    assert few["x"].max() == 9


def test_paths_are_drawn_as_text_not_as_mathematics():
    figure = DRAWN["top_paths"]()
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert r"/\$x^2\$<b>" in names
    assert "/漢字␇" in names


def test_numbers_have_thousands_separators():
    assert style.number(1234567) == "1,234,567"
    assert style.number(0.25) == "0.25"
    assert style.shorten_middle("/a/very/long/path/to/nowhere", 11) == "/a/ve…where"


def test_no_plot_touches_pyplot():
    code = (
        "import sys; from createos_nb import plots; from createos_nb.plots import style; "
        "style.figure('x'); print('matplotlib.pyplot' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
