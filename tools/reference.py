"""Write the reference: `python -m tools.reference` makes data/reference.md and data/operations.csv."""

from __future__ import annotations

import csv
import io

from createos_nb.data_files import folder
from createos_nb.frames.reference import columns_of, declared_operations


def markdown() -> str:
    """The whole reference as one page: each operation's call, line, effect, parameters and columns."""
    lines = [
        "# Reference",
        "",
        "Every operation of the platform and every column of its answer. Made from the declarations in",
        "`createos_nb/contract/`; `client.operations()` and `createos_nb.columns()` give the same as DataFrames.",
        "",
    ]
    resource = ""
    for one in declared_operations():
        if one.resource != resource:
            resource = one.resource
            lines += [f"## client.{resource}", ""]
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
        rows = columns_of(one)
        if rows:
            lines += ["| column | dtype | meaning | unit |", "| --- | --- | --- | --- |"]
            lines += [f"| `{r[1]}` | {r[2]} | {r[3].replace('|', chr(92) + '|')} | {r[4]} |" for r in rows]
            lines.append("")
    return "\n".join(lines)


def operations_csv() -> str:
    """The list of operations as `data/operations.csv` holds it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["operation", "call", "method", "path", "effect", "source", "summary"])
    for one in declared_operations():
        writer.writerow([one.name, one.call, one.method, one.path, one.effect, one.source, one.summary])
    return out.getvalue()


if __name__ == "__main__":
    (folder("data") / "operations.csv").write_text(operations_csv(), encoding="utf-8")
    (folder("data") / "reference.md").write_text(markdown(), encoding="utf-8")
