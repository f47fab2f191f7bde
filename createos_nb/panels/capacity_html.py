"""Load beside what replicas have been shown to carry, with the number that is planned drawn in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from createos_nb.html import escaped
from createos_nb.panels.icons import icon, tag

if TYPE_CHECKING:
    from createos_nb.analysis import ReplicasAdvice

#: The most replicas that the platform gives.
_MOST: Final = 3


def capacity_html(advice: ReplicasAdvice, current: int, planned: int, *, other: bool = False) -> str:
    """Return a bar for each number of replicas, with lines where the load is.

    Args:
        advice: The load, and what a replica has carried while the target was met.
        current: The replicas that there are.
        planned: The replicas that are planned.
        other: Whether CPU or memory would be others, so that a replica would not be the same.

    Returns:
        The markup.
    """
    if math.isnan(advice.peak):
        return '<p class="createos-muted">No requests are known since the last change, so no load either.</p>'
    if math.isnan(advice.demonstrated):
        return (
            f"<h4>Load and demonstrated capacity</h4><p>{advice.q99:,.0f} requests/min 99 % of the time, "
            f"{advice.peak:,.0f} at most; at no load was the target met, so nothing is demonstrated.</p>"
        )
    most = 1.05 * max(advice.peak, _MOST * advice.demonstrated)
    lines = "".join(
        f'<i class="createos-load createos-load-{kind}" style="left:{100 * value / most:.2f}%"></i>'
        for kind, value in (("usual", advice.q99), ("peak", advice.peak))
    )
    rows = "".join(_row(number, advice, current, planned, most, lines) for number in range(1, _MOST + 1))
    legend = (
        f'<div class="createos-note"><i class="createos-key"></i> load, 99 % of the time below '
        f"{advice.q99:,.0f} requests/min · "
        f'<i class="createos-key createos-load-peak"></i> peak {advice.peak:,.0f}</div>'
    )
    label = f"Demonstrated capacity of 1 to {_MOST} replicas against the load. {_sentence(advice, planned)}"
    return (
        '<div class="createos-capacity"><h4>Load and demonstrated capacity</h4>'
        f'<div role="img" aria-label="{escaped(label)}">{rows}{legend}</div>{_verdict(advice, planned, other)}</div>'
    )


def _row(number: int, advice: ReplicasAdvice, current: int, planned: int, most: float, lines: str) -> str:
    carried = number * advice.demonstrated
    tags = [tag("now")] if number == current else []
    tags += [tag("planned", "accent")] if number == planned != current else []
    short = " createos-short" if carried < advice.q99 else ""
    chosen = " createos-planned" if number == planned else ""
    return (
        f'<div class="createos-capacity-row{chosen}"><span>{number} {_replicas(number)} {"".join(tags)}</span>'
        f'<span class="createos-bar-track"><b class="{short.strip()}" style="width:{100 * carried / most:.2f}%"></b>'
        f"{lines}</span><span>{carried:,.0f}/min</span></div>"
    )


def _sentence(advice: ReplicasAdvice, planned: int) -> str:
    carried = planned * advice.demonstrated
    shown = f"{planned} {_replicas(planned)} {'have' if planned > 1 else 'has'} been shown to carry {carried:,.0f}"
    if carried >= advice.peak:
        return f"{shown} requests/min, more than the peak of {advice.peak:,.0f}."
    if carried >= advice.q99:
        return f"{shown} requests/min: enough for 99 % of the time, and less than the peak of {advice.peak:,.0f}."
    seen = "more load made more errors" if advice.limit_seen else "more was not tried"
    return f"{shown} requests/min, less than the {advice.q99:,.0f} that come; {seen}."


def _verdict(advice: ReplicasAdvice, planned: int, other: bool) -> str:
    enough = planned * advice.demonstrated >= advice.q99
    lines = [(enough, _sentence(advice, planned))]
    if other:
        lines.append((False, "With other CPU or memory nothing is demonstrated: a replica may carry another load."))
    return "".join(
        f'<p class="createos-condition createos-condition-{"ok" if good else "warning"}">'
        f"{icon('ok' if good else 'warning')}<span>{escaped(text)}</span></p>"
        for good, text in lines
    )


def _replicas(number: int) -> str:
    return "replica" if number == 1 else "replicas"
