"""Two lanes: a domain leads its users to one side, and the other one stands by.

The platform can't split traffic: a domain is switched as a whole, and no lane shows a share.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from createos_nb.display import format_percent_up
from createos_nb.html import Html, escaped
from createos_nb.panels.icons import icon, tag
from createos_nb.panels.sparkline import sparkline

#: Points of a sparkline.
POINTS: Final = 30
#: Minutes over which the requests per minute of now are averaged.
_RECENT: Final = 5
#: What a sparkline of errors reaches up to at least, so that a single one is a dent.
_FEW_ERRORS: Final = 4.0


@dataclass(frozen=True, eq=False)
class Lane:
    """One side of a domain.

    Attributes:
        name: Name of the environment.
        version: What is live there, such as "v6"; else in words, such as "nothing is live".
        serves: Whether the domain leads to it.
        traffic: Requests over time, as `analytics.requests_over_time` gives them; None where they could not be read.
        about: What else there is to say, such as the message of its commit.
        before: Requests over time while it had users, where it has none any more: its errors are those of then.
    """

    name: str
    version: str
    serves: bool
    traffic: pd.DataFrame | None
    about: str = ""
    before: pd.DataFrame | None = None

    @property
    def per_minute(self) -> float | None:
        """Requests per minute over the last minutes that are over; None without data."""
        counts = self._whole("count").tail(_RECENT).dropna()
        if not len(counts) or self.traffic is None:
            return None
        return float(counts.mean()) * 60 / float(self.traffic.attrs.get("bucket_seconds") or 60)

    @property
    def counts(self) -> tuple[int, int] | None:
        """Server errors and requests of all that is shown, or of before; None without data."""
        traffic = self.traffic if self.before is None else self.before
        if traffic is None or not traffic["count"].notna().any():
            return None
        return int(traffic["status_5xx"].sum()), int(traffic["count"].sum())

    def _whole(self, column: str) -> pd.Series[Any]:
        """A column without the buckets that the window or the present cuts."""
        if self.traffic is None:
            return pd.Series([], dtype="Int64")
        partial = pd.to_datetime(list(self.traffic.attrs.get("partial", ())), utc=True)
        return self.traffic.loc[~self.traffic.index.isin(partial), column]

    def points(self, column: str) -> list[float | None]:
        """A column as at most `POINTS` means, oldest first; None where there is no data."""
        counts = self._whole(column)
        if self.before is not None and column != "count":
            counts = self.before[column]
        if not len(counts):
            return []
        width = -(-len(counts) // POINTS)
        # from the end: a last mean of few counts would look like a change
        means = counts.reset_index(drop=True).groupby(lambda position: (position - len(counts)) // width).mean()
        return [None if pd.isna(value) else float(value) for value in means]


def lanes_html(domain: str, lanes: Sequence[Lane], since: str = "last hour") -> Html:
    """Return where users arrive, and a lane for each side: the one that serves first.

    Args:
        domain: The domain; "" where none leads to either side.
        lanes: Two sides, or one where there is no other.
        since: The time that the errors are counted over, in words.

    Returns:
        The markup; all that came from the platform is escaped.

    Examples:
        >>> from createos_nb.panels.release.lanes import Lane, lanes_html
        >>> sides = [Lane("blue", "v3", True, None), Lane("green", "v4", False, None)]
        >>> "stands by" in lanes_html("shop.example.com", sides)
        True
    """
    ordered = sorted(lanes, key=lambda lane: lane.serves is not True)
    serving = next((lane for lane in ordered if lane.serves), None)
    if domain:
        rate = (
            "no data" if serving is None or serving.per_minute is None else f"{_rate(serving.per_minute)} requests/min"
        )
        host = escaped(domain).replace(".", ".<wbr>")
        source = f'<span class="createos-lane-label">Users arrive at</span><code>{host}</code><span>{rate}</span>'
    else:
        source = '<span class="createos-lane-label">No domain leads here</span><span>each has its own address</span>'
    # one scale for both: what crawlers ask of the side that stands by is next to nothing
    highest = max((point for lane in ordered for point in lane.points("count") if point is not None), default=0.0)
    body = "".join(_lane_html(lane, domain, since, highest) for lane in ordered)
    return Html(
        f'<div class="createos-lanes"><div class="createos-lane-source">{source}</div>'
        f'{_ways(ordered)}<div class="createos-lane-sides">{body}</div></div>'
    )


def _ways(lanes: Sequence[Lane]) -> str:
    """The ways from the domain to the sides: a full line to the one that serves, a dashed one to the other."""
    ends = (80,) if len(lanes) == 1 else (40, 120)
    full = 'stroke="var(--cn-series)" stroke-width="4"'
    dashed = 'stroke="var(--cn-edge)" stroke-width="1.2" stroke-dasharray="3 3"'
    lines = "".join(
        f'<path d="M0 80C26 80 16 {end} 44 {end}" fill="none" {full if lane.serves else dashed} '
        'vector-effect="non-scaling-stroke"/>'
        for lane, end in zip(lanes, ends, strict=False)
    )
    return (
        '<svg class="createos-lane-ways" viewBox="0 0 44 160" preserveAspectRatio="none" aria-hidden="true">'
        f"{lines}</svg>"
    )


def _lane_html(lane: Lane, domain: str, since: str, highest: float) -> str:
    role = tag("own address only") if not domain else tag("serves users", "accent") if lane.serves else tag("stands by")
    rate, counts = lane.per_minute, lane.counts
    since = since if lane.before is None else "before, with users"
    about = f'<div class="createos-lane-about">{escaped(lane.about)}</div>' if lane.about else ""
    if counts is None:
        label, share, bad = f"Server errors, {since}", f"{icon('unknown')} no data", False
    elif not counts[1]:
        label, share, bad = f"Server errors, {since}", "no requests", False
    else:
        label = f"Server errors, {since}: {counts[0]:,} of {counts[1]:,}"
        share, bad = failing_share(*counts), counts[0] > 0
    figure = f"{icon('unknown')} no data" if rate is None else _rate(rate)
    kind = " createos-lane-serves" if lane.serves else ""
    asked = sparkline(lane.points("count"), highest=highest)
    failed = sparkline(lane.points("status_5xx"), color="error", highest=_FEW_ERRORS) if bad else ""
    return (
        f'<div class="createos-lane{kind}" role="group" aria-label="{escaped(lane.name)}">'
        f'<div class="createos-lane-side"><div><b>{escaped(lane.name)}</b> '
        f'<span class="createos-lane-version">{escaped(lane.version)}</span> {role}</div>{about}</div>'
        f"{_figure_html('Requests per minute', figure, asked)}{_figure_html(label, share, failed)}</div>"
    )


def _figure_html(label: str, figure: str, line: str) -> str:
    small = " createos-lane-words" if not figure[:1].isdigit() else ""
    return (
        f'<div><div class="createos-lane-label">{escaped(label)}</div>'
        f'<div class="createos-lane-figure{small}"><span>{figure}</span>{line}</div></div>'
    )


def failing_share(errors: int, requests: int) -> str:
    """Return the share of requests that failed, in two significant digits, rounded up.

    Args:
        errors: How many failed.
        requests: Of how many; more than none.

    Returns:
        The text.

    Examples:
        >>> from createos_nb.panels.release.lanes import failing_share
        >>> failing_share(2, 2178), failing_share(0, 2178), failing_share(88, 479)
        ('0.092 %', '0 %', '19 %')
    """
    share = errors / requests
    return format_percent_up(share, digits=max(1 - math.floor(math.log10(100 * share)), 0) if share else 0)


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == round(value) else f"{value:.1f}"
