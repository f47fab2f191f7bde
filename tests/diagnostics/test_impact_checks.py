"""What the figures of an impact say: a rise, a fall, or too little to tell."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from createos_nb import diagnostics


def impact(
    before: tuple[object, object], after: tuple[object, object], during: tuple[object, object] = (0, 0)
) -> pd.DataFrame:
    """Pairs of requests and of those that were server errors, or were lost."""
    rows = {"before": before, "during": during, "after": after}
    frame = pd.DataFrame(rows, index=["requests", "server_errors"]).T.astype("Int64")
    frame["lost"] = frame["server_errors"]
    return frame


@pytest.mark.parametrize(
    ("before", "after", "fell", "risen"),
    [
        ((1000, 100), (1000, 2), "PASS", "PASS"),
        ((1000, 100), (1000, 100), "FAIL", "NO DATA"),  # it has not even halved; a rise of two points is not excluded
        ((1000, 2), (1000, 100), "FAIL", "FAIL"),
        ((100_000, 100), (100_000, 100), "FAIL", "PASS"),
        ((1000, 0), (1000, 0), "NO DATA", "PASS"),  # nothing could fall
        ((1000, 0), (10, 0), "NO DATA", "NO DATA"),
        ((20, 2), (20, 1), "NO DATA", "NO DATA"),
        ((1000, 100), (0, 0), "NO DATA", "NO DATA"),
        ((0, 0), (1000, 1), "NO DATA", "NO DATA"),
        ((1000, 100), (pd.NA, pd.NA), "NO DATA", "NO DATA"),
        ((pd.NA, pd.NA), (1000, 1), "NO DATA", "NO DATA"),
    ],
)
def test_two_shares_are_told_apart_or_not(before: tuple, after: tuple, fell: str, risen: str) -> None:  # type: ignore[type-arg]
    found = impact(before, after)
    assert diagnostics.errors_fell(found).result == fell
    assert diagnostics.errors_not_risen(found).result == risen


@pytest.mark.parametrize(
    ("during", "result"), [((5, 0), "PASS"), ((5, 1), "FAIL"), ((0, 0), "NO DATA"), ((pd.NA, pd.NA), "NO DATA")]
)
def test_a_request_that_nobody_sent_was_not_saved(during: tuple, result: str) -> None:  # type: ignore[type-arg]
    assert diagnostics.none_lost(impact((1, 0), (1, 0), during)).result == result


def test_equal_shares_are_seldom_told_apart() -> None:
    """At 95 % a rise or a fall that is none is told in at most one case of twenty."""
    draw = np.random.default_rng(7)
    times, wrong = 400, 0
    for _ in range(times):
        before, after = (int(draw.binomial(2000, 0.03)) for _ in range(2))
        found = impact((2000, before), (2000, after))
        wrong += diagnostics.errors_not_risen(found).result == "FAIL" or diagnostics.errors_fell(found).result == "PASS"
    assert wrong / times < 0.08
