"""Apps group what belongs together."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from createos_nb.diagnostics.evidence.account import ProjectEvidence
from createos_nb.diagnostics.practices._practice import Outcome
from createos_nb.diagnostics.practices._support import slug, text

GROUP = "order"
SEVERITY = "low"
SCOPE = "project"
ASKS = "apps group what belongs together"


def look(project: ProjectEvidence) -> Iterator[Outcome]:
    """Look whether the project is in an app; where not, what says that it belongs to another project's."""
    apps = project.account.apps
    app = text(project.row, "app_id")
    if app:
        yield Outcome(True, f"it is in {_name_of(apps, app)}")
        return
    if len(project.account.rows) == 1:
        yield Outcome(True, "it is the only project of the account")
        return
    for name, group in _begins_like(project, apps):
        fix = f"client.apps.add_projects({group!r}, projects=[{project.name!r}])"
        yield Outcome(False, f"it is in no app, and its name begins like {name}", f"Put it there: {fix}.")
        return
    for other, variable, of in _named(project):
        there = text(other.row, "app_id")
        group = _name_of(apps, there) if there else "an app"
        fix = f"client.apps.add_projects({group!r}, projects=[{project.name!r}])" if there else "client.apps.create"
        yield Outcome(
            False,
            f"it is in no app, and {variable} of {of.name} names {other.name if of is project else project.name}",
            f"Put both into one: {fix}.",
        )
        return
    yield Outcome(None, "it is in no app; what it belongs to, neither its name nor a variable says")


def _name_of(apps: pd.DataFrame | None, app: str) -> str:
    rows = None if apps is None else apps.loc[apps["id"] == app, "name"]
    return "an app" if rows is None or rows.empty else str(rows.iloc[0])


def _begins_like(project: ProjectEvidence, apps: pd.DataFrame | None) -> Iterator[tuple[str, str]]:
    for name in () if apps is None else apps["name"].dropna():
        if slug(name) and project.name.lower().startswith(f"{slug(name)}-"):
            yield f"the app {name}", str(name)


def _named(project: ProjectEvidence) -> Iterator[tuple[ProjectEvidence, str, ProjectEvidence]]:
    """Return other projects whose address a variable of this one holds, or that hold this one's; never a value."""
    for other in project.account.projects:
        if other is project:
            continue
        for owner, named in ((project, other), (other, project)):
            address = re.compile(rf"//(?:[^/@\s]*@)?{re.escape(named.name)}[.:/]", re.IGNORECASE)
            maps = [owner.variables, *(one.variables for one in owner.environments or ())]
            names = {name for values in maps for name, value in values.items() if address.search(value.reveal())}
            for name in sorted(names):
                yield other, name, owner
                break
