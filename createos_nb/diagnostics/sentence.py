"""The answer of a diagnosis, as a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from createos_nb.causes import Status
from createos_nb.diagnostics.diagnosis import LIKELY, Confidence, Finding
from createos_nb.diagnostics.evidence.evidence import Evidence
from createos_nb.diagnostics.evidence.figures import clock, errors_text, percent

#: A cause that is still to come.
_AHEAD: Final = {"key_expired": "key about to expire"}
_TITLES: Final[Mapping[Confidence, str]] = {
    "high": "Most likely cause",
    "medium": "Probable cause",
    "low": "Possible cause",
}

#: A change is fresh for so long; from so many requests on no word is made of their number.
_FRESH: Final = pd.Timedelta("2h")
_ENOUGH: Final = 1_000


def sentence(evidence: Evidence, status: Status, found: Sequence[Finding]) -> str:
    """Return what is wrong, the likeliest cause, and what puts it right; or that nothing is, or that it is not known.

    Args:
        evidence: What was read.
        status: The status.
        found: The causes, likeliest first.

    Returns:
        The sentence, and others for what stands beside it.
    """
    where = evidence.where
    likely = [finding for finding in found if finding.weight >= LIKELY]
    if status == "healthy":
        rest = f" But: {_list(evidence, likely)}." if likely else ""
        return f"Nothing is wrong with {where} now.{_ended(evidence)}{_fresh(evidence)}{rest}"
    if status == "unknown" and not likely:
        if evidence.missing:
            return f"Nothing can be said of {where}: {', '.join(evidence.missing)} could not be read."
        return f"Nothing can be said of {where}: nobody has asked for it in the last hour."
    failing = evidence.requests.failing if evidence.environment is not None else 0.0
    if not likely:
        more = f" Least unlikely: {_plain(found[0].cause)}." if found else ""
        figures = errors_text(evidence) if evidence.environment is not None else status
        return f"Something is wrong with {where} and I don't know what: {figures}.{more}"
    first = likely[0]
    more = f" Also: {_list(evidence, likely[1:])}." if len(likely) > 1 else ""
    figures = f" ({percent(failing)} of requests failed in the last ten minutes)" if failing else ""
    return f"{where} is {status}{figures}. {_TITLES[first.confidence]}: {in_words(evidence, first)}. {first.fix}{more}"


def in_words(evidence: Evidence, finding: Finding) -> str:
    """Return a cause with its place, where that is another, and its beginning.

    Args:
        evidence: What was read.
        finding: The cause.

    Returns:
        Such as "bad release since 13:20".
    """
    cause, since = _plain(finding.cause), ""
    if isinstance(finding.since, pd.Timestamp) and finding.since > evidence.now:
        cause = _AHEAD.get(finding.cause, cause)
    elif isinstance(finding.since, pd.Timestamp):
        since = f" since {clock(finding.since, evidence.now)}"
    place = "" if finding.where == evidence.where else f" at {finding.where}"
    return f"{cause}{place}{since}"


def _ended(evidence: Evidence) -> str:
    """Return when more requests failed than usual, where that is over."""
    stretches = evidence.requests.errors if evidence.environment is not None else []
    ended = next((stretch for stretch in stretches if stretch.end is not None), None)
    if ended is None or ended.end is None:
        return ""
    window = f"from {clock(ended.start, evidence.now)} to {clock(ended.end, evidence.now)}"
    return f" {percent(ended.within)} of requests failed {window}."


def _fresh(evidence: Evidence) -> str:
    """Return how a version does that has been live for less than two hours: so few requests tell only so much."""
    change = evidence.changes[0] if evidence.environment is not None and evidence.changes else None
    if change is None or change.kind == "settings" or evidence.now - change.time > _FRESH:
        return ""
    sums = evidence.requests.sums(change.time.floor("min"), evidence.now + _FRESH)
    count, failed = int(sums["count"]), int(sums["status_5xx"])
    text = f" {change.text[0].upper()}{change.text[1:]} at {clock(change.time, evidence.now)}: "
    if not count:
        return f"{text}nobody has asked since then."
    few = f", too few to tell a share below {percent(3 / count)}" if count < _ENOUGH else ""
    return f"{text}{failed:,} of {count:,} requests failed since then{few}."


def _list(evidence: Evidence, findings: Sequence[Finding]) -> str:
    return "; ".join(dict.fromkeys(in_words(evidence, finding) for finding in findings))


def _plain(cause: str) -> str:
    return cause.replace("_", " ")
