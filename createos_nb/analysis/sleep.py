"""Keep an environment awake, or let it sleep? From the idle times seen and what a cold start is worth.

Staying awake costs idle time, sleeping costs a cold start for whoever comes next. One number ties the two together:
`cold_start_cost`, the idle time that one avoided cold start is worth ("1h": better an hour idle than one person waiting
for a cold start). A policy sleeps after a timeout; its cost on an idle time `g` is `min(g, timeout)`, plus
`cold_start_cost` if `g > timeout`, in idle hours. The optimum knows the future: `min(g, cold_start_cost)`.

Sleeping after exactly `cold_start_cost` never costs more than twice the optimum, whatever comes (the ski rental bound,
Karlin et al. 1988). The timeout that was best in the past is usually cheaper and has no bound.
`SleepAdvice.next_timeout` joins them: it follows the best timeout as long as even the worst next idle time keeps the
total within twice the optimum, and falls back to the safe one otherwise.

Idle times are runs of buckets without a request, so they are known to a bucket. One that touches an end of the frame
lasted at least as long as it was seen, counts as that, and is taken to end in a visit, which errs against sleeping.
Runs that touch missing data in between are left out.

Measured on the week after: 0 to 4 % above the best fixed timeout of that week where a cold start is worth up to an
hour, up to 16 % at six hours; 2.000 times the optimum against an adversary. `benchmarks/statistics/RESULTS.md`, section
Sleep.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from createos_nb.analysis.validation import Bools, Floats, FrameError, requests
from createos_nb.display import format_percent, text_card
from createos_nb.dtypes import TEXT
from createos_nb.html import html_card
from createos_nb.times import format_duration, whole_seconds

_FEWEST = 10
"""So many idle times say something; fewer do if they add up to so many times the worth of a cold start, since then even
one for each of them costs less than staying awake."""
_MATTERS = 0.05


@dataclass(frozen=True, eq=False, repr=False)
class SleepAdvice:
    """Advice on whether to keep one environment awake, and after which idle time to let it sleep.

    See :func:`sleep_advice`.

    Examples:
        >>> client = createos_nb.simulate("sleepy")
        >>> requests = client.analytics.requests_over_time("reports", "production", start="-7d")
        >>> advice = createos_nb.analysis.sleep_advice(requests)
        >>> advice.advice, advice.idle_times
        ('let sleep', 768)
    """

    advice: str
    """"keep awake", "let sleep", "no difference" or "not enough idle times"."""
    timeout: pd.Timedelta | None
    """The timeout that would have cost least; None to stay awake."""
    safe_timeout: pd.Timedelta
    """The one that never costs more than twice the optimum: the worth of a cold start."""
    idle_after: pd.Timedelta | None
    """The platform's own timeout, if it was told."""
    idle_times: int
    """How many idle times were seen."""
    idle_share: float
    """Share of the time without requests, 0 to 1."""
    costs: pd.DataFrame
    """Indexed by `policy`: `timeout`, `idle_hours` and `cold_starts` per day, `cost` per day in idle hours, `ratio` to
    the optimum."""

    @property
    def sentence(self) -> str:
        """Return the advice as a sentence."""
        if self.advice == "not enough idle times":
            if not self.idle_times:
                return "No idle times were seen: there is nothing to sleep in."
            times = "idle time" if self.idle_times == 1 else "idle times"
            return f"Only {self.idle_times} {times} of a bucket or more, and short ones: too few to advise on sleep."
        awake, sleep = self._figures("keep awake"), self._figures(self._sleep_policy)
        after = self.idle_after if self._sleep_policy == "platform" else self.timeout
        if after is None:
            return f"Keep it awake: it idles {awake[0]:.1f} h a day, and no timeout would have cost less."
        figures = (
            f"awake it idles {awake[0]:.1f} h a day; asleep {_after(after)} it idles "
            f"{sleep[0]:.1f} h and starts cold {sleep[1]:.1f} times a day"
        )
        if self.advice == "no difference":
            return f"Either will do: {figures}, which costs about the same."
        return f"{'Keep it awake' if self.advice == 'keep awake' else 'Let it sleep'}: {figures}."

    @property
    def _sleep_policy(self) -> str:
        return "platform" if "platform" in self.costs.index else "best timeout"

    def _figures(self, policy: str) -> tuple[float, float, float]:
        """Idle hours, cold starts and cost per day."""
        row = self.costs.loc[policy, ["idle_hours", "cold_starts", "cost"]].to_numpy(dtype=np.float64)
        return float(row[0]), float(row[1]), float(row[2])

    def next_timeout(self, *, spent: float, optimum: float) -> pd.Timedelta | None:
        """Return the timeout for the next idle time, so that the total stays within twice the optimum, come what may.

        Args:
            spent: cost so far, in idle hours.
            optimum: what the optimum would have cost so far, in idle hours.

        Returns:
            The timeout; None is to stay awake.

        Examples:
            >>> client = createos_nb.simulate("sleepy")
            >>> requests = client.analytics.requests_over_time("reports", "production", start="-7d")
            >>> advice = createos_nb.analysis.sleep_advice(requests)
            >>> advice.next_timeout(spent=6.0, optimum=3.0)
            Timedelta('0 days 01:00:00')
        """
        cold_start = self.safe_timeout.total_seconds()
        best = np.inf if self.timeout is None else self.timeout.total_seconds()
        timeout = _bounded(best, cold_start, spent * 3600, optimum * 3600)
        return None if np.isinf(timeout) else pd.Timedelta(timeout, unit="s").as_unit("us")

    def _rows(self) -> list[tuple[str, Any]]:
        return [
            ("idle", f"{format_percent(self.idle_share, digits=1)} of the time, {self.idle_times:,} times"),
            ("best timeout", _timeout_text(self.timeout)),
            ("safe timeout", f"{_timeout_text(self.safe_timeout)} (never more than twice the optimum)"),
        ]

    def __repr__(self) -> str:
        return text_card("Sleep", self.sentence, self._rows())

    def _repr_html_(self) -> str:
        table = self.costs.assign(timeout=[_timeout_text(value) for value in self.costs["timeout"]]).round(2)
        return html_card("Sleep", self.sentence, self._rows(), frames=[("Costs per day, in idle hours:", table)])


