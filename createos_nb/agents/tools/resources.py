"""Lists of resources, and single ones."""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from createos_nb.agents.answer import Answer
from createos_nb.agents.context import ToolContext
from createos_nb.agents.tool import tool
from createos_nb.errors import InvalidInput

Kind = Literal[
    "projects",
    "environments",
    "deployments",
    "domains",
    "cronjobs",
    "apps",
    "api_keys",
    "scans",
    "webhooks",
    "quotas",
]
One = Literal["project", "environment", "deployment", "cronjob"]
#: Columns that come first, where a list has them; then those that hold anything.
_FIRST = ("project", "unique_name", "name", "display_name", "version_number", "status", "state", "type")


@tool()
def list_resources(
    context: ToolContext, kind: Kind, project: str | None = None, columns: list[str] | None = None, offset: int = 0
) -> Answer:
    """List projects, environments, deployments, domains, cron jobs, apps, API keys, scans, webhooks or quotas.

    Args:
        context: what tools share.
        kind: what to list.
        project: only of this one; for cron jobs it is needed.
        columns: only these; by default those with a value.
        offset: rows to leave out.

    Returns:
        a row for each.
    """
    frame = _listed(context.client, kind, project)
    attrs = frame.attrs
    if columns:
        if unknown := [name for name in columns if name not in frame]:
            raise InvalidInput(f"{kind} have no column {unknown[0]!r}; they have: {', '.join(map(str, frame.columns))}")
        chosen = list(columns)
    else:
        filled = [name for name in frame.columns if frame[name].notna().any()]
        chosen = sorted(filled, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))
    frame = frame[chosen]
    frame.attrs = attrs
    return Answer({"kind": kind}, frame)


@tool()
def get_resource(context: ToolContext, kind: One, name: str, project: str | None = None) -> Answer:
    """Read one resource with all that is known of it; values of variables are dots.

    Args:
        context: what tools share.
        kind: what it is.
        name: its name or id; of a deployment its version number or id.
        project: that it is of; needed for all but a project.

    Returns:
        its fields.
    """
    client = context.client
    if kind != "project" and project is None:
        raise InvalidInput(f"get_resource: give the project that the {kind} is of")
    if kind == "project":
        row = client.projects.get(name)
    else:
        version: Any = int(name) if kind == "deployment" and name.isascii() and name.isdecimal() else name
        row = getattr(client, f"{kind}s").get(project, version)
    return Answer({"kind": kind, **{str(key): value for key, value in row.items()}})


def _listed(client: Any, kind: Kind, project: str | None) -> pd.DataFrame:
    if kind == "projects":
        frame: pd.DataFrame = client.fleet.projects()
    elif kind == "cronjobs":
        if project is None:
            raise InvalidInput("list_resources: cron jobs are listed by project: give one")
        frame = client.cronjobs.list(project)
    elif kind in ("environments", "deployments", "domains", "scans"):
        frame = getattr(client.fleet, kind)(projects=project)
    elif kind == "quotas":
        record = client.account.quotas()
        frame = pd.DataFrame([record.to_dict()]) if isinstance(record, pd.Series) else record
    else:
        frame = getattr(client, kind).list()
    return frame
