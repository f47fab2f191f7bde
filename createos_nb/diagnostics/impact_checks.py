"""Checks of the figures of `impact`: whether errors fell or rose."""

from __future__ import annotations

from typing import Final

import pandas as pd

from createos_nb.checks import Check, check
from createos_nb.percentages import failure

#: Two-sided, of the difference between two shares.
_CONFIDENCE: Final = 0.95
#: Percentage points: by so much less than that the share of server errors may have risen.
_MARGIN: Final = 2.0


def none_lost(impact: pd.DataFrame) -> Check:
    """No request was answered 502, 503 or 504 while it was changed; NO DATA where none came meanwhile.

    Args:
        impact: The frame of `impact`.

    Returns:
        The check, with the figure that speaks for it.

    Examples:
        >>> client = createos_nb.simulate("bad-release")
        >>> periods = createos_nb.diagnostics.impact(client, "storefront", "production", "-40min", "-39min")
        >>> createos_nb.diagnostics.none_lost(periods).result
        'PASS'
    """
    requests, lost = _whole(impact, "during", "requests"), _whole(impact, "during", "lost")
    claim, threshold = "no request was lost during the change", "none with 502, 503 or 504"
    if requests is None or lost is None:
        return check(claim, None, "the platform has no figures for that time", threshold)
    if not requests:
        return check(claim, None, "nobody asked meanwhile", threshold)
    return check(claim, lost == 0, f"{lost} of {requests:,} requests", threshold)


def errors_fell(impact: pd.DataFrame) -> Check:
    """Server errors make up less of the requests after the change than before it.

    PASS where the 95 % interval of the difference lies below zero. FAIL where it shows that the share has risen, or
    that it has not even halved. NO DATA where there are too few requests to tell, or there was nothing that could fall.

    Args:
        impact: The frame of `impact`.

    Returns:
        The check, with the figure that speaks for or against it.

    Examples:
        >>> client = createos_nb.simulate("bad-release")
        >>> periods = createos_nb.diagnostics.impact(client, "storefront", "production", "-40min", "-39min")
        >>> createos_nb.diagnostics.errors_fell(periods).result
        'FAIL'
    """
    claim, threshold = "server errors fell", "a lower share than before, at 95 %"
    found = _difference(impact)
    if isinstance(found, str):
        return check(claim, None, found, threshold)
    before, low, high, figure = found
    if high < 0:
        return check(claim, True, figure, threshold)
    if low > (-before / 2 if before else 0):
        return check(claim, False, figure, threshold)
    why = "too few requests to tell" if before else "there was nothing that could fall"
    return check(claim, None, f"{figure}: {why}", threshold)


def errors_not_risen(impact: pd.DataFrame) -> Check:
    """Server errors do not make up more of the requests after the change than before it.

    PASS where the 95 % interval of the difference excludes a rise of two percentage points. FAIL where it shows a rise.
    NO DATA where there are too few requests for either.

    Args:
        impact: The frame of `impact`.

    Returns:
        The check, with the figure that speaks for or against it.

    Examples:
        >>> client = createos_nb.simulate("bad-release")
        >>> periods = createos_nb.diagnostics.impact(client, "storefront", "production", "-40min", "-39min")
        >>> createos_nb.diagnostics.errors_not_risen(periods).figure
        '0.14 % of 1,476 before, 3.80 % of 1,503 after'
    """
    claim, threshold = "server errors have not risen", f"a rise of less than {_MARGIN:g} points, at 95 %"
    difference = _difference(impact)
    if isinstance(difference, str):
        return check(claim, None, difference, threshold)
    _, low, high, figure = difference
    if low > 0:
        return check(claim, False, figure, threshold)
    if 100 * high < _MARGIN:
        return check(claim, True, figure, threshold)
    return check(claim, None, f"{figure}: too few requests to tell", threshold)


def _difference(impact: pd.DataFrame) -> tuple[float, float, float, str] | str:
    """The share before, the interval of (after - before) by Newcombe's method, and both in words; or what is missing.

    Newcombe 1998, "Interval estimation for the difference between independent proportions", method 10.
    """
    import numpy as np

    from createos_nb.analysis.intervals import wilson, z_of

    counts = []
    for period in ("before", "after"):
        total, errors = _whole(impact, period, "requests"), _whole(impact, period, "server_errors")
        if total is None or errors is None:
            return f"the platform has no figures for the time {period}"
        if not total:
            return f"nobody asked in the time {period}"
        counts.append((errors, total))
    hits, trials = (np.array(values, dtype=float) for values in zip(*counts, strict=True))
    lower, upper = wilson(hits, trials, z_of(_CONFIDENCE))
    old, new = (float(share) for share in hits / trials)
    low = new - old - float(np.hypot(new - lower[1], upper[0] - old))
    high = new - old + float(np.hypot(upper[1] - new, old - lower[0]))
    texts = [f"{failure(100 * errors / total)} of {total:,}" for errors, total in counts]
    return old, low, high, f"{texts[0]} before, {texts[1]} after"


def _whole(impact: pd.DataFrame, period: str, column: str) -> int | None:
    value = impact.loc[period, column]
    return None if pd.isna(value) else int(value)  # type: ignore[arg-type]  # a number of an Int64 column
