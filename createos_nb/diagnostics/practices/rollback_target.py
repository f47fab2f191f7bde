"""Earlier deployments are kept for a rollback."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from createos_nb.diagnostics.evidence.account import EnvironmentEvidence
from createos_nb.diagnostics.practices._practice import Outcome
from createos_nb.diagnostics.practices._support import text

GROUP = "reliability"
SEVERITY = "medium"
SCOPE = "environment"
ASKS = "keep earlier deployments for rollback"


def look(environment: EnvironmentEvidence) -> Iterator[Outcome]:
    """Look for a version before the live one that could be assigned at once."""
    if not environment.is_live:
        return
    rows, version = environment.project.deployments, environment.version
    if rows is None or version is None:
        yield Outcome(None, "the deployments can't be read, or what is live has no number")
        return
    older = rows[rows["version_number"] < version]
    branch = text(environment.row, "branch")
    if branch:
        older = older[older["source_branch"].isna() | (older["source_branch"] == branch)]
    kept = older[older["status"].isin(["deployed", "sleeping"])]
    of = f" of {branch}" if branch else ""
    if len(kept):
        newest = kept.sort_values("version_number").iloc[-1]
        yield Outcome(
            True, f"v{newest['version_number']} is {newest['status']}, and could be assigned: v{version} is live"
        )
    elif environment.project.has_older:
        yield Outcome(None, f"none of the {len(rows)} newest deployments could be assigned; older ones were not read")
    elif not _came_before(rows, older, version):
        yield Outcome(True, f"v{version} is the first version{of}: there is nothing to keep yet")
    else:
        why = f"{len(older)} earlier failed" if len(older) else "those before it were deleted"
        yield Outcome(
            False,
            f"v{version} is live, and no earlier version{of} is left that could be assigned: {why}",
            "Keep the next version that serves well: do not delete it when another one replaces it.",
        )


def _came_before(rows: pd.DataFrame, older: pd.DataFrame, version: int) -> bool:
    """Return whether a version of the branch failed before, or versions before the live one are gone."""
    return len(older) > 0 or len(rows[rows["version_number"] < version]) < version - 1
