"""Times and numbers: what fits has its dtype, what does not stays what it is."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from createos_nb import contract
from createos_nb.frames import frame_of


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-02T09:00:00Z", "2026-03-02T09:00:00"),
        ("2026-03-02T11:00:00+02:00", "2026-03-02T09:00:00"),
        ("2026-03-02T11:00:00+0200", "2026-03-02T09:00:00"),
        ("2026-03-02T09:00:00.123456789Z", "2026-03-02T09:00:00.123456"),
        ("2026-03-02T09:00:00.1Z", "2026-03-02T09:00:00.1"),
        ("2026-03-02 09:00:00Z", "2026-03-02T09:00:00"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59"),
    ],
)
def test_times_of_every_spelling_share_a_column(text: str, moment: str) -> None:
    of = contract.find("ListApps").answer.of
    others = ["2026-03-02T09:00:00Z", "2026-03-02T09:00:00.000000001+01:00", None, "0001-01-01T00:00:00Z"]
    frame = frame_of(of, raw=[{"createdAt": one} for one in [text, *others]])
    assert str(frame["created_at"].dtype) == "datetime64[us, UTC]"
    assert frame["created_at"][0] == pd.Timestamp(moment, tz="UTC")
    assert frame["created_at"].isna().tolist() == [False, False, False, True, False]


@pytest.mark.parametrize(
    "odd", ["now", "today", "2026", "NaT", "soon", 1_772_442_000, 1.5, True, {}, [], "2026-02-30T09:00:00Z"]
)
def test_what_is_no_time_stays_what_it_is(odd: Any) -> None:
    of = contract.find("ListApps").answer.of
    frame = frame_of(of, raw=[{"createdAt": odd}, {"createdAt": "2026-03-02T09:00:00Z"}])
    assert frame["created_at"].tolist() == [odd, "2026-03-02T09:00:00Z"]


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1, 2, None], "Int64"),
        ([1.0, 2, None], "Int64"),
        ([1.5, 2, None], "object"),
        ([True, 2, None], "object"),
        (["1", 2, None], "object"),
        ([2**63 - 1, -(2**63)], "Int64"),
        ([2**63, 2], "object"),
        ([10**400, 2], "object"),
        ([None, None], "Int64"),
    ],
)
def test_counts_are_whole_numbers_or_what_they_are(values: list[Any], dtype: str) -> None:
    frame = frame_of(contract.find("ListProjectTemplateCounts").answer.of, raw=[{"count": value} for value in values])
    assert str(frame["count"].dtype) == dtype
    assert [None if value is pd.NA else value for value in frame["count"]] == values
