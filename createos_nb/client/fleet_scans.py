"""The vulnerability scans of what is live, over all projects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import pandas as pd

from createos_nb import contract
from createos_nb.client.findings import SEVERITIES, severity_counts
from createos_nb.client.session import Session
from createos_nb.dtypes import TEXT
from createos_nb.errors import NotFound

_TEXTS: Final = ("project", "app", "environment", "deployment_id", "scan", "note")
_COUNTS: Final = (*SEVERITIES, "other")
_COLUMNS: Final = (*_TEXTS[:5], *_COUNTS, "scanned", "note")


def scans_of_live(session: Session, project: Any) -> pd.DataFrame:
    """Read the scans of what is live in a project: one row an environment in which something is live.

    `project`: a row with `id`, `unique_name`, `app` and `enabled_security_scan`: where scans are off, none is read.
    """
    environments = contract.Environments(session.execute).list(project.id)
    live = environments.dropna(subset=["project_deployment_id"])
    enabled = project.enabled_security_scan
    off = not pd.isna(enabled) and not enabled
    known: dict[str, dict[str, Any]] = {}
    rows = []
    for place in live.itertuples():
        deployment = str(place.project_deployment_id)
        if deployment not in known:
            known[deployment] = {"scan": "off"} if off else _scan(session, project.id, deployment)
        names = {"project": project.unique_name, "app": project.app}
        facts = {**names, "environment": place.unique_name, "deployment_id": deployment}
        rows.append(facts | known[deployment])
    return scans_frame(rows)


def scans_frame(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Return rows as the frame of `Fleet.scans`."""
    frame = pd.DataFrame(list(rows), columns=list(_COLUMNS))
    frame["scanned"] = pd.to_datetime(frame["scanned"], utc=True).astype("datetime64[us, UTC]")
    return frame.astype(dict.fromkeys(_TEXTS, TEXT) | dict.fromkeys(_COUNTS, "Int64"))


def _scan(session: Session, project: str, deployment: str) -> dict[str, Any]:
    try:
        scan = contract.Security(session.execute).scan(project, deployment)
    except NotFound:
        return {"scan": "none"}
    row = {"scan": scan.get("state", scan["status"]), "scanned": scan["updated_at"], "note": scan["failed_reason"]}
    counts = severity_counts(scan["parsed_report"]) if scan["status"] == "success" else None
    if counts is None:
        return row
    other = sum(count for name, count in counts.items() if name not in SEVERITIES)
    return row | {name: counts[name] for name in SEVERITIES} | {"other": other}