def sleep_advice(
    frame: pd.DataFrame,
    *,
    cold_start_cost: str | pd.Timedelta = "1h",
    idle_after: str | pd.Timedelta | None = None,
) -> SleepAdvice | pd.DataFrame:
    """Advise whether to keep an environment awake or to let it sleep.

    Args:
        frame: requests over time of one environment or of a fleet; only the column `count` is needed.
        cold_start_cost: the idle time that one avoided cold start is worth, such as "1h".
        idle_after: the time without requests after which the platform puts a deployment to sleep, if it is known: then
            staying awake is compared with that, else with the timeout that was best.

    Returns:
        A :class:`SleepAdvice` for one environment; for a fleet a frame with `project`, `environment`, `advice`,
        `timeout` (Timedelta, NaT to stay awake), `idle_times` (Int64), `idle_share` (0 to 1), `awake_cost` and
        `sleep_cost` (idle hours per day).

    Raises:
        FrameError: the frame has no rows, or can't be read as requests.

    Examples:
        >>> client = createos_nb.simulate("sleepy")
        >>> requests = client.analytics.requests_over_time("reports", "production", start="-7d")
        >>> createos_nb.analysis.sleep_advice(requests, idle_after="30min").advice
        'let sleep'
    """
    cold_start = float(whole_seconds(cold_start_cost, name="cold_start_cost"))
    platform = None if idle_after is None else float(whole_seconds(idle_after, name="idle_after"))
    counts = requests(frame, columns=("count",), fleet=True)
    if not len(counts.index):
        raise FrameError("the frame has no rows")
    count = np.atleast_2d(np.where(counts.observed, counts.count, np.nan))
    advice = [_advise(row, counts.bucket_seconds, cold_start, platform) for row in count]
    if counts.environments is None:
        return advice[0]
    return pd.DataFrame(
        {
            "project": counts.environments.get_level_values("project"),
            "environment": counts.environments.get_level_values("environment"),
            "advice": pd.array([row.advice for row in advice], dtype=TEXT),
            "timeout": pd.to_timedelta([row.timeout for row in advice]).as_unit("us"),
            "idle_times": pd.array([row.idle_times for row in advice], dtype="Int64"),
            "idle_share": [row.idle_share for row in advice],
            "awake_cost": [row._figures("keep awake")[2] for row in advice],
            "sleep_cost": [row._figures(row._sleep_policy)[2] for row in advice],
        }
    )


def idle_times(frame: pd.DataFrame) -> pd.Series[Any]:
    """Return every idle time of one environment.

    One that touches an end of the data is as long as it was seen.

    Args:
        frame: requests over time of one environment; only the column `count` is needed.

    Returns:
        A Series `idle_seconds` (float, seconds without a request), indexed by the start of the first such bucket (UTC).

    Raises:
        FrameError: the frame can't be read as requests.

    Examples:
        >>> times = pd.date_range("2026-03-02", periods=6, freq="1min", tz="UTC", name="time")
        >>> createos_nb.analysis.idle_times(pd.DataFrame({"count": [4, 0, 0, 7, 0, 2]}, index=times)).tolist()
        [120.0, 60.0]
    """
    counts = requests(frame, columns=("count",))
    count = np.where(counts.observed, counts.count, np.nan)
    first, buckets = _runs(count == 0, np.isnan(count))
    seconds = pd.Series(buckets * float(counts.bucket_seconds), index=counts.index[first], name="idle_seconds")
    return seconds.rename_axis("time")


