"""The plot of a release verdict: what decides is drawn where it decided."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from createos_nb import plots
from createos_nb.analysis import release_verdict

START = pd.Timestamp("2026-03-02T10:00Z")


def side(seed: int, share: float, length: int = 60, rpm: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    count = rng.poisson(rpm, length)
    bad = rng.binomial(count, share)
    columns = {"count": count, "status_2xx": count - bad, "status_3xx": 0, "status_4xx": 0, "status_5xx": bad}
    index = pd.date_range(START, periods=length, freq="1min", unit="us", name="time")
    return pd.DataFrame(columns, index=index).astype("Int64")


@pytest.mark.parametrize(("share", "said", "line"), [(0.025, "roll back", 0), (0.005, "promote", 1)])
def test_the_decision_is_marked_where_the_evidence_reaches_the_boundary(share: float, said: str, line: int) -> None:
    found = release_verdict(side(3, 0.005, 120), side(4, share, 120))
    figure = plots.verdict(found, title="Storefront", marks=[(START, "v17")])
    rates, evidence, ratio = figure.axes
    assert figure.headline == f"Storefront: {said}"
    assert figure.caption
    assert evidence.get_yscale() == "log"
    mark = next(one for one in evidence.lines if one.get_label().startswith("decided"))
    assert said in mark.get_label()
    drawn = [one for one in evidence.lines if one.get_label() in ("to roll back", "to promote")][line]
    where = list(drawn.get_xdata()).index(mark.get_xdata()[0])
    assert drawn.get_ydata()[where] == mark.get_ydata()[0] >= 100
    assert max(drawn.get_ydata()[:where]) < 100
    assert any("boundary: 100" in text.get_text() for text in evidence.texts)
    assert any("v17" in text.get_text() for text in rates.texts)
    assert rates.get_ylabel() == "5xx in a minute"
    assert "UTC" in ratio.get_xlabel()


def test_a_minute_that_was_not_judged_leaves_a_gap() -> None:
    new = side(4, 0.005)
    new.iloc[20] = pd.NA
    drawn = plots.verdict(release_verdict(side(3, 0.005), new)).axes[0].lines[1]
    assert np.isnan(drawn.get_ydata()[20])
    assert np.isfinite(np.delete(drawn.get_ydata(), 20)).all()


@pytest.mark.parametrize(("share", "length"), [(0.0, 30), (0.5, 1), (0.01, 3_000)])
def test_little_and_much_is_drawn_without_a_warning(share: float, length: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = plots.verdict(release_verdict(side(5, share, length, 30), side(6, share, length, 30)))
        assert figure._repr_png_()[0]
