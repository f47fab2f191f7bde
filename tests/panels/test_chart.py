"""The time chart and the chart of requests, without a browser."""

from __future__ import annotations

import base64
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pandas as pd
import pytest

import createos_nb
from createos_nb.errors import InvalidInput
from createos_nb.panels.chart import Band, Limit, Mark, Pane, Series, Share, TimeChart, Usual, scales, traffic_chart
from createos_nb.panels.chart.bars import error_bars, usual_share
from createos_nb.panels.chart.traffic import usual_of

HOSTILE = '<script>alert(1)</script>"\x1b[31m\u202e'
SVG = "{http://www.w3.org/2000/svg}"


def minutes(values: list[Any], start: str = "2026-03-04T13:00Z") -> pd.Series:
    index = pd.date_range(start, periods=len(values), freq="min").as_unit("us")
    return pd.Series(pd.array(values, dtype="Float64"), index=index)


def column(chart: TimeChart, place: list[int]) -> list[float]:
    return np.frombuffer(chart.columns, dtype="<f8")[place[0] : place[0] + place[1]].tolist()


@pytest.fixture(scope="module")
def client() -> Any:
    return createos_nb.simulate("bad-release")


@pytest.fixture(scope="module")
def requests(client: Any) -> pd.DataFrame:
    frame: pd.DataFrame = client.analytics.requests_over_time("storefront", "production", start="-2h")
    return frame


@pytest.fixture(scope="module")
def live(client: Any) -> pd.DataFrame:
    frame: pd.DataFrame = client.fleet.live_versions(start="-2h")
    return frame


def test_the_browser_is_given_columns_as_bytes_with_nan_where_nothing_is_known() -> None:
    chart = TimeChart()
    chart.show([Pane("Requests", "", [Series("requests", minutes([3, None, 5]))])])
    series = chart.spec["panes"][0]["series"][0]
    start = pd.Timestamp("2026-03-04T13:00Z").timestamp()
    assert column(chart, series["x"]) == [start, start + 60, start + 120]
    assert column(chart, series["ends"]) == [start + 60, start + 120, start + 180]
    assert column(chart, series["y"])[::2] == [3, 5]
    assert np.isnan(column(chart, series["y"])[1])
    assert (chart.spec["start"], chart.spec["end"]) == (start, start + 180)


def test_a_bucket_that_is_missing_leaves_a_gap() -> None:
    values = minutes([1, 2, 3, 4, 5]).drop(pd.Timestamp("2026-03-04T13:02Z"))
    chart = TimeChart()
    chart.show([Pane("Requests", "", [Series("requests", values)])])
    series = chart.spec["panes"][0]["series"][0]
    starts, ends = column(chart, series["x"]), column(chart, series["ends"])
    assert [end - start for start, end in zip(starts, ends, strict=True)] == [60] * 4


