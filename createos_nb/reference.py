"""The reference: every column of every table with its type, meaning and unit, made from the declarations."""

from __future__ import annotations

from typing import Final

import pandas as pd

from createos_nb import api
from createos_nb.errors import InvalidInput
from createos_nb.frames import schema
from createos_nb.frames.logs import COLUMNS as LOG_COLUMNS
from createos_nb.operation import LogText, Operation, Text, TextOrId
from createos_nb.words import nearest

_LOG: Final = {
    "time": ("datetime64[us, UTC]", "when the line was written, where the line says so", "UTC"),
    "line_number": ("Int64", "number of the line in this answer", ""),
    "stage": ("str", "run, or the stage of the build", ""),
    "level": ("str", "trace, debug, info, warn, error or fatal, where the line says so", ""),
    "text": ("str", "the line, without terminal control sequences", ""),
}


def columns(call: str | None = None) -> pd.DataFrame:
    """Every documented column: call, column, dtype, meaning, unit; for one call such as "projects.list", or all.

    Raises `InvalidInput` for a call that there is not, with those that look like it.
    """
    calls = sorted(one.call for one in api.OPERATIONS.values())
    if call is not None and call not in calls:
        near = nearest(call, calls) or ";"
        raise InvalidInput(f"columns: there is no call {call!r}{near} client.operations() lists all")
    rows = [row for one in _sorted() if call in (None, one.call) for row in _rows(one)]
    return pd.DataFrame(rows, columns=["call", "column", "dtype", "meaning", "unit"], dtype="str")


def _sorted() -> list[Operation]:
    return sorted(api.OPERATIONS.values(), key=lambda one: (one.noun, one.path, one.method))


def _rows(one: Operation) -> list[tuple[str, str, str, str, str]]:
    answer = one.answer
    if isinstance(answer, Text):
        return []
    if isinstance(answer, TextOrId):
        return [
            (one.call, "id", "str", "id of the new deployment; none where there was nothing to do", ""),
            (one.call, "message", "str", "the platform's sentence, where it gave no id", ""),
        ]
    if isinstance(answer, LogText):
        return [(one.call, name, *_LOG[name]) for name in LOG_COLUMNS]
    found = [(one.call, c.name, c.dtype, c.meaning, c.unit) for c in schema(answer.of).columns if c.into is None]
    if one.call == "analytics.requests_over_time":
        found[0] = (one.call, "time", "datetime64[us, UTC]", "start of the bucket; the index of the frame", "UTC")
    if one.call == "deployments.build_logs":
        found.insert(3, (one.call, "level", *_LOG["level"]))
    return found


def markdown() -> str:
    """The whole reference as one page: each operation's call, line, effect, parameters and columns."""
    lines = [
        "# Reference",
        "",
        "Every operation of the platform and every column of its answer. Made from the declarations in",
        "`createos_nb/api/`; `client.operations()` and `createos_nb.columns()` give the same as DataFrames.",
        "",
    ]
    noun = ""
    for one in _sorted():
        if one.noun != noun:
            noun = one.noun
            lines += [f"## client.{noun}", ""]
        names = [(p.name, "" if p.required else " (may be left out)", p.meaning) for p in one.parameters]
        lines += [
            f"### `{one.call}`",
            "",
            one.summary,
            "",
            f"{one.effect} · `{one.name}` · `{one.method} {one.path}`",
            "",
        ]
        lines += [f"- `{name}`{optional}{': ' + meaning if meaning else ''}" for name, optional, meaning in names]
        if names:
            lines.append("")
        rows = _rows(one)
        if rows:
            lines += ["| column | dtype | meaning | unit |", "| --- | --- | --- | --- |"]
            lines += [f"| `{r[1]}` | {r[2]} | {r[3].replace('|', chr(92) + '|')} | {r[4]} |" for r in rows]
            lines.append("")
    return "\n".join(lines)


def operations_csv() -> str:
    """The list of operations as `data/operations.csv` holds it."""
    import csv
    import io

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["operation", "call", "method", "path", "effect", "source", "summary"])
    for one in _sorted():
        writer.writerow([one.name, one.call, one.method, one.path, one.effect, one.source, one.summary])
    return out.getvalue()


if __name__ == "__main__":
    from createos_nb.files import folder

    (folder("data") / "operations.csv").write_text(operations_csv(), encoding="utf-8")
    (folder("data") / "reference.md").write_text(markdown(), encoding="utf-8")
