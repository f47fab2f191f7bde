"""Write the reference: `python -m tools.reference` makes data/reference.md and data/operations.csv."""

from __future__ import annotations

import csv
import inspect
import io

import createos_nb
from createos_nb.client.client import Client
from createos_nb.contract.operation import Operation
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
    client = createos_nb.simulate()
    resource = ""
    for one in declared_operations():
        if one.resource != resource:
            resource = one.resource
            lines += [f"## client.{resource}", ""]
        own = _own_arguments(client, one)
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
        if own:
            takes = ", ".join(f"`{name}`" for name in own)
            lines += [f"The call on the client has {takes} of its own; `client.call` takes what the wire takes.", ""]
        rows = columns_of(one)
        if rows:
            lines += ["| column | dtype | meaning | unit |", "| --- | --- | --- | --- |"]
            lines += [f"| `{r[1]}` | {r[2]} | {r[3].replace('|', chr(92) + '|')} | {r[4]} |" for r in rows]
            lines.append("")
    return "\n".join(lines)


def _own_arguments(client: Client, operation: Operation) -> list[str]:
    """The arguments that a call has on the client, and the wire has not."""
    call = getattr(getattr(client, operation.resource), operation.call_name)
    declared = {*operation.signature.parameters}
    return [name for name in inspect.signature(call).parameters if name not in declared]


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
