"""The reference: every column of every table with its type, meaning and unit, made from the declarations."""

from __future__ import annotations

from typing import Final

import pandas as pd

from createos_nb import contract
from createos_nb.contract.operation import LogText, Operation, Text, TextOrId
from createos_nb.dtypes import TEXT
from createos_nb.errors import InvalidInput
from createos_nb.frames import schema
from createos_nb.frames.composed import DECLARED, EXTENDED, OWN
from createos_nb.frames.logs import COLUMNS as LOG_COLUMNS
from createos_nb.frames.schema import Schema
from createos_nb.naming import nearest

_LOG: Final = {
    "time": ("datetime64[us, UTC]", "when the line was written, where the line says so", "UTC"),
    "line_number": ("Int64", "number of the line in this answer", ""),
    "stage": ("str", "run, or the stage of the build", ""),
    "level": ("str", "trace, debug, info, warn, error or fatal, where the line says so", ""),
    "text": ("str", "the line, without terminal control sequences", ""),
}


def columns(call: str | None = None) -> pd.DataFrame:
    """Every documented column of every table: its dtype, meaning and unit.

    Args:
        call: A call such as "projects.list"; by default all.

    Returns:
        One row a column: call, column, dtype, meaning, unit (str).

    Raises:
        InvalidInput: There is no such call; the message names those that look like it.

    Examples:
        >>> columns = createos_nb.columns("environments.list").set_index("column")
        >>> columns.loc[["branch", "resources_cpu"], ["dtype", "unit"]]
                       dtype        unit
        column
        branch           str
        resources_cpu  Int64  millicores
    """
    tables = _tables()
    if call is not None and call not in tables:
        suggestion = nearest(call, tables) or ";"
        raise InvalidInput(f"columns: there is no call {call!r}{suggestion} client.operations() lists all")
    rows = [row for name, rows in tables.items() if call in (None, name) for row in rows]
    return pd.DataFrame(rows, columns=["call", "column", "dtype", "meaning", "unit"], dtype=TEXT)


def _tables() -> dict[str, list[tuple[str, str, str, str, str]]]:
    """The columns of every call: first the operations, then what takes more than one of them."""
    tables = {operation.call: columns_of(operation) for operation in declared_operations()}
    for call, (first, like) in EXTENDED.items():
        own = [(call, *facts) for facts in first]
        tables[call] = own + [(call, column, dtype, meaning, unit) for _, column, dtype, meaning, unit in tables[like]]
    for call, of in DECLARED.items():
        tables[call] = _declared_columns(call, schema(of))
    for call, columns in OWN.items():
        tables[call] = [(call, *facts) for facts in columns]
    return tables


def declared_operations() -> list[Operation]:
    """Return all operations, by resource and path."""
    return sorted(
        contract.OPERATIONS.values(), key=lambda operation: (operation.resource, operation.path, operation.method)
    )


def operations_frame() -> pd.DataFrame:
    """Return one row an operation: its name, call, HTTP line, effect, summary, parameters and source (str)."""
    rows = [
        {
            "operation": operation.name,
            "call": operation.call,
            "method": operation.method,
            "path": operation.path,
            "effect": operation.effect,
            "summary": operation.summary,
            "parameters": ", ".join(p.key if p.required else f"[{p.key}]" for p in operation.parameters),
            "source": operation.source,
        }
        for operation in declared_operations()
    ]
    return pd.DataFrame(rows, dtype=TEXT)


def columns_of(operation: Operation) -> list[tuple[str, str, str, str, str]]:
    """Return the columns of an operation's table: call, column, dtype, meaning, unit."""
    answer = operation.answer
    if isinstance(answer, Text):
        return []
    if isinstance(answer, TextOrId):
        return [
            (operation.call, "id", "str", "id of the new deployment; none where there was nothing to do", ""),
            (operation.call, "message", "str", "the platform's sentence, where it gave no id", ""),
        ]
    if isinstance(answer, LogText):
        return [(operation.call, name, *_LOG[name]) for name in LOG_COLUMNS]
    rows = _declared_columns(operation.call, schema(answer.of))
    if operation.call == "analytics.requests_over_time":
        rows[0] = (operation.call, "time", "datetime64[us, UTC]", "start of the bucket; the index of the frame", "UTC")
    if operation.call == "deployments.build_logs":
        rows.insert(3, (operation.call, "level", *_LOG["level"]))
    return rows


def _declared_columns(call: str, declared: Schema) -> list[tuple[str, str, str, str, str]]:
    return [(call, c.name, c.dtype, c.meaning, c.unit) for c in declared.columns if c.into is None]
