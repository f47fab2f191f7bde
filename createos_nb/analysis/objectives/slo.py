"""Service level objectives: what was achieved, what of the error budget is left, and how long it lasts.

Requests are the unit: the budget is `(1 − target) × requests` of the window, and each error spends one. Errors are 5xx
unless told otherwise. Requests of a bucket that the asked window cuts did happen and count; buckets without data do
not, and `coverage` says how much of the SLO's window has any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from createos_nb.analysis import intervals
from createos_nb.analysis.objectives.burn_table import thresholds
from createos_nb.analysis.objectives.windows import trailing
from createos_nb.analysis.resample import to_int64
from createos_nb.analysis.validation import Floats, FrameError, Requests, live_versions, requests, status_classes
from createos_nb.display import format_percent, format_percent_up, format_target, human_duration, text_card
from createos_nb.dtypes import TEXT
from createos_nb.html import html_card
from createos_nb.times import format_duration, whole_seconds


@dataclass(frozen=True, eq=False, repr=False)
class SLO:
    """The error budget of one environment at the end of the frame; see :func:`slo`.

    Examples:
        >>> client = createos_nb.simulate()
        >>> requests = client.analytics.requests_over_time("storefront", "production", start="-7d")
        >>> objective = createos_nb.analysis.slo(requests, target=0.999, window="7d")
        >>> objective.met, objective.errors
        (True, 0)
    """

    target: float
    """Share of the requests that should not be errors, 0 to 1."""
    window: str
    """Length of the SLO's window, such as "30d"."""
    start: pd.Timestamp
    """Start of the first bucket that lies in the window."""
    end: pd.Timestamp
    """End of the last bucket."""
    requests: int
    """Requests in the window; 0 without data, see `coverage`."""
    errors: int
    achieved: float
    """Share of the requests that were no errors, 0 to 1; NaN without requests."""
    low: float
    high: float
    """95 % interval of `achieved`, wide enough for errors in clumps."""
    budget: float
    """Errors that the target allows among these requests."""
    spent: float
    """Share of the budget that is spent; above 1 the objective is missed. NaN without requests."""
    left: float
    """Errors that may still happen among these requests; negative once the objective is missed."""
    coverage: float
    """Share of the window for which there is data, 0 to 1."""
    burn_rates: pd.DataFrame
    """Indexed by `lookback` ("5m" … "3d", none shorter than a bucket): `burn_rate` (1 spends the budget exactly),
    `error_percentage`, `requests`, `errors`, `coverage` (share of the lookback with data, 0 to 1: below 1 it reaches
    back before the data), and `exhausted_in`: Timedelta until the budget of a whole window is gone at that pace,
    counting what is spent already and not what falls out of the window behind; NaT at a pace of 0."""
    pace: str
    """The lookback whose pace `exhausted_in` goes by."""
    exhausted_in: pd.Timedelta | None
    """Time until the budget is gone at that pace; zero if it is overspent, None if nothing is being spent."""

    @property
    def met(self) -> bool | None:
        """Return whether the objective is met so far; None without requests."""
        return None if np.isnan(self.achieved) else bool(self.achieved >= self.target)

    @property
    def sentence(self) -> str:
        """Return the status as a sentence."""
        if np.isnan(self.achieved):
            what = "data" if self.coverage == 0 else "requests"
            return f"No {what} in {self.window}, so nothing can be said about {format_target(self.target)}."
        status_text = (
            f"{format_percent(self.achieved)} of {self.requests:,} requests were no errors in {self.window}, "
            f"against a target of {format_target(self.target)}"
        )
        if self.left < 0:
            outlook = f"the budget is overspent by {_errors(-self.left)} errors"
        elif self.exhausted_in is None:
            outlook = f"{format_percent(1 - self.spent, digits=1)} of the budget is left, and none was spent lately"
        else:
            outlook = (
                f"{format_percent(1 - self.spent, digits=1)} of the budget is left, "
                f"{human_duration(self.exhausted_in.total_seconds())} at the pace of the last {self.pace}"
            )
        thin = f" Only {format_percent(self.coverage, digits=1)} of the window has data." if self.coverage < 0.9 else ""
        return f"{status_text}; {outlook}.{thin}"

    def _rows(self) -> list[tuple[str, Any]]:
        return [
            ("window", f"{self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M} UTC"),
            (
                "achieved",
                f"{format_percent(self.achieved)} (95 %: {format_percent(self.low)} to {format_percent_up(self.high)})",
            ),
            ("budget", f"{_errors(self.budget)} errors, {self.errors:,} spent, {_errors(self.left)} left"),
        ]

    def __repr__(self) -> str:
        return text_card(f"SLO {format_target(self.target)} over {self.window}", self.sentence, self._rows())

    def _repr_html_(self) -> str:
        rounded = {name: self.burn_rates[name].round(3) for name in ("burn_rate", "error_percentage", "coverage")}
        table = self.burn_rates.assign(
            **rounded, exhausted_in=[_span(value) for value in self.burn_rates["exhausted_in"]]
        )
        return html_card(
            f"SLO {format_target(self.target)} over {self.window}",
            self.sentence,
            self._rows(),
            frames=[("Burn rates (1 spends the budget exactly by the end of the window):", table)],
        )


