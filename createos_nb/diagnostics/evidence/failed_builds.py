"""Deployments that did not come to run, and why by their build logs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from createos_nb.diagnostics.evidence.build_signals import BuildSignal, read_build

_FAILED: Final = ("build_error", "error", "crashing")
_UNFINISHED: Final = ("queue", "building", "deploying", "cancelled", "terminating")
#: So many build logs are read at most.
_MOST: Final = 2


@dataclass(frozen=True)
class FailedBuild:
    """A deployment that did not come to run.

    Attributes:
        row: its row.
        signal: why, by its build log; None if that could not be read.
        last_good: the newest version before it that was deployed; None if there was none.
        before: its row.
        failures: how many versions in a row have failed.
    """

    row: pd.Series
    signal: BuildSignal | None
    last_good: int | None
    before: pd.Series | None
    failures: int

    @property
    def version(self) -> int:
        """Return the number of the version."""
        return int(self.row["version_number"])


def failed_builds(
    deployments: pd.DataFrame,
    branch: Any,
    live: pd.Series | None,
    lines_of: Callable[[pd.Series], pd.DataFrame | None],
) -> list[FailedBuild]:
    """Return the newest deployment of each branch, where it has failed.

    Args:
        deployments: The newest deployments of a project.
        branch: Only of this branch; of all where it is no text.
        live: The live deployment, which is left out: its own log tells more than its build's.
        lines_of: Reads the build log of a row; None where it can't be read.

    Returns:
        At most two.
    """
    rows = deployments.sort_values("version_number", ascending=False, kind="stable")
    if isinstance(branch, str) and branch:
        rows = rows[rows["source_branch"].isna() | (rows["source_branch"] == branch)]
    found: list[FailedBuild] = []
    for _, group in rows.groupby(rows["source_branch"].fillna("").astype(str), sort=False):
        ended = group[~group["status"].isin(_UNFINISHED)]
        if not len(ended) or ended.iloc[0]["status"] not in _FAILED:
            continue
        row = ended.iloc[0]
        if live is not None and row["id"] == live["id"]:
            continue
        good = ended[~ended["status"].isin(_FAILED)]
        last = int(good["version_number"].max()) if len(good) else None
        failures = int((ended["version_number"] > (last or 0)).sum())
        lines = lines_of(row)
        signal = None if lines is None else read_build(lines["text"].fillna("").astype(str))
        found.append(FailedBuild(row, signal, last, good.iloc[0] if len(good) else None, failures))
        if len(found) == _MOST:
            break
    return found
