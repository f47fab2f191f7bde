"""How plans and receipts show themselves: the same parts as plain text and as HTML."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from createos_nb.frames.logs import clean

if TYPE_CHECKING:
    from createos_nb.plans.plan import Plan
    from createos_nb.plans.receipt import Receipt

#: A heading with lines of text or a table below it.
Part = tuple[str, "list[str] | pd.DataFrame"]


def plan(one: Plan) -> tuple[list[str], list[Part]]:
    """Head and parts of a plan."""
    head = [one.where, f"Plan: {one.title}"]
    steps = one.frame().drop(columns=["operation", "target"])
    nothing = "nothing of it can be taken back" if one.runbook == "undo" and one.warnings else "it is so already"
    parts: list[Part] = [("Steps", steps if len(one.steps) else [f"nothing to do: {nothing}"])]
    if len(one.blast_radius):
        parts.append(("Reaches", one.blast_radius.drop(columns=["project"])))
    trouble = one.preconditions[one.preconditions["state"] != "holds"]
    held = f"{len(one.preconditions) - len(trouble)} of {len(one.preconditions)} preconditions hold"
    parts.append((held, trouble.reset_index(drop=True) if len(trouble) else []))
    if one.warnings:
        parts.append(("Mind", one.warnings))
    if not one.steps:
        return head, parts
    if one.confirmation is None:
        how = "plan.apply()"
    elif one.final:
        how = f"can't be undone: plan.apply(confirm=<type the name: {one.confirmation}>, reason=…)"
    else:
        how = f"touches what serves users: plan.apply(confirm={one.token!r}, reason=…)"
    parts.append(("To apply", [how, f"token {one.token}"]))
    return head, parts


def receipt(one: Receipt) -> tuple[list[str], list[Part]]:
    """Head and parts of a receipt."""
    summary = one.summary if one.dry_run else f"{one.checks.result}: {one.summary}"
    head = [one.where, f"{'Checked' if one.dry_run else 'Receipt'}: {one.title}", summary]
    if one.reason:
        head.append(f"reason: {one.reason}")
    parts: list[Part] = [("Steps", one.frame().drop(columns=["operation"]))]
    if one.warnings:
        parts.append(("Mind", one.warnings))
    if one.journal is not None:
        parts.append(("Journal", [str(one.journal)]))
    return head, parts


def text(head: list[str], parts: list[Part]) -> str:
    """As plain text."""
    lines = [clean(line) for line in head]
    for title, content in parts:
        lines += ["", clean(title)]
        if isinstance(content, pd.DataFrame):
            lines += _table(content)
        else:
            lines += [f"  · {clean(line)}" for line in content]
    return "\n".join(lines)


def html(head: list[str], parts: list[Part]) -> str:
    """As HTML; all that came from elsewhere is escaped."""
    first, *rest = [escape(clean(line)) for line in head]
    found = [f"<p><b>{first}</b></p>", *(f"<p>{line}</p>" for line in rest)]
    for title, content in parts:
        found.append(f"<p><b>{escape(clean(title))}</b></p>")
        if isinstance(content, pd.DataFrame):
            cells = _cells(content)
            names = "".join(f"<th style='text-align:left'>{escape(name)}</th>" for name in cells[0])
            rows = "".join(
                "<tr>" + "".join(f"<td style='text-align:left'>{escape(cell)}</td>" for cell in row) + "</tr>"
                for row in cells[1:]
            )
            found.append(f"<table><thead><tr>{names}</tr></thead><tbody>{rows}</tbody></table>")
        elif content:
            found.append("<ul>" + "".join(f"<li>{escape(clean(line))}</li>" for line in content) + "</ul>")
    return "".join(found)


def _cells(frame: pd.DataFrame) -> list[list[str]]:
    names = [str(name).replace("_", " ") for name in frame.columns]
    return [names, *([_spelled(value) for value in row] for row in frame.itertuples(index=False))]


def _table(frame: pd.DataFrame) -> list[str]:
    cells = _cells(frame)
    wide = [max(len(row[place]) for row in cells) for place in range(len(cells[0]))]
    return ["  " + "  ".join(cell.ljust(wide[place]) for place, cell in enumerate(row)).rstrip() for row in cells]


def _spelled(value: Any) -> str:
    if isinstance(value, str):
        return clean(value)
    if value is None or value is pd.NA or value != value:
        return "–"
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, float):
        return f"{value:.1f}".removesuffix(".0")
    return clean(str(value))
