"""Names are made of the app, the service and the environment."""

from __future__ import annotations

from collections.abc import Iterator

from createos_nb.diagnostics.evidence.account import ProjectEvidence
from createos_nb.diagnostics.practices._practice import Outcome
from createos_nb.diagnostics.practices._support import slug, text

GROUP = "order"
SEVERITY = "low"
SCOPE = "project"
ASKS = "names as {app}-{service}-{env}"


def look(project: ProjectEvidence) -> Iterator[Outcome]:
    """Hold the project's name, or those of its environments, against the name of its app.

    An environment's name stands behind that of its project in what people read, so that {app}-{service} is enough for
    a project whose environments are called by what they are for.
    """
    app, apps = text(project.row, "app_id"), project.account.apps
    if not app:
        yield Outcome(None, "it is in no app whose name it could begin with")
        return
    rows = None if apps is None else apps.loc[apps["id"] == app, "name"]
    if rows is None or rows.empty:
        yield Outcome(None, "the name of its app can't be read")
        return
    begin = slug(str(rows.iloc[0]))
    own = project.name.lower()
    environments = [one.name for one in project.environments or ()]
    if own == begin or own.startswith(f"{begin}-"):
        yield Outcome(True, f"{project.name} begins with {begin}, as its app {rows.iloc[0]} does")
    elif environments and all(name.lower().startswith(f"{begin}-") for name in environments):
        yield Outcome(True, f"its environments begin with {begin}: {', '.join(environments)}")
    else:
        yield Outcome(
            False,
            f"{project.name} is in the app {rows.iloc[0]}, and does not begin with {begin}-",
            "A unique name can't be changed: accept it with a reason, or name the project so when it is made anew.",
        )
