"""Before and after of a rollback, and what is verified afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from createos_nb.checks import FAIL, NO_DATA, PASS, Check, Checks, Result
from createos_nb.html import Html, code, escaped, html_table
from createos_nb.panels import markup
from createos_nb.panels.chart.scales import format_value
from createos_nb.panels.icons import icon, status
from createos_nb.panels.rollback_versions import Share
from createos_nb.panels.version_picker import day, message_of


def before_after_html(facts: Mapping[str, Any], share: Share, row: Mapping[str, Any]) -> str:
    """Return what is live beside what would be, with what is expected of it: as it was when it last served."""
    since = facts["live_since"]
    told = f"before: {facts['live']}{f' since {day(since)} UTC' if since is not None else ''}"
    told += f" · after: expected, as {row['version']} was in its last hours"
    expected = row["server_error_percentage"]
    known = not pd.isna(expected)
    better = bool(known and share.requests and share.low > float(expected))
    after = ("not known", "not known")
    if known:
        failed = round(float(expected) * row["requests"] / 100)
        after = (format_value(float(expected), "%"), f"{failed:,} of {row['requests']:,}")
    commits = message_of(facts["live_source"])[0], message_of(str(row["source"]))[0]
    return _pairs(facts["live"], row["version"], told, _texts(share), after, better=better, commits=commits)


def measured_html(before: str, was: Share, after: str, now: Share, since: pd.Timestamp) -> str:
    """Return how a rollback has changed the server errors, as far as that is measured."""
    told = f"before: {before} · after: measured since {day(since)} UTC"
    better = bool(was.requests and now.requests and now.high < was.percentage)
    return _pairs(before, after, told, _texts(was), _texts(now), better=better)


def _texts(share: Share) -> tuple[str, str]:
    if not share.requests:
        return "no data", "no data"
    return format_value(share.percentage, "%"), f"{share.errors:,} of {share.requests:,}"


def _pairs(
    before: str,
    after: str,
    told: str,
    was: tuple[str, str],
    now: tuple[str, str],
    *,
    better: bool,
    commits: tuple[str, str] = ("", ""),
) -> str:
    figures: list[tuple[str, str, str]] = [
        ("Server errors", _figure(was[0], "down" if better else ""), _figure(now[0], "ok" if better else "")),
        ("Failed requests", was[1], now[1]),
    ]
    if all(commits):
        figures.append(("Commit", code(commits[0]), code(commits[1])))
    cells = "".join(
        f'<span class="createos-note">{escaped(label)}</span><span>{escaped(left)}</span>{icon("arrow")}'
        f"<span>{escaped(right)}</span>"
        for label, left, right in figures
    )
    head = (
        f'<h4>{escaped(before)} {icon("arrow")} {escaped(after)}</h4><span class="createos-note">{escaped(told)}</span>'
    )
    return f'<div class="createos-before-after"><div>{head}</div><div class="createos-pairs">{cells}</div></div>'


def _figure(text: str, state: str) -> Html:
    color = f" createos-is-{state}" if state else ""
    return Html(f'<span class="createos-figure{color}">{escaped(text)}</span>')


def errors_check(before: str, was: Share, now: Share, expected: float | None) -> Check:
    """Return whether fewer requests fail than did with the version before.

    PASS where the upper bound of the share now is below the share then; FAIL where it isn't, and the lower bound is
    above what is expected; else NO DATA: too few requests to tell.
    """
    claim = f"fewer requests fail than with {before}"
    if not was.requests or not now.requests:
        return Check(claim, NO_DATA, "no requests are known yet" if was.requests else f"{before} had no requests")
    figure = f"{format_value(now.percentage, '%')} of {now.requests:,} ({format_value(now.low, '%')} to "
    figure += f"{format_value(now.high, '%')}); with {before} {format_value(was.percentage, '%')}"
    threshold = f"upper bound below {format_value(was.percentage, '%')}"
    result: Result = NO_DATA
    if now.high < was.percentage:
        result = PASS
    elif now.low > (was.percentage if expected is None else min(expected, was.percentage)):
        result = FAIL
    return Check(claim, result, figure if result != NO_DATA else f"{figure}: too few to tell", threshold)


def verification_html(checks: Checks, version: str) -> str:
    """Return claims with their results, under a sentence."""
    sentence = {
        PASS: f"Verified: {version} is live and the errors are gone",
        FAIL: f"Not verified: the rollback to {version} has not mended it",
        NO_DATA: f"Not verified yet: {version} has too few requests",
    }[checks.result]
    rows = [[status(check.result), _capital(check.claim), check.figure, check.threshold] for check in checks]
    table = html_table(rows, ["Result", "Claim", "Found", "Passes if"])
    return (
        f'<div class="createos-verified"><h4 class="createos-result">{status(checks.result)}'
        f"<span>{escaped(sentence)}</span></h4>{markup.scrolled(table, 'Claims')}</div>"
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