def test_the_same_again_sends_nothing_and_other_numbers_are_told() -> None:
    chart, sent = TimeChart(), []
    panes = [Pane("Requests", "", [Series("requests", minutes([1, 2, 1]))])]
    chart.show(panes)
    chart.observe(sent.append)
    chart.show(panes)
    assert sent == []
    chart.show([Pane("Requests", "", [Series("requests", minutes([2, 1, 1]))])])  # with the same sentence
    assert {change["name"] for change in sent} == {"spec", "columns"}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Pane("x", "", [Series("x", pd.Series([1.0]))]), "times with a zone"),
        (lambda: Pane("x", "", [Series("x", minutes([1, 2]).tz_localize(None))]), "times with a zone"),
        (lambda: Pane("x", "", [Series("x", minutes([1, 2]).iloc[::-1])]), "not in order"),
        (lambda: Pane("x", "", [Series("x", minutes([1]), "red")]), "color='red'"),  # type: ignore[arg-type]
        (lambda: Pane("x", "", [], kind="pie"), "kind='pie'"),  # type: ignore[arg-type]
        (lambda: Pane("x", "", [Series("x", minutes([1, 2]), ends=minutes([1]).index)]), "2 values and 1 ends"),  # type: ignore[arg-type]
    ],
)
def test_what_can_not_be_drawn_is_refused_in_words(make: Any, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        TimeChart().show([make()])


def test_moments_without_a_zone_are_refused() -> None:
    with pytest.raises(InvalidInput, match="no time zone"):
        TimeChart().show([], marks=[Mark("2026-03-04T13:00")])


# --- requests ---------------------------------------------------------------------------------------------------------


def test_a_bar_never_mixes_two_versions_and_begins_on_the_minute_of_the_deployment(
    requests: pd.DataFrame,
) -> None:
    changes = [pd.Timestamp("2026-03-04T13:18:04Z"), pd.Timestamp("2026-03-04T13:41:30Z")]
    bars, width = error_bars(requests, changes, 60)
    assert width == 300
    begins, ends = bars.index, pd.DatetimeIndex(bars["end"])
    for change in changes:
        minute = change.floor("min")
        assert minute in begins
        assert not ((begins < minute) & (ends > minute)).any()
    assert (begins[1:] == ends[:-1]).all()  # nothing is left out, nothing is counted twice
    first = requests.loc[begins[0] : ends[0] - pd.Timedelta(seconds=1)]
    assert bars["percentage"].iloc[0] == pytest.approx(100 * first["status_5xx"].sum() / first["count"].sum())


def test_without_requests_or_data_the_share_is_not_known(requests: pd.DataFrame) -> None:
    frame = requests.copy()
    frame.iloc[:5] = pd.NA
    frame.iloc[5:10] = 0
    bars, _ = error_bars(frame, [], 60)
    assert bars["percentage"].isna().tolist()[:3] == [True, True, False]


def test_versions_are_bands_and_a_guess_says_so(requests: pd.DataFrame, live: pd.DataFrame) -> None:
    chart = traffic_chart(requests, live, slo=0.5, chosen="v3")
    bands = chart.spec["bands"]
    assert [(band["label"], band["chosen"]) for band in bands] == [("probably v3", True), ("v4", False)]
    change = pd.Timestamp("2026-03-04T13:20:04Z").timestamp()
    assert bands[0]["end"] == bands[1]["start"] == chart.spec["marks"][0]["time"] == change
    assert chart.spec["panes"][1]["limit"] == {"value": 0.5, "label": "SLO 0.5 %"}
    count, errors = requests["count"], requests["status_5xx"]
    after = requests.index >= "2026-03-04T13:20Z"
    share = 100 * errors[after].sum() / count[after].sum()
    assert f"{share:.1f} % of requests since v4 at 13:20 UTC" in chart.spec["label"]


def test_commit_messages_stand_beside_versions_that_the_session_has_seen(client: Any) -> None:
    fresh = createos_nb.simulate("bad-release")
    fresh.environments.list("storefront")
    deployments = fresh.deployments.list("storefront")
    frame = fresh.analytics.requests_over_time("storefront", "production", start="-2h")
    bands = traffic_chart(frame, deployments).spec["bands"]
    assert [(band["label"], band["note"]) for band in bands] == [("", ""), ("v4", "Estimate delivery in the checkout")]


def test_a_change_whose_version_is_not_known_is_a_mark_with_words(requests: pd.DataFrame) -> None:
    frame = requests.copy()
    frame.attrs = {**requests.attrs, "live_versions": [["2026-03-04T13:20:04Z", "environment changed"]]}
    chart = traffic_chart(frame)
    assert chart.spec["marks"][0]["label"] == "environment changed"
    assert "since the change at 13:20 UTC" in chart.spec["label"]


def test_versions_of_several_environments_are_those_of_the_frame(requests: pd.DataFrame, live: pd.DataFrame) -> None:
    other = live.assign(environment="staging", version=99)
    both = pd.concat([live, other], ignore_index=True)
    assert [band["label"] for band in traffic_chart(requests, both).spec["bands"]] == ["probably v3", "v4"]
    unnamed = requests.copy()
    unnamed.attrs = {}
    with pytest.raises(InvalidInput, match="several environments"):
        traffic_chart(unnamed, both)


def test_a_bucket_that_the_window_cuts_looks_like_no_drop(client: Any) -> None:
    frame = client.analytics.requests_over_time(
        "storefront", "production", start="2026-03-04T12:00:30Z", end="2026-03-04T13:00:00Z"
    )
    assert frame.attrs["partial"]
    chart = traffic_chart(frame)
    paces = column(chart, chart.spec["panes"][0]["series"][0]["y"])
    assert np.isnan(paces[0])
    assert np.isfinite(paces[1:]).all()


def test_an_incident_lasts_until_errors_are_fewer() -> None:
    count, errors = np.full(240, 100), np.zeros(240, dtype=int)
    errors[100:160] = 20
    frame = minutes(count.tolist()).to_frame("count").astype("Int64")
    for name, values in (("status_2xx", count - errors), ("status_3xx", 0), ("status_4xx", 0), ("status_5xx", errors)):
        frame[name] = pd.array(np.broadcast_to(values, 240), dtype="Int64")
    (mark,) = [mark for mark in traffic_chart(frame).spec["marks"] if mark["kind"] == "incident"]
    start = frame.index[0].timestamp()
    assert abs(mark["time"] - (start + 6000)) <= 60
    assert abs(mark["until"] - (start + 9600)) <= 300
    assert mark["label"] == "server errors 0 % → 20 %"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (pd.DataFrame({"x": [1]}), "no frame of requests"),
        (pd.DataFrame({"count": [1], "status_5xx": [0]}), "UTC times"),
    ],
)
def test_another_frame_is_refused_with_the_call_that_gives_one(wrong: pd.DataFrame, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        traffic_chart(wrong)
    with pytest.raises(InvalidInput, match="neither"):
        traffic_chart(minutes([1, 2]).to_frame("count").assign(status_5xx=0), wrong)


def test_the_usual_range_is_a_band_of_requests_and_of_errors(requests: pd.DataFrame, live: pd.DataFrame) -> None:
    usual = createos_nb.analysis.anomalies(requests)
    chart = traffic_chart(requests, live, usual=usual)
    above, below = chart.spec["panes"]
    np.testing.assert_array_equal(column(chart, above["usual"]["low"]), usual["low"])
    np.testing.assert_array_equal(column(chart, above["usual"]["high"]), usual["high"])
    begins, ends = column(chart, below["usual"]["x"]), column(chart, below["usual"]["ends"])
    assert begins == column(chart, below["series"][0]["x"])
    # what the bars of v4 show lies above it, and what those of v3 show within
    change = pd.Timestamp("2026-03-04T13:20Z").timestamp()
    highs = np.array(column(chart, below["usual"]["high"]))
    shares, after = np.array(column(chart, below["series"][0]["y"])), np.array(begins) >= change
    assert (shares[after] > highs[after]).all()
    assert (shares[~after] <= highs[~after])[1:].all()  # of its first minute nothing is known
    assert ends[-1] == chart.spec["end"]
    assert "usual at the end" in chart.spec["label"]


def test_the_usual_range_of_a_bar_is_that_of_its_buckets_together(requests: pd.DataFrame) -> None:
    usual = createos_nb.analysis.anomalies(requests)[["errors_expected", "errors_high"]].ffill().bfill()
    bars, _ = error_bars(requests, [], 60)
    high = usual_share(requests, usual, [], 60)
    rows = usual.iloc[:5]
    spread = np.sqrt(((rows["errors_high"] - rows["errors_expected"]) ** 2).sum())
    assert (high.index == bars.index).all()
    assert high.iloc[0] == pytest.approx(
        100 * (rows["errors_expected"].sum() + spread) / requests["count"].iloc[:5].sum()
    )
    usual.iloc[2] = np.nan
    assert usual_share(requests, usual, [], 60).isna().tolist()[:2] == [True, False]


def test_few_buckets_have_no_usual_range_and_another_frame_is_refused(
    requests: pd.DataFrame, live: pd.DataFrame
) -> None:
    assert usual_of(requests.iloc[-30:]) is None
    assert usual_of(requests[["count", "status_5xx"]]) is None
    assert usual_of(requests) is not None
    late = requests.loc["2026-03-04T13:05Z":]  # too few minutes before the incident to say what was usual
    chart = traffic_chart(late, live, usual=createos_nb.analysis.anomalies(requests))
    begins = np.array(column(chart, chart.spec["panes"][1]["usual"]["x"]))
    highs = np.array(column(chart, chart.spec["panes"][1]["usual"]["high"]))
    assert np.isnan(highs[begins >= pd.Timestamp("2026-03-04T13:20Z").timestamp()]).all()
    with pytest.raises(InvalidInput, match="gives one"):
        traffic_chart(requests, usual=requests)


def test_bars_can_be_counted_anew_from_buckets_that_are_sent_once(requests: pd.DataFrame, live: pd.DataFrame) -> None:
    chart = traffic_chart(requests, live)
    above, below = chart.spec["panes"]
    share = below["share"]
    assert column(chart, share["part"]) == requests["status_5xx"].tolist()
    assert share["x"] == above["series"][0]["x"]  # the times are those of the requests
    assert share["whole"] == above["series"][0]["y"]
    assert share["breaks"] == [pd.Timestamp("2026-03-04T13:20Z").timestamp()]
    assert share["seconds"] == 300
    assert ">Server errors, % of requests, 5 min</text>" in chart.static()
    with pytest.raises(InvalidInput, match="different times"):
        TimeChart().show([Pane("x", "%", [], "bars", share=Share(minutes([1, 2]), minutes([1]), 60))])


def test_a_long_window_sends_a_usual_range_of_no_more_points_than_an_eye_sees() -> None:
    times = pd.date_range("2026-03-01", periods=43_200, freq="min", tz="UTC")
    frame = pd.DataFrame({"count": 100, "status_5xx": 0}, index=times).astype("Int64")
    bounds = {"low": 80.0, "high": 120.0, "errors_expected": 0.1, "errors_high": 1.0}
    usual = pd.DataFrame(bounds, index=times)
    chart = traffic_chart(frame, usual=usual)
    place = chart.spec["panes"][0]["usual"]
    assert place["low"][1] <= 1500
    assert set(column(chart, place["low"])) == {80.0}
    assert column(chart, place["ends"])[-1] == chart.spec["end"]


# --- the picture ------------------------------------------------------------------------------------------------------


def drawn(chart: TimeChart) -> ET.Element:
    return ET.fromstring(chart.static())


def test_the_picture_draws_zero_as_nothing_what_is_unknown_hatched_and_gaps_as_gaps() -> None:
    chart = TimeChart()
    chart.show(
        [
            Pane("Requests", "", [Series("requests", minutes([3, 4, None, 5, 6]), "primary")]),
            Pane("Errors, %", "%", [Series("errors", minutes([0, 2, None, 0, 1]), "error")], kind="bars"),
        ]
    )
    picture = drawn(chart)
    lines = [path.attrib["d"] for path in picture.iter(f"{SVG}path") if "--cn-primary" in path.attrib.get("stroke", "")]
    assert len(lines) == 2
    bars = [rect for rect in picture.iter(f"{SVG}rect") if "--cn-error" in rect.attrib["fill"]]
    assert len(bars) == 2
    hatched = [path for path in picture.iter(f"{SVG}path") if path.attrib.get("stroke-opacity") == ".3"]
    assert len(hatched) == 1


def test_labels_of_the_picture_never_lie_on_each_other() -> None:
    chart, names = TimeChart(), ["environment changed", "server errors", "later"]
    marks = [Mark(f"2026-03-04T13:{minute}Z", name) for minute, name in zip(("01", "02", "09"), names, strict=True)]
    chart.show([Pane("Requests", "", [Series("requests", minutes([3] * 12))])], marks=marks)
    drawn_names = [text.text for text in drawn(chart).iter(f"{SVG}text") if text.text in names]
    assert drawn_names == ["environment changed", "later"]


def test_the_picture_draws_the_usual_range_as_a_band_behind_the_series_with_its_gaps() -> None:
    chart = TimeChart()
    low, high = minutes([1, 1, None, 1, 1]), minutes([5, 5, None, 5, 100])
    errors = [Series("errors", minutes([0, 2, None, 0, 1]), "error")]
    chart.show(
        [
            Pane("Requests", "", [Series("requests", minutes([3, 4, None, 5, 6]), "primary")], usual=Usual(low, high)),
            Pane("Errors, %", "%", errors, kind="bars", usual=Usual(low * 0, high)),
        ]
    )
    paths = list(drawn(chart).iter(f"{SVG}path"))
    bands = [path for path in paths if path.attrib.get("data-range") == "usual"]
    assert len(bands) == 4
    assert not any("stroke-dasharray" in path.attrib for path in paths)
    line = next(path for path in paths if "--cn-primary" in path.attrib.get("stroke", ""))
    assert paths.index(bands[0]) < paths.index(line)
    corners = [tuple(map(float, point.split())) for point in bands[0].attrib["d"][1:-1].split("L")]
    assert len(corners) == 4
    # what the scale has no room for is cut at the top of the pane, and bars have steps
    assert min(float(point.split()[1]) for point in bands[1].attrib["d"][1:-1].split("L")) == 22
    assert len(bands[2].attrib["d"].split("L")) == 8


def test_no_peak_is_lost_in_a_picture_of_many_points() -> None:
    values = np.ones(50_000)
    values[31_415], values[27_182] = 1000.0, 0.0
    chart = TimeChart()
    chart.show([Pane("Requests", "", [Series("requests", minutes(values.tolist()), "primary")])])
    picture = chart.static()
    assert len(picture) < 100_000
    line = next(path for path in drawn(chart).iter(f"{SVG}path") if "--cn-primary" in path.attrib.get("stroke", ""))
    heights = [float(point.split()[1]) for point in line.attrib["d"][1:].split("L")]
    assert min(heights) == pytest.approx(22 + 96 / 2, abs=0.1)  # 1,000 on a scale to 2,000
    assert max(heights) == pytest.approx(22 + 96, abs=0.1)


def test_hostile_texts_are_texts() -> None:
    chart = TimeChart()
    chart.show(
        [Pane(HOSTILE, HOSTILE, [Series(HOSTILE, minutes([1, 2, 3]))], limit=Limit(2, HOSTILE))],
        marks=[Mark("2026-03-04T13:01Z", HOSTILE)],
        bands=[Band(None, None, HOSTILE, note=HOSTILE)],
        label=HOSTILE,
    )
    picture = chart.static()
    assert "<script" not in picture
    assert {element.tag.removeprefix(SVG) for element in drawn(chart).iter()} <= {
        "svg",
        "path",
        "rect",
        "text",
        "tspan",
    }
    for text in (picture, str(chart.spec)):
        assert not {"\x1b", "\u202e"} & set(text)


def test_a_saved_notebook_has_the_picture_and_the_sentence(requests: pd.DataFrame) -> None:
    chart = traffic_chart(requests)
    data, _ = chart._repr_mimebundle_()
    picture = ET.fromstring(f"{data['text/html']}</img>")
    assert picture.attrib["alt"] == chart.spec["label"]
    svg = base64.b64decode(picture.attrib["src"].removeprefix("data:image/svg+xml;base64,")).decode()
    assert ET.fromstring(svg).tag == f"{SVG}svg"
    assert "var(" not in svg  # an image has no page around it
    assert "currentColor" not in svg
    assert data["text/plain"] == chart.spec["label"]
    assert "application/vnd.jupyter.widget-view+json" in data


def test_an_empty_chart_is_a_picture_too() -> None:
    assert drawn(TimeChart()).tag == f"{SVG}svg"
    chart = TimeChart()
    chart.show([Pane("Requests", "", [Series("requests", minutes([]))])])
    assert "no data" in drawn(chart).attrib["aria-label"]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (3.42, "%", "3.4 %"),
        (0.138, "%", "0.14 %"),
        (99.996, "%", "99.99 %"),
        (100.0, "%", "100 %"),
        (12.345, "ms", "12.35 ms"),
    ],
)
def test_values_are_read_as_in_the_browser(value: float, unit: str, text: str) -> None:
    assert scales.format_value(value, unit) == text
