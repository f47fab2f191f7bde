"""The evidence of a release verdict as a meter with its two boundaries, and over time.

Both axes are logarithmic. To the right, or above, is the evidence to promote, up to 1/β; to the left, or below, the
evidence to roll back, up to 1/α. The two are separate figures: each has its own bar, and its own line.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from createos_nb.analysis.releases.result import ReleaseVerdict
from createos_nb.analysis.releases.wording import number
from createos_nb.display import format_time
from createos_nb.html import Html, escaped

#: How much further than the larger boundary the axis goes.
_BEYOND: Final = 1.35
_WIDTH, _HEIGHT = 720.0, 240.0


@dataclass(frozen=True)
class Axis:
    """The axis of evidence: powers of ten, negative to roll back, positive to promote."""

    rollback: float
    """Where it rolls back, such as -2 for an α of 1 %."""
    promote: float
    """From where on it may promote, such as 2 for a β of 1 %."""

    @classmethod
    def of(cls, alpha: float, beta: float) -> Axis:
        """Return the axis of two error probabilities."""
        return cls(math.log10(alpha), -math.log10(beta))

    @property
    def end(self) -> float:
        """How far it goes on both sides."""
        return _BEYOND * max(-self.rollback, self.promote)

    def part(self, value: float) -> float:
        """Return where a value stands, 0 for the one end and 1 for the other; what is beyond stands at the end."""
        return (min(max(value, -self.end), self.end) / self.end + 1) / 2


def to_roll_back(path: pd.DataFrame) -> pd.Series[Any]:
    """Return the evidence to roll back that counts: the smaller of both parts, for a rollback needs both."""
    return path[["evidence", "evidence_exact"]].min(axis=1)


def meter_html(verdict: ReleaseVerdict | None, *, alpha: float, beta: float) -> Html:
    """Return the evidence of now as a meter.

    Args:
        verdict: The verdict; None while no minute could be judged.
        alpha: How often a good release may be rolled back; the left boundary is 1/α.
        beta: How often a bad one may be promoted; the right boundary is 1/β.

    Returns:
        The markup, with `role="meter"` and the figures as its text.

    Examples:
        >>> from createos_nb.panels.release.evidence import meter_html
        >>> 'aria-valuetext="NO DATA' in meter_html(None, alpha=0.01, beta=0.01)
        True
    """
    axis = Axis.of(alpha, beta)
    back, well = (1.0, 1.0) if verdict is None else _latest(verdict)
    leans = max(math.log10(max(well, 1.0)), 0.0), max(math.log10(max(back, 1.0)), 0.0)
    now = leans[0] if leans[0] >= leans[1] else -leans[1]
    ends = number(1 / alpha), number(1 / beta)
    if verdict is None:
        told = f"NO DATA; rolls back at {ends[0]}, promotes from {ends[1]} on"
    else:
        told = f"to roll back {number(back)} of {ends[0]}, to promote {number(well)} of {ends[1]}"
    low, middle, high = axis.part(axis.rollback), axis.part(0.0), axis.part(axis.promote)
    bars = _bar(axis.part(-leans[1]), middle) + _bar(middle, axis.part(leans[0])) if verdict is not None else ""
    hand = "" if verdict is None else _hand(axis.part(now), number(well if now >= 0 else back) if now else "1")
    return Html(
        f'<div class="createos-meter" role="meter" aria-label="Evidence" aria-valuemin="{axis.rollback:.3g}" '
        f'aria-valuemax="{axis.promote:.3g}" aria-valuenow="{min(max(now, axis.rollback), axis.promote):.3g}" '
        f'aria-valuetext="{escaped(told)}">'
        f'<div class="createos-meter-hand">{hand}</div>'
        f'<div class="createos-meter-scale"><i class="createos-zone-rollback" style="right:{100 * (1 - low):.2f}%"></i>'
        f'<i class="createos-zone-promote" style="left:{100 * high:.2f}%"></i>{bars}'
        f'<i class="createos-meter-middle" style="left:{100 * middle:.2f}%"></i>'
        f'<i class="createos-edge-rollback" style="left:{100 * low:.2f}%"></i>'
        f'<i class="createos-edge-promote" style="left:{100 * high:.2f}%"></i></div>'
        f'<div class="createos-meter-words">{_word(low, f"<b>Roll back</b> at {ends[0]}")}'
        f"{_word(middle, 'no evidence')}{_word(high, f'<b>Promote</b> at {ends[1]}')}</div></div>"
    )


def _latest(verdict: ReleaseVerdict) -> tuple[float, float]:
    """The evidence to roll back and to promote as of the rollback, which is final, or now."""
    path = verdict.path
    return min(verdict.evidence, verdict.evidence_exact), float(path["evidence_promote"].iloc[-1])


def _bar(start: float, end: float) -> str:
    return (
        f'<i class="createos-meter-bar" style="left:{100 * start:.2f}%;width:{100 * (end - start):.2f}%"></i>'
        if end > start
        else ""
    )


def _word(part: float, text: str) -> str:
    return f'<span class="createos-at" style="left:{100 * part:.2f}%">{text}</span>'


def _hand(part: float, text: str) -> str:
    return _word(part, f"{text}<i>▼</i>")


def chart_html(verdict: ReleaseVerdict | None, *, alpha: float, beta: float, begin: Any, latest: Any) -> Html:
    """Return the evidence after each bucket, with the boundaries, as inline SVG with its labels beside it.

    Args:
        verdict: The verdict; None while no minute could be judged.
        alpha: As for `meter_html`.
        beta: As for `meter_html`.
        begin: When the watch began, a UTC timestamp.
        latest: When it ends, a UTC timestamp.

    Returns:
        The markup.

    Examples:
        >>> from createos_nb.panels.release.evidence import chart_html
        >>> begin = pd.Timestamp("2026-03-02 09:00", tz="UTC")
        >>> "NO DATA" in chart_html(None, alpha=0.01, beta=0.01, begin=begin, latest=begin + pd.Timedelta("1h"))
        True
    """
    axis = Axis.of(alpha, beta)
    length = max((latest - begin).total_seconds(), 60.0)

    def x(moment: Any) -> float:
        part: float = (moment - begin).total_seconds() / length
        return _WIDTH * min(max(part, 0.0), 1.0)

    def y(value: float) -> float:
        return _HEIGHT * (1 - axis.part(value))

    top, bottom, zero = y(axis.promote), y(axis.rollback), y(0.0)
    parts = [
        f'<rect class="createos-zone-promote" x="0" y="0" width="{_WIDTH:.0f}" height="{top:.1f}"/>',
        f'<rect class="createos-zone-rollback" x="0" y="{bottom:.1f}" width="{_WIDTH:.0f}" '
        f'height="{_HEIGHT - bottom:.1f}"/>',
        f'<path class="createos-rule" d="M0 {zero:.1f}H{_WIDTH:.0f}"/>',
        f'<path class="createos-edge-promote" d="M0 {top:.1f}H{_WIDTH:.0f}"/>',
        f'<path class="createos-edge-rollback" d="M0 {bottom:.1f}H{_WIDTH:.0f}"/>',
    ]
    labels = [
        _label(100 * top / _HEIGHT, "Promote", "createos-above"),
        _label(100 * bottom / _HEIGHT, "Roll back", ""),
    ]
    said = "NO DATA: no minute could be judged yet"
    if verdict is not None:
        said = _sentence(verdict, alpha, beta)
        drawn, more = _lines(verdict, axis, x, y)
        parts += drawn
        labels += more
    scale = [
        f'<span style="top:{100 * at / _HEIGHT:.2f}%">{text}</span>'
        for at, text in ((top, number(1 / beta)), (zero, "1"), (bottom, number(1 / alpha)))
    ]
    ticks = "".join(
        f'<span class="createos-at" style="left:{100 * x(moment) / _WIDTH:.2f}%">{moment:%H:%M}</span>'
        for moment in _ticks(begin, latest)
    )
    nothing = (
        ""
        if verdict is not None
        else '<div class="createos-evidence-none">NO DATA: no minute could be judged yet</div>'
    )
    return Html(
        f'<div class="createos-evidence-chart" role="img" aria-label="{escaped(said)}">'
        f'<div class="createos-evidence-scale">{"".join(scale)}</div><div class="createos-evidence-plot">'
        f'<svg viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" preserveAspectRatio="none" aria-hidden="true">'
        f"{''.join(parts)}</svg>{''.join(labels)}{nothing}</div>"
        f'<div class="createos-evidence-times">{ticks}</div></div>'
    )


def _lines(verdict: ReleaseVerdict, axis: Axis, x: Any, y: Any) -> tuple[list[str], list[str]]:
    """The warm-up, both lines, the points of now, and what is written beside them."""
    path = verdict.path
    bucket = pd.Timedelta(seconds=verdict.bucket_seconds)
    known = path["old_requests"].notna()
    parts: list[str] = []
    labels: list[str] = []
    warming = known & ~path["judged"]
    if bool(warming.any()):
        start, end = path.index[warming][0], path.index[warming][-1] + bucket
        parts.append(
            f'<rect class="createos-evidence-warm-up" x="{x(start):.1f}" y="0" width="{x(end) - x(start):.1f}" '
            f'height="{_HEIGHT:.0f}"/>'
        )
        labels.append(
            f'<span class="createos-evidence-aside" style="left:{100 * x(start) / _WIDTH:.2f}%">warm-up</span>'
        )
    # as of the rollback, which is final: what came after it counts no more
    until = len(path) if verdict.decision != "rollback" else int(path["decision"].eq("rollback").argmax()) + 1
    ends: list[Any] = [moment + bucket for moment in path.index[:until]]
    for values, sign, kind in (
        (path["evidence_promote"], 1.0, "promote"),
        (to_roll_back(path), -1.0, "rollback"),
    ):
        logs = sign * np.maximum(np.log10(np.maximum(values.to_numpy(dtype=float)[:until], 1e-300)), 0.0)
        points = [(x(path.index[0]), y(0.0)), *((x(end), y(value)) for end, value in zip(ends, logs, strict=True))]
        gaps = [False, *(~known.to_numpy()[:until])]
        parts.append(f'<path class="createos-evidence-line createos-evidence-{kind}" d="{_path(points, gaps)}"/>')
    last = int(np.flatnonzero(known.to_numpy()[:until])[-1]) if bool(known[:until].any()) else 0
    leans = _latest(verdict)
    now = math.log10(max(leans[1], 1.0)) if leans[1] >= leans[0] else -math.log10(max(leans[0], 1.0))
    left = 100 * x(ends[last]) / _WIDTH
    parts.append(f'<path class="createos-evidence-now" d="M{x(ends[last]):.1f} 0V{_HEIGHT:.0f}"/>')
    word = "roll back" if verdict.decision == "rollback" else "now"
    side = " createos-left-of" if left > 70 else ""
    labels.append(
        f'<b class="createos-evidence-dot" style="left:{left:.2f}%;top:{100 * y(now) / _HEIGHT:.2f}%"></b>'
        f'<span class="createos-evidence-word{side}" style="left:{left:.2f}%;top:{100 * y(now) / _HEIGHT:.2f}%">{word} '
        f"{ends[last]:%H:%M}</span>"
    )
    return parts, labels


def _path(points: list[tuple[float, float]], gaps: list[bool]) -> str:
    """A line that is not drawn into what is not known."""
    text, pen = "", False
    for (x, y), gap in zip(points, gaps, strict=True):
        if gap:
            pen = False
            continue
        text += f"{'L' if pen else 'M'}{x:.1f} {y:.1f}"
        pen = True
    return text


def _label(top: float, text: str, kind: str) -> str:
    return f'<span class="createos-evidence-zone {kind}" style="top:{top:.2f}%">{text}</span>'


def _ticks(begin: Any, latest: Any) -> list[Any]:
    """Whole times to label, four or five of them."""
    minutes = (latest - begin).total_seconds() / 60
    steps = (5, 10, 15, 30, 60, 120, 180, 360, 720, 1440)
    step = next((step for step in steps if minutes / step <= 5), steps[-1])
    return list(pd.date_range(begin.ceil(f"{step}min"), latest, freq=f"{step}min"))[:8]


def _sentence(verdict: ReleaseVerdict, alpha: float, beta: float) -> str:
    """The finding of the chart."""
    back, well = _latest(verdict)
    start, end = verdict.path.index[0], verdict.path.index[-1] + pd.Timedelta(seconds=verdict.bucket_seconds)
    return (
        f"Evidence from {format_time(start)} to {format_time(end)}: to roll back {number(back)} of "
        f"{number(1 / alpha)}, to promote {number(well)} of {number(1 / beta)}; {verdict.decision}"
    )