def slo(
    frame: pd.DataFrame,
    *,
    target: float = 0.999,
    window: str | pd.Timedelta = "30d",
    errors: str | Sequence[str] = ("5xx",),
    pace: str | pd.Timedelta = "1h",
) -> SLO | pd.DataFrame:
    """Return how the error budget stands over the last `window` of the frame.

    Args:
        frame: requests over time of one environment or of a fleet.
        target: share of the requests that should not be errors, between 0 and 1.
        window: length of the SLO's window, such as "30d".
        errors: the status classes that spend the budget: `"5xx"`, or `("4xx", "5xx")`.
        pace: the lookback by which the time to exhaustion goes.

    Returns:
        An :class:`SLO` for one environment; for a fleet a frame with one row per environment and the columns `project`,
        `environment`, `requests`, `errors` (Int64, NA without data), `achieved`, `low`, `high`, `spent`, `coverage` (0
        to 1), `budget`, `left` (errors), `burn_rate` (over `pace`), `exhausted_in` (Timedelta, NaT if nothing is being
        spent), `met` (boolean, NA without requests).

    Raises:
        FrameError: the frame has no rows or can't be read as requests, or `window` is shorter than its buckets.
        ValueError: `target` or `window` is out of range.

    Examples:
        >>> client = createos_nb.simulate("bad-release")
        >>> requests = client.analytics.requests_over_time("storefront", "production", start="-1d")
        >>> objective = createos_nb.analysis.slo(requests, window="1d")
        >>> objective.met, objective.errors > objective.budget
        (False, True)
    """
    statuses = status_classes(errors)
    period = whole_seconds(window, name="window")
    rows = thresholds(target, period)
    counts = requests(frame, columns=("count", *(f"status_{status}" for status in statuses)), fleet=True)
    if not len(counts.index):
        raise FrameError("the frame has no rows")
    _fits(counts, period)
    lookback = max(whole_seconds(pace, name="pace"), counts.bucket_seconds)
    # what is shorter than a bucket can't be told apart from it
    lookbacks = {max(width, counts.bucket_seconds) for row in rows for width in (row.long, row.short)}
    widths = sorted(lookbacks | {lookback})
    budget_status = _BudgetStatus(counts, statuses, target, period)
    rates = {width: budget_status.burn(width) for width in widths}
    if counts.environments is None:
        return _single(counts, budget_status, rates, lookback, target, period)
    left_for = rates[lookback]["exhausted_in"]
    no_data = np.where(budget_status.coverage > 0, 0.0, np.nan)
    return pd.DataFrame(
        {
            "project": counts.environments.get_level_values("project"),
            "environment": counts.environments.get_level_values("environment"),
            "requests": to_int64(budget_status.of + no_data),
            "errors": to_int64(budget_status.bad + no_data),
            "achieved": budget_status.achieved,
            "low": budget_status.low,
            "high": budget_status.high,
            "budget": budget_status.budget + no_data,
            "spent": budget_status.spent,
            "left": budget_status.budget - budget_status.bad + no_data,
            "coverage": budget_status.coverage,
            "burn_rate": rates[lookback]["burn_rate"],
            "exhausted_in": _timedeltas(left_for),
            "met": pd.array(
                [None if np.isnan(share) else bool(share >= target) for share in budget_status.achieved],
                dtype="boolean",
            ),
        }
    )


