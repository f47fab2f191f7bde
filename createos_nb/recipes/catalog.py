"""The catalog of the recipes: what each sets, and what it needs."""

from __future__ import annotations

from typing import Final

import pandas as pd

from createos_nb.dtypes import TEXT
from createos_nb.extensions import problems
from createos_nb.naming import snake
from createos_nb.recipes.extensions import added
from createos_nb.recipes.patterns import (
    AGENT,
    APP,
    DISCORD_BOT,
    MCP_SERVER,
    ORCHESTRATOR,
    RAG_SERVICE,
    SLACK_BOT,
    WORKERS,
    Pattern,
    is_documented,
    worker_variable,
)

_OURS: Final = "createos_nb"
_DOCUMENTATION: Final = "documentation"


def catalog() -> pd.DataFrame:
    """Return what each recipe sets, and which variables it needs; those that packages add come last.

    Returns:
        One row for each setting and variable: recipe, kind (setting, variable), name, value (NA: it has to be given, or
        is known only once the plan is applied), needed (boolean: it has to be given), origin (documentation,
        createos_nb, or name and version of a package), purpose (str; of a setting that is not the documentation's the
        reason for it, else NA). `attrs["missing"]` says which recipes of packages can't be used, and why;
        `attrs["complete"]` that there are none such.

    Examples:
        >>> found = createos_nb.recipes.catalog()
        >>> found[found["needed"] & (found["recipe"] == "rag_service")]["name"].tolist()
        ['PINECONE_API_KEY', 'OPENAI_API_KEY']
    """
    rows = [row for pattern in (AGENT, MCP_SERVER, RAG_SERVICE) for row in _rows(pattern)]
    rows += _rows(DISCORD_BOT)
    known = {name for _, _, name, *_ in _rows(DISCORD_BOT)}
    rows += [row for row in _rows(SLACK_BOT) if row[2] not in known]
    rows.append(("multi_agent", "setting", "app", APP, False, _DOCUMENTATION, None))
    rows += [
        (
            "multi_agent",
            "variable",
            worker_variable(worker),
            None,
            False,
            _DOCUMENTATION,
            f"address of {worker}, for {ORCHESTRATOR}: read when {worker} is there",
        )
        for worker in WORKERS
    ]
    found = added()
    for one in found:
        if not one.problem:
            rows += [(one.name, *row[1:5], one.package, row[6]) for row in _rows(one.value)]
    frame = pd.DataFrame(rows, columns=["recipe", "kind", "name", "value", "needed", "origin", "purpose"])
    texts = dict.fromkeys(frame.columns, TEXT)
    frame = frame.astype(texts | {"needed": "boolean"})
    missing = problems(found)
    frame.attrs = {"complete": not missing, "missing": missing}
    return frame


Row = tuple[str, str, str, str | None, bool, str, str | None]


def _rows(pattern: Pattern) -> list[Row]:
    port = str(pattern.settings["port"].value)
    rows: list[Row] = []
    for name, setting in pattern.settings.items():
        origin = _DOCUMENTATION if is_documented(setting) else _OURS
        reason = None if is_documented(setting) else setting.reason.removeprefix("createos_nb: ")
        value = str(setting.value).replace("{port}", port)
        rows.append((pattern.name, "setting", snake(name), value, False, origin, reason))
    for name, variable in pattern.variables.items():
        purpose = variable.purpose
        if variable.only_with is not None:
            purpose += f"; where {variable.only_with[0]} is {variable.only_with[1]}"
        rows.append(
            (pattern.name, "variable", name, variable.default, variable.default is None, variable.origin, purpose)
        )
    return rows
