"""Frames have the documented dtypes on every pandas: texts with gaps, times and durations in microseconds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import createos_nb
from createos_nb import analysis
from createos_nb.dtypes import TEXT
from createos_nb.frames.arrays import readable_times
from createos_nb.frames.logs import runtime_log_frame

MAJOR = int(pd.__version__.split(".")[0])


def test_texts_are_what_pandas_3_calls_str() -> None:
    assert str(TEXT) == "str"
    assert TEXT.na_value is np.nan
    if MAJOR >= 3:
        assert pd.Series(["a"], dtype="str").dtype == TEXT


def test_a_missing_text_is_no_text() -> None:
    assert pd.Series(["a", None, np.nan], dtype=object).astype(TEXT).isna().tolist() == [False, True, True]
    assert pd.array([1, None], dtype="Int64").astype(TEXT).isna().tolist() == [False, True]


def test_what_pandas_infers_stays_as_it_was() -> None:
    """No option of the process is set: on pandas 2.3, one would make strings of other people's columns."""
    names = createos_nb.simulate("bad-release").projects.list()["unique_name"]
    assert names.dtype == TEXT
    assert pd.Series(["a"]).dtype == (TEXT if MAJOR >= 3 else object)


@pytest.fixture(scope="module")
def traffic() -> pd.DataFrame:
    client = createos_nb.simulate("bad-release")
    return client.analytics.requests_over_time("storefront", "production")


def test_times_and_durations_are_microseconds(traffic: pd.DataFrame) -> None:
    advice, slo = analysis.sleep_advice(traffic), analysis.slo(traffic)
    table = analysis.burn_table()
    assert str(traffic.index.dtype) == "datetime64[us, UTC]"
    assert str(advice.costs["timeout"].dtype) == "timedelta64[us]"
    assert {str(table[name].dtype) for name in ("long", "short", "detects_outage_after", "exhausts_after")} == {
        "timedelta64[us]"
    }
    assert {createos_nb.simulate().now.unit, advice.safe_timeout.unit, slo.end.unit} == {"us"}


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-03-02T09:00:00.5+02:00"])
def test_a_time_of_a_log_may_lie_where_nanoseconds_end(text: str) -> None:
    frame = runtime_log_frame(f"{text} ready\n2026-13-02T09:00:00Z odd\nplain\n")
    assert frame["time"].dtype == "datetime64[us, UTC]"
    assert frame["time"].isna().tolist() == [False, True, True]
    assert frame["text"].tolist() == ["ready", "2026-13-02T09:00:00Z odd", "plain"]
    assert readable_times([text])[0] == frame["time"][0]


def test_what_is_done_to_a_frame_reaches_no_other(traffic: pd.DataFrame) -> None:
    """On pandas 2.3, where a copy may share its values."""
    client = createos_nb.simulate("bad-release")
    first = client.analytics.requests_over_time("storefront", "production")
    first.loc[:, "count"] = 0
    first.attrs.clear()
    again = client.analytics.requests_over_time("storefront", "production")
    pd.testing.assert_frame_equal(again, traffic)
    assert again.attrs == traffic.attrs


def test_an_export_leaves_the_frame_as_it_was(tmp_path: object) -> None:
    frame = pd.DataFrame({"kind": pd.Categorical(["a", None]), 5: pd.Series(["=x", None], dtype=TEXT)})
    before = frame.copy(deep=True)
    createos_nb.export(frame, f"{tmp_path}/frame.csv")
    pd.testing.assert_frame_equal(frame, before)