def error_budget(
    frame: pd.DataFrame,
    *,
    target: float = 0.999,
    window: str | pd.Timedelta = "30d",
    errors: str | Sequence[str] = ("5xx",),
) -> pd.DataFrame:
    """Return the budget over time: how it was spent, for one environment.

    Args:
        frame: requests over time of one environment.
        target: share of the requests that should not be errors, between 0 and 1.
        window: length of the SLO's window, such as "30d".
        errors: the status classes that spend the budget: `"5xx"`, or `("4xx", "5xx")`.

    Returns:
        A frame indexed by `time` (starts of buckets; figures are those at the bucket's end). Columns: `requests`,
        `errors` of the trailing window, `achieved` (0 to 1), `budget` (errors allowed among these requests),
        `left_share` (share of it that is left, negative when overspent), `coverage` (share of the window with data:
        where it is below 1 the window reaches back before the data). NaN without requests, and all but `coverage`
        without data.

    Raises:
        FrameError: the frame can't be read as requests, or `window` is shorter than its buckets.
        ValueError: `target` or `window` is out of range.

    Examples:
        >>> client = createos_nb.simulate("bad-release")
        >>> requests = client.analytics.requests_over_time("storefront", "production", start="-1d")
        >>> budget = createos_nb.analysis.error_budget(requests, window="1d")
        >>> bool(budget["left_share"].iloc[-1] < 0)
        True
    """
    statuses = status_classes(errors)
    period = whole_seconds(window, name="window")
    thresholds(target, period)  # refuses a target outside 0 to 1
    counts = requests(frame, columns=("count", *(f"status_{status}" for status in statuses)))
    _fits(counts, period)
    buckets = max(period // max(counts.bucket_seconds, 1), 1)
    sums = trailing(counts, statuses, with_partial=True)
    observed = sums.observed_buckets(buckets).astype(np.float64)
    no_data = np.where(observed > 0, 0.0, np.nan)
    of, bad = (part + no_data for part in sums.sums(buckets))
    with np.errstate(divide="ignore", invalid="ignore"):
        achieved = np.where(of > 0, 1 - bad / of, np.nan)
        left_share = np.where(of > 0, 1 - bad / ((1 - target) * of), np.nan)
    frame_over_time = pd.DataFrame(
        {
            "requests": of,
            "errors": bad,
            "achieved": achieved,
            "budget": (1 - target) * of,
            "left_share": left_share,
            "coverage": observed / buckets,
        },
        index=counts.index,
    )
    frame_over_time.attrs = {"target": target, "window_seconds": period, "bucket_seconds": counts.bucket_seconds}
    frame_over_time.attrs |= live_versions(frame)
    return frame_over_time


def _fits(counts: Requests, period: int) -> None:
    """Refuse a window that no bucket fits into."""
    if period < counts.bucket_seconds:
        raise FrameError(
            f"window={format_duration(period)} is shorter than the frame's buckets of "
            f"{format_duration(counts.bucket_seconds)}: give a longer window, or ask for finer buckets"
        )


class _BudgetStatus:
    """Sums over the last window, with time gone; arrays have one entry per environment, `()` for a single one."""

    def __init__(self, counts: Requests, statuses: tuple[str, ...], target: float, period: int) -> None:
        buckets = max(period // counts.bucket_seconds, 1)
        self.counts, self.target, self.period = counts, target, period
        self.all_requests, self.all_errors = counts.count, counts.errors(statuses)
        recent, bad = self.all_requests[..., -buckets:], self.all_errors[..., -buckets:]
        self.first = max(len(counts.index) - buckets, 0)
        share = intervals.share(bad, recent, confidence=0.95)
        self.of, self.bad = np.asarray(share.requests), np.asarray(np.nansum(bad, axis=-1))
        self.achieved, self.low, self.high = 1 - share.value, 1 - share.high, 1 - share.low
        # rounded, since a tenth of a hundred errors is ten of them, and not a bit less
        self.budget = np.round((1 - target) * self.of, 9)
        with np.errstate(divide="ignore", invalid="ignore"):
            self.spent = np.where(self.of > 0, self.bad / self.budget, np.nan)
        self.coverage = np.isfinite(recent).sum(axis=-1) / buckets

    def burn(self, lookback: int) -> dict[str, Floats]:
        """Burn rate over the last `lookback` seconds, and seconds until a whole window's budget is gone at it."""
        window_buckets = max(-(-lookback // self.counts.bucket_seconds), 1)
        buckets = min(window_buckets, self.all_requests.shape[-1])
        recent = self.all_requests[..., -buckets:]
        of = np.asarray(np.nansum(recent, axis=-1))
        bad = np.asarray(np.nansum(self.all_errors[..., -buckets:], axis=-1))
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = np.where(of > 0, bad / of / (1 - self.target), np.nan)
            # a young window will hold more requests, and so more budget, than it has seen
            full = self.budget / self.coverage
            seconds_left = np.where(rate > 0, (full - self.bad) / full * self.period / rate, np.nan)
        return {
            "burn_rate": rate,
            "error_percentage": 100 * rate * (1 - self.target),
            "requests": of,
            "errors": bad,
            "coverage": np.isfinite(recent).sum(axis=-1) / window_buckets,
            "exhausted_in": np.where(self.bad > self.budget, 0.0, seconds_left),
        }


def _single(
    counts: Requests,
    budget_status: _BudgetStatus,
    rates: dict[int, dict[str, Floats]],
    lookback: int,
    target: float,
    period: int,
) -> SLO:
    table = pd.DataFrame(
        {name: np.array([float(rate[name]) for rate in rates.values()]) for name in next(iter(rates.values()))},
        index=pd.Index([format_duration(width) for width in rates], name="lookback", dtype=TEXT),
    )
    table["exhausted_in"] = _timedeltas(table["exhausted_in"].to_numpy())
    table = table.assign(**{name: to_int64(table[name].to_numpy()) for name in ("requests", "errors")})
    seconds_left = float(rates[lookback]["exhausted_in"])
    return SLO(
        target=target,
        window=format_duration(period),
        start=counts.index[budget_status.first],
        end=(counts.index[-1] + pd.Timedelta(counts.bucket_seconds, unit="s")).as_unit("us"),
        requests=round(float(budget_status.of)),
        errors=round(float(budget_status.bad)),
        achieved=float(budget_status.achieved),
        low=float(budget_status.low),
        high=float(budget_status.high),
        budget=float(budget_status.budget),
        spent=float(budget_status.spent),
        left=float(budget_status.budget - budget_status.bad),
        coverage=float(budget_status.coverage),
        burn_rates=table,
        pace=format_duration(lookback),
        exhausted_in=None if np.isnan(seconds_left) else pd.Timedelta(round(seconds_left), unit="s").as_unit("us"),
    )


def _timedeltas(seconds: Floats) -> pd.TimedeltaIndex:
    known = np.isfinite(seconds)
    micros = np.where(known, np.where(known, seconds, 0).round() * 1_000_000, np.iinfo(np.int64).min).astype(np.int64)
    return pd.TimedeltaIndex(micros.view("m8[us]"))


def _errors(number: float) -> str:
    """Format a number of errors: whole, with a decimal for the first few."""
    digits = 0 if abs(number) >= 100 else 1 if abs(number) >= 10 else 2
    text = f"{number:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _span(value: Any) -> str:
    return "never" if pd.isna(value) else human_duration(value.total_seconds())
