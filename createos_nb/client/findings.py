"""The findings of a scan's report, and how bad they are; every scanner has its own spelling."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pandas as pd

#: How bad a finding is, worst first; what a scanner calls otherwise comes after them.
SEVERITIES: Final = ("critical", "high", "medium", "low")
#: What scanners call findings that are less than low.
BELOW_LOW: Final = frozenset({"negligible", "info", "informational", "none"})
_LISTS: Final = ("vulnerabilities", "findings", "Vulnerabilities")


def findings_in(report: Any) -> Iterator[Mapping[str, Any]]:
    """The findings, wherever the scanner's report keeps its lists of them."""
    for listed in _lists(report):
        yield from (finding for finding in listed if isinstance(finding, Mapping))


def _lists(report: Any) -> Iterator[list[Any]]:
    if isinstance(report, Mapping):
        for name, value in report.items():
            if name in _LISTS and isinstance(value, list):
                yield value
            else:
                yield from _lists(value)
    elif isinstance(report, list):
        for item in report:
            yield from _lists(item)


def severity_counts(report: Any) -> dict[str, int] | None:
    """Findings of a report by severity, in lower case; None where it says nothing of findings.

    Where its summary and its list differ, the higher count of each severity holds.
    """
    lists = list(_lists(report))
    listed = Counter(str(finding.get("severity") or "unknown").lower() for finding in findings_in(report))
    summary = report.get("summary") if isinstance(report, Mapping) else None
    counted = {
        str(name).lower(): value
        for name, value in (summary.items() if isinstance(summary, Mapping) else ())
        if isinstance(value, int) and not isinstance(value, bool) and str(name).lower() != "total"
    }
    if not lists and not counted:
        return None
    return {name: max(listed[name], counted.get(name, 0)) for name in (*SEVERITIES, *sorted({*listed, *counted}))}


def by_severity(findings: pd.DataFrame) -> pd.DataFrame:
    """Sort findings, worst first; what has another severity than the usual comes last."""
    order = {name: position for position, name in enumerate(SEVERITIES)}
    rank = findings["severity"].str.lower().map(order).fillna(len(order))
    return findings.iloc[rank.argsort(kind="stable")].reset_index(drop=True)


def counts_of(findings: pd.DataFrame) -> dict[str, int]:
    """Count the findings of each severity, and of any other."""
    severities = findings["severity"].str.lower()
    counts = {name: int((severities == name).sum()) for name in SEVERITIES}
    return {**counts, "other": len(findings) - sum(counts.values())}
