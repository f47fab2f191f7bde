"""The impact of changes: what is found, what is told as unknown, and how often a quiet world is called changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.statistics.impacts import Cell, rates, traffic
from createos_nb import analysis
from createos_nb.analysis import FrameError


def changes(*times: Any, **more: Any) -> pd.DataFrame:
    frame = {
        "time": pd.DatetimeIndex(list(times)),
        "kind": "assigned",
        "text": [f"change {n}" for n in range(len(times))],
    }
    return pd.DataFrame({**frame, **more})


def test_an_effect_is_found_with_its_size() -> None:
    frame, at = traffic(Cell("one"), 0.05, 0.5, np.random.default_rng(1))
    row = analysis.change_impact(changes(at), frame).iloc[0]
    assert row["success_changed"]
    assert row["success_low"] < -5 < row["success_high"] < 0
    assert row["volume_low"] < 0.5 < row["volume_high"] < 1
    assert row["volume_changed"]
    assert row["note"] == ""
    assert not row["overlapping"]


@pytest.mark.slow
def test_rates_on_quiet_worlds_and_coverage() -> None:
    """The long table is in RESULTS.md; of sixty worlds a rate beyond these bounds has a chance of one in a thousand."""
    quiet = rates(Cell("quiet", days=4), 0.0, 1.0, 60, 11)
    assert quiet["success"] <= 17
    assert quiet["volume"] <= 17
    changed = rates(Cell("changed", days=4), 0.02, 0.8, 60, 12)
    assert min(changed["success holds"], changed["volume holds"]) >= 83
    assert changed["success"] == 100


def test_the_shape_of_a_day_is_no_effect() -> None:
    frame, at = traffic(Cell("edge", edge=True), 0.0, 1.0, np.random.default_rng(3))
    row = analysis.change_impact(changes(at), frame).iloc[0]
    assert row["rpm_after"] / row["rpm_before"] > 1.5
    assert not row["volume_changed"]


def test_changes_that_lie_close_are_credited_to_none() -> None:
    frame, at = traffic(Cell("close"), 0.05, 1.0, np.random.default_rng(4))
    minute = pd.Timedelta("1min")
    table = analysis.change_impact(changes(at, at + 4 * minute), frame)
    assert table["overlapping"].tolist() == [True, True]
    assert table["success_difference"].isna().all()
    assert table["success_changed"].isna().all()
    assert set(table["note"]) == {"another change is too close"}
    apart = analysis.change_impact(changes(at, at + 20 * minute), frame)
    assert apart["success_changed"].tolist() == [True, False]
    # a run and what it did are one change
    together = analysis.change_impact(changes(at, at + pd.Timedelta("4s"), who=["marlow", ""], why=["sale", ""]), frame)
    assert together["text"].tolist() == ["change 0; change 1"]
    assert together["who"].tolist() == ["marlow"]


def test_what_lies_between_two_looks_is_left_out() -> None:
    frame, at = traffic(Cell("between"), 0.05, 1.0, np.random.default_rng(5))
    late = at + pd.Timedelta("30min")
    blurred = analysis.change_impact(changes(late), frame).iloc[0]
    known = analysis.change_impact(changes(late, not_before=pd.DatetimeIndex([at])), frame).iloc[0]
    assert known["success_difference"] < blurred["success_difference"] - 2


def test_what_can_not_be_known_is_na_with_a_note() -> None:
    frame, at = traffic(Cell("short", days=1), 0.0, 1.0, np.random.default_rng(6))
    row = analysis.change_impact(changes(at), frame).iloc[0]
    assert pd.isna(row["volume_ratio"])
    assert row["note"] == "no earlier day to hold the volume against"
    edge = analysis.change_impact(changes(frame.index[-2]), frame).iloc[0]
    assert pd.isna(edge["success_changed"])
    assert edge["note"] == "too few buckets before or after"
    assert not edge["overlapping"]
    silent = frame * 0
    assert analysis.change_impact(changes(at), silent).iloc[0]["note"] == "no requests before or after"
    two, when = traffic(Cell("two", days=2), 0.0, 1.0, np.random.default_rng(7))
    assert "fewer than three earlier days" in analysis.change_impact(changes(when), two).iloc[0]["note"]
    assert analysis.change_impact(changes(), frame).empty


@pytest.mark.parametrize("window", ["0s", "2D", "-1h"])
def test_bad_input(window: str) -> None:
    frame, at = traffic(Cell("bad", days=1), 0.0, 1.0, np.random.default_rng(8))
    with pytest.raises(FrameError, match="between a bucket and a day"):
        analysis.change_impact(changes(at), frame, window=window)
    with pytest.raises(FrameError, match=r"timeline lacks kind, text: history\.timeline has them"):
        analysis.change_impact(pd.DataFrame({"time": [at]}), frame)
    with pytest.raises(FrameError, match="times with a zone"):
        analysis.change_impact(changes(at.tz_localize(None)), frame)
    with pytest.raises(FrameError):
        analysis.change_impact(changes(at), frame.drop(columns="count"))
