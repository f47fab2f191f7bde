"""What was changed, and when: as far as the times of resources and the log's starts say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import pandas as pd

#: An environment that changed so soon after its live version was ready was changed by its assignment.
_ASSIGNED_WITHIN: Final = pd.Timedelta("2h")
#: Two times of the same act differ by less.
_SLACK: Final = pd.Timedelta("90s")


@dataclass(frozen=True)
class Change:
    """One change.

    Attributes:
        time: when it was made (UTC).
        kind: "release" (another version became live), "configuration" (variables or resources of the environment),
            "environment" (one of the two: the platform keeps only the time) or "settings" (of the project).
        text: what it was, in a few words.
        version: the version that is live since; None where the change was none of versions.
    """

    time: pd.Timestamp
    kind: Literal["release", "configuration", "environment", "settings"]
    text: str
    version: int | None = None


def changes_of(project: pd.Series, environment: pd.Series, live: pd.Series | None, starts: pd.Series) -> list[Change]:
    """Return the changes that an environment shows, newest first.

    The platform keeps one time for an environment, that of its last change. It was the assignment of the live version
    where that had become ready not long before, and a change of variables or resources where the log shows the same
    version running before; else it may have been either.

    Args:
        project: Row of the project.
        environment: Row of the environment.
        live: Row of the live deployment, None if there is none or it could not be read.
        starts: Versions that the log says were started, by time.

    Returns:
        The changes.
    """
    found: list[Change] = []
    changed, made = environment["updated_at"], environment["created_at"]
    if live is not None and pd.notna(live["version_number"]):
        version = int(live["version_number"])
        ready = live["updated_at"] if pd.notna(live["updated_at"]) else live["created_at"]
        release = Change(ready, "release", f"version {version} became live", version)
        if pd.notna(changed) and pd.notna(ready) and changed >= ready - _SLACK:
            ran_before = (starts[starts.index < changed - _SLACK] == str(version)).any()
            if ran_before:
                found.append(Change(changed, "configuration", "variables or resources were changed"))
                found.append(release)
            elif changed - ready <= _ASSIGNED_WITHIN:
                found.append(Change(changed, "release", f"version {version} became live", version))
            else:
                text = f"version {version} was assigned, or variables or resources were changed"
                found.append(Change(changed, "environment", text, version))
                found.append(release)
        elif pd.notna(ready):
            found.append(release)
    elif pd.notna(changed) and (pd.isna(made) or changed - made > _SLACK):
        found.append(Change(changed, "environment", "the environment was changed"))
    settings, created = project["updated_at"], project["created_at"]
    if pd.notna(settings) and (pd.isna(created) or settings - created > _SLACK):
        found.append(Change(settings, "settings", "the project's settings were changed"))
    return sorted(found, key=lambda change: change.time, reverse=True)
