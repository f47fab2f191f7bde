"""A release verdict as it came about: errors, evidence with its boundary, the ratio with its bounds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from createos_nb.plots import style, validation
from createos_nb.plots.annotations import annotate
from createos_nb.plots.downsample import downsample, format_bucket_width, rebin
from createos_nb.plots.time_axis import instant, instants, time_axis, window

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from createos_nb.analysis.releases.result import ReleaseVerdict
    from createos_nb.plots.figure import Figure

_AGAINST = style.SeriesStyle(style.ERROR, "-", "o")
_LOWEST = 1e-3
"""Evidence below this says no more than that there is none."""
_DECIDED = {"rollback": ("roll back", style.ERROR, "X"), "promote": ("promote", style.GOOD, "P")}


def verdict(
    verdict: ReleaseVerdict,
    *,
    title: str = "Release verdict",
    marks: Iterable[tuple[Any, str]] = (),
) -> Figure:
    """Draw the errors of both sides, the evidence with its boundary (logarithmic), and the ratio with its bounds.

    Args:
        verdict: what `analysis.release_verdict` returns, or `runbooks.release_watch` as `.verdict`.
        title: the headline of the figure; the decision follows it.
        marks: moments to name, such as deployments: pairs of a time and a short text.

    Returns:
        A figure of three plots.

    Raises:
        InvalidInput: `verdict` is no such result; the text names the call that returns one.

    Examples:
        >>> times = pd.date_range("2026-03-02 09:00", periods=30, freq="1min", tz="UTC", name="time")
        >>> old = pd.DataFrame({"count": 200, "status_4xx": 2, "status_5xx": 1}, index=times)
        >>> verdict = createos_nb.analysis.release_verdict(old, old.assign(status_5xx=9))
        >>> fig = createos_nb.plots.verdict(verdict)
        >>> [ax.get_ylabel() for ax in fig.axes]
        ['5xx in a minute', 'evidence (times)', 'ratio, new to old']
    """
    call = "analysis.release_verdict(old, new)"
    validation.result_of(verdict, "verdict", "verdict", "ReleaseVerdict", call, ("decision", "path"))
    decided = _DECIDED.get(verdict.decision)
    fig, axes = style.figure(
        f"{title}: {decided[0] if decided else verdict.decision}",
        caption="Above: the share of requests that fail, baseline and candidate. Middle: how strongly the data speak "
        "for rolling back, and for promoting; where a line reaches the boundary, it is decided, whenever one looks. "
        "Below: how many times as often the candidate fails; the band is what can't be ruled out, it narrows with "
        "every error.",
        rows=3,
        height=6.6,
        share_x=True,
        height_ratios=[1.0, 1.2, 1.0],
    )
    path = verdict.path
    _rates(axes[0], path, verdict)
    _evidence(axes[1], path, verdict)
    _ratio(axes[2], verdict)
    span = window(path.index)
    time_axis(axes[-1], span)
    annotate(axes[0], marks, span, others=axes[1:])
    if decided and verdict.decided_at is not None:
        for ax in axes:
            ax.axvline(instant(_end(verdict)), color=decided[1], linewidth=1.2, zorder=2)
    return fig


def _rates(ax: Axes, path: pd.DataFrame, verdict: ReleaseVerdict) -> None:
    """Shares of the class that is judged, in buckets wide enough for an eye."""
    counts = path[["old_requests", "new_requests", "old_errors", "new_errors"]].copy()
    counts.attrs = {"bucket_seconds": verdict.bucket_seconds}
    rows, minutes = rebin(counts)
    x = instants(pd.DatetimeIndex(rows.index))
    for side, name, line_style in zip(("old", "new"), ("baseline", "candidate"), style.SERIES, strict=False):
        requests = rows[f"{side}_requests"].to_numpy(dtype=float, na_value=np.nan)
        failed = rows[f"{side}_errors"].to_numpy(dtype=float, na_value=np.nan)
        share = 100 * np.divide(failed, requests, out=np.full(len(requests), np.nan), where=requests > 0)
        style.line(ax, x, share, line_style, label=name)
    style.percent_axis(ax, f"{verdict.errors} in {format_bucket_width(minutes)}")
    ax.set_ylim(bottom=0)
    style.legend(ax)


def _evidence(ax: Axes, path: pd.DataFrame, verdict: ReleaseVerdict) -> None:
    from matplotlib.ticker import LogLocator, NullLocator

    names = (("evidence", "to roll back", _AGAINST), ("evidence_promote", "to promote", style.SERIES[2]))
    rows = downsample(path[[name for name, _, _ in names]], "max")
    x = instants(pd.DatetimeIndex(rows.index)) + np.timedelta64(verdict.bucket_seconds, "s")
    tops = [1 / verdict.alpha, 1 / verdict.beta]
    ceiling = max(tops) * 100
    for name, label, line_style in names:
        values = np.clip(rows[name].to_numpy(dtype=float), _LOWEST, ceiling)
        style.line(ax, x, values, line_style, label=label)
    ax.set_yscale("log")
    ax.set_ylim(_LOWEST, ceiling)
    ax.yaxis.set_major_locator(LogLocator(base=10, numticks=6))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(lambda value, _: style.number(value))
    ax.set_ylabel("evidence (times)", fontsize=9, color=style.INK)
    style.threshold(ax, tops[0], f"boundary: {style.number(tops[0])}")
    if tops[1] != tops[0]:
        style.threshold(ax, tops[1], f"boundary to promote: {style.number(tops[1])}")
    decided = _DECIDED.get(verdict.decision)
    if decided and verdict.decided_at is not None:
        name = "evidence" if verdict.decision == "rollback" else "evidence_promote"
        at = float(np.clip(path[name].to_numpy(dtype=float)[path.index.get_loc(verdict.decided_at)], _LOWEST, ceiling))
        ax.plot(
            [instant(_end(verdict))], [at], decided[2], markersize=10, color=decided[1], zorder=6,
            label=f"decided: {decided[0]}, {_end(verdict):%H:%M} UTC",
        )  # fmt: skip
    style.legend(ax)


def _ratio(ax: Axes, verdict: ReleaseVerdict) -> None:
    from matplotlib.ticker import FixedLocator, NullLocator

    rows = verdict.intervals
    x = instants(pd.DatetimeIndex(rows.index)) + np.timedelta64(verdict.bucket_seconds, "s")
    floor, ceiling = 1 / 64, 64.0
    low, high = (np.clip(rows[name].to_numpy(dtype=float), floor, ceiling) for name in ("low", "high"))
    ax.fill_between(x, low, high, color=style.BAND, linewidth=0, label="not ruled out")
    ratio = np.clip(rows["ratio"].to_numpy(dtype=float), floor, ceiling)
    style.line(ax, x, ratio, style.SERIES[0], label="ratio")
    ax.set_yscale("log", base=2)
    bounds = np.concatenate([low, high])
    inner = bounds[(bounds > floor) & (bounds < ceiling)]
    bottom, top = (float(inner.min()), float(inner.max())) if len(inner) else (0.25, 4.0)
    ax.set_ylim(max(min(bottom, 0.5) / 1.3, 1 / 12), min(max(top, verdict.worse * 1.5) * 1.3, 40))
    ticks = [value for value in (1 / 32, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16, 32) if floor <= value <= ceiling]
    ax.yaxis.set_major_locator(FixedLocator(ticks))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:.3g}×")
    ax.set_ylabel("ratio, new to old", fontsize=9, color=style.INK)
    ax.axhline(1, color=style.INK, linewidth=1)
    style.threshold(ax, verdict.worse, f"{verdict.worse:g} times as often")
    style.legend(ax)


def _end(verdict: ReleaseVerdict) -> pd.Timestamp:
    """Return the end of the bucket that decided."""
    assert verdict.decided_at is not None, "asked for decided verdicts only"
    return verdict.decided_at + pd.Timedelta(seconds=verdict.bucket_seconds)
