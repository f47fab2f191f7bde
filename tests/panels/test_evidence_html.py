"""The evidence as a meter and over time: boundaries follow α and β, and nothing is made of no data."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pytest

from createos_nb import analysis
from createos_nb.panels.release.evidence import Axis, chart_html, meter_html, to_roll_back

BEGIN = pd.Timestamp("2026-03-02 09:00", tz="UTC")


def judged(errors: int, minutes: int = 40, unknown: tuple[int, ...] = (), **terms: Any) -> Any:
    """A verdict on a side with so many errors a minute beside one with two."""
    index = pd.date_range(BEGIN, periods=minutes, freq="1min", name="time")
    old = pd.DataFrame({"count": 200, "status_4xx": 2, "status_5xx": 2}, index=index).astype("Int64")
    new = old.assign(status_5xx=pd.array([errors] * minutes, dtype="Int64"))
    new.iloc[list(unknown)] = pd.NA
    return analysis.release_verdict(old, new, **terms)


def numbers(html: str) -> dict[str, float]:
    """The numbers of a meter, by the names of their attributes."""
    return {name: float(value) for name, value in re.findall(r'aria-value(\w+)="(-?[\d.]+)"', html)}


def test_the_boundaries_follow_alpha_and_beta() -> None:
    html = meter_html(judged(2), alpha=0.001, beta=0.05)
    assert (numbers(html)["min"], numbers(html)["max"]) == (-3, 1.3)
    assert "<b>Roll back</b> at 1,000" in html
    assert "<b>Promote</b> at 20" in html
    axis = Axis.of(0.001, 0.05)
    assert axis.part(axis.rollback) < axis.part(0) == 0.5 < axis.part(axis.promote) < 1


def test_a_meter_leans_to_where_the_evidence_is() -> None:
    bad, well = judged(20), judged(2)
    assert (bad.decision, well.decision) == ("rollback", "promote")
    at_bad, at_well = (numbers(meter_html(one, alpha=0.01, beta=0.01)) for one in (bad, well))
    assert at_bad["now"] == at_bad["min"]  # beyond a boundary it stands at the boundary
    assert at_well["now"] == at_well["max"]
    text = meter_html(bad, alpha=0.01, beta=0.01)
    assert re.search(r'aria-valuetext="to roll back [\d,.]+ of 100, to promote', text)


def test_a_rollback_needs_both_parts_of_the_evidence() -> None:
    path = pd.DataFrame({"evidence": [1.0, 500.0], "evidence_exact": [3.0, 20.0]})
    assert to_roll_back(path).tolist() == [1.0, 20.0]
    assert numbers(meter_html(judged(3, 10), alpha=0.01, beta=0.01))["now"] > -2


@pytest.mark.parametrize(
    "html",
    [
        meter_html(None, alpha=0.01, beta=0.01),
        chart_html(None, alpha=0.01, beta=0.01, begin=BEGIN, latest=BEGIN + pd.Timedelta("1h")),
    ],
)
def test_without_a_verdict_there_is_no_data_and_no_bar(html: str) -> None:
    assert "NO DATA" in html
    assert "createos-meter-bar" not in html
    assert "createos-evidence-dot" not in html


def test_a_line_has_gaps_where_nothing_is_known() -> None:
    def pens(verdict: Any) -> int:
        html = chart_html(verdict, alpha=0.01, beta=0.01, begin=BEGIN, latest=BEGIN + pd.Timedelta("1h"))
        line = re.search(r'createos-evidence-promote" d="([^"]*)"', html)
        assert line is not None
        return line[1].count("M")

    assert pens(judged(2)) == 1
    assert pens(judged(2, unknown=(20, 21))) == 2


def test_what_came_after_a_rollback_is_not_drawn() -> None:
    verdict = judged(20)
    html = chart_html(verdict, alpha=0.01, beta=0.01, begin=BEGIN, latest=BEGIN + pd.Timedelta("1h"))
    over = verdict.decided_at + pd.Timedelta("1min")
    assert f"roll back {over:%H:%M}" in html
    line = re.search(r'createos-evidence-rollback" d="([^"]*)"', html)
    assert line is not None
    assert line[1].count("L") == verdict.path.index.get_loc(verdict.decided_at) + 1
    assert "warm-up" in html