def _advise(count: Floats, width: int, cold_start: float, platform: float | None) -> SleepAdvice:
    observed = np.isfinite(count)
    days = float(observed.sum()) * width / 86_400
    _, buckets = _runs(count == 0, ~observed)
    gaps = buckets * float(width)
    best = best_timeout(gaps, cold_start)
    policies = {"keep awake": np.inf, "best timeout": best, "safe timeout": cold_start}
    if platform is not None:
        policies["platform"] = platform
    optimum = float(np.minimum(gaps, cold_start).sum())
    rows = [_costs(gaps, timeout, cold_start, days, optimum) for timeout in policies.values()]
    costs = pd.DataFrame(rows, index=pd.Index(list(policies), name="policy", dtype=TEXT))
    costs = costs.astype({"timeout": "timedelta64[us]"})
    awake = cost(gaps, np.inf, cold_start)
    asleep = cost(gaps, best if platform is None else platform, cold_start)
    if len(gaps) < _FEWEST and awake < _FEWEST * cold_start:
        advice = "not enough idle times"
    elif awake <= asleep * (1 + _MATTERS) and asleep <= awake * (1 + _MATTERS):
        advice = "keep awake" if np.isinf(best) and platform is None else "no difference"
    else:
        advice = "keep awake" if awake < asleep else "let sleep"
    return SleepAdvice(
        advice=advice,
        timeout=None if np.isinf(best) else pd.Timedelta(best, unit="s").as_unit("us"),
        safe_timeout=pd.Timedelta(cold_start, unit="s").as_unit("us"),
        idle_after=None if platform is None else pd.Timedelta(platform, unit="s").as_unit("us"),
        idle_times=len(gaps),
        idle_share=float((count[observed] == 0).mean()) if observed.any() else float("nan"),
        costs=costs,
    )


def cost(gaps: Floats, timeout: float, cold_start: float) -> float:
    """Cost in seconds of sleeping after `timeout` seconds; infinity is to stay awake."""
    return float(np.minimum(gaps, timeout).sum() + cold_start * (gaps > timeout).sum())


def best_timeout(gaps: Floats, cold_start: float) -> float:
    """The timeout that costs least on these idle times: 0, one of them, or infinity to stay awake."""
    if not len(gaps):
        return float(np.inf)
    lengths, numbers = np.unique(gaps, return_counts=True)
    timeouts = np.concatenate([[0.0], lengths])
    longer = np.concatenate([[len(gaps)], len(gaps) - np.cumsum(numbers)])
    idle = np.concatenate([[0.0], np.cumsum(lengths * numbers)]) + timeouts * longer
    total = idle + cold_start * longer
    at = int(total.argmin())
    return float(np.inf) if at == len(timeouts) - 1 else float(timeouts[at])


def replay(gaps: Floats, best: float, cold_start: float, *, spent: float = 0.0, optimum: float = 0.0) -> float:
    """Cost in seconds of following `best` within the bound of twice the optimum, one idle time after the other.

    `spent` and `optimum` are the costs before, which belong to the bound but not to the cost that is returned.
    """
    before = spent
    for gap in gaps.tolist():
        timeout = _bounded(best, cold_start, spent, optimum)
        spent += min(gap, timeout) + (cold_start if gap > timeout else 0.0)
        optimum += min(gap, cold_start)
    return spent - before


def _bounded(best: float, cold_start: float, spent: float, optimum: float) -> float:
    # the worst idle time ends just after the timeout; staying awake is bounded by the first moment beyond the bound
    if np.isinf(best):
        best = max(2 * optimum + cold_start - spent, cold_start)
    worst = spent + best + cold_start
    return best if worst <= 2 * (optimum + min(best, cold_start)) else cold_start


def _costs(gaps: Floats, timeout: float, cold_start: float, days: float, optimum: float) -> dict[str, Any]:
    total = cost(gaps, timeout, cold_start)
    days = max(days, 1e-9)
    return {
        "timeout": pd.NaT if np.isinf(timeout) else pd.Timedelta(timeout, unit="s"),
        "idle_hours": float(np.minimum(gaps, timeout).sum()) / 3600 / days,
        "cold_starts": float((gaps > timeout).sum()) / days,
        "cost": total / 3600 / days,
        "ratio": total / optimum if optimum else float("nan"),
    }


def _runs(idle: Bools, missing: Bools) -> tuple[Any, Floats]:
    """Return starts and lengths of runs of idle buckets, between buckets with requests or the ends of the data."""
    known = np.flatnonzero(~missing)
    if not len(known):
        return known, np.zeros(0)
    begin, stop = int(known[0]), int(known[-1]) + 1
    step = np.diff(idle[begin:stop].astype(np.int8), prepend=0, append=0)
    first, end = np.flatnonzero(step == 1) + begin, np.flatnonzero(step == -1) + begin
    censored = np.concatenate([[False], missing, [False]])
    censored[[begin, stop + 1]] = False  # what lies beyond the ends of the data cuts nothing
    uncensored = ~censored[first] & ~censored[end + 1]
    return first[uncensored], (end - first)[uncensored].astype(np.float64)


def _after(timeout: pd.Timedelta) -> str:
    return f"after {_timeout_text(timeout)} without a request" if timeout else "as soon as nobody asks"


def _timeout_text(timeout: Any) -> str:
    if timeout is None or pd.isna(timeout):
        return "never"
    return format_duration(timeout.total_seconds()) if timeout else "at once"
