"""HTML of a plan and of its receipt."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import pandas as pd

from createos_nb.display import strip_control_chars
from createos_nb.html import Html, escaped, frame_table, html_table
from createos_nb.panels import markup
from createos_nb.panels.icons import icon, status, tag

if TYPE_CHECKING:
    from createos_nb.plans import Plan, Receipt
    from createos_nb.plans.steps.base import Step

_STATES: Final = {"holds": "passed", "fails": "failed", "unknown": "unknown"}
#: How a plan's text names the plans that go with it; a person has a button for each.
_FOLLOW_UP: Final = re.compile(r"plan\.follow_up\(\"(\w+)\"\)")
#: So many fields of a step are shown beside it.
_FEW: Final = 3
_AGREES: Final = "the diagnosis agrees"


def required_name(plan: Plan) -> str | None:
    """Return what a person types to confirm a plan: the name of what it acts on, as shown; None where none is asked."""
    if plan.confirmation is None:
        return None
    if plan.irreversible:
        return strip_control_chars(plan.confirmation)
    serving = plan.blast_radius[plan.blast_radius["serves_users"].fillna(False).astype(bool)]["environment"]
    names = [str(name) for name in serving]
    # what it acts on, before what may have to make room for it
    targets = [step.target.environment_name for step in plan.steps if step.target.environment_name in names]
    return strip_control_chars([*targets, *names][0])


def plan_html(plan: Plan) -> str:
    """Return a plan as HTML: its steps in a list, whom it reaches, what to know; the details are folded."""
    parts = [f"<h4>Plan: {escaped(plan.title)}</h4>"]
    if not plan.steps:
        nothing = "nothing of it can be undone" if plan.runbook == "undo" and plan.warnings else "it is so already"
        parts.append(f"<p>Nothing to do: {nothing}.</p>")
    rows = "".join(
        f'<li><span class="createos-number">{number}</span><span>{escaped(_sentence(step.what))}'
        f"{_tags(step.irreversible, step.has_undo)}{_line(_changes(step))}{_line(step.why)}</span>"
        f'<span class="createos-time">{duration(step.usual_seconds(), about=True)}</span></li>'
        for number, step in enumerate(plan.steps, 1)
    )
    parts.append(f'<ol class="createos-plan-steps">{rows}</ol>' if rows else "")
    open_ones = plan.preconditions[plan.preconditions["state"] != "holds"]
    for row in open_ones.to_dict("records"):
        detail = f", {row['detail']}" if row["detail"] else ""
        text = f"{_sentence(row['precondition'])}: {row['state']}{detail}"
        parts.append(f'<p class="createos-condition">{icon(_STATES[row["state"]])}<span>{escaped(text)}</span></p>')
    parts.append(_details(plan, len(open_ones)))
    if plan.listing is not None:
        content = plan.listing.content
        shown = frame_table(content) if isinstance(content, pd.DataFrame) else _lines("info", content)
        heading = plan.listing.heading
        parts.append(f"<h4>{escaped(heading)}</h4>{markup.scrolled(shown, heading)}")
    if len(plan.blast_radius):
        parts.append(f"<h4>Impact</h4>{_impact(plan.blast_radius)}")
    agreeing = [line for line in plan.warnings if line.startswith(_AGREES)]
    parts.append(_lines("ok", agreeing))
    if warnings := [line for line in plan.warnings if line not in agreeing]:
        parts.append(f"<h4>Warnings</h4>{_lines('warning', warnings)}")
    return _region("Plan", "".join(parts))


def receipt_html(receipt: Receipt, plan: Plan) -> str:
    """Return a receipt as HTML: what became of each step, and the values before and after."""
    checks = receipt.checks
    rows = []
    for step, check, seconds in zip(plan.steps, checks, receipt.frame()["seconds"], strict=True):
        fields = [
            f"{escaped(field)} {escaped(before)} {_ARROW} <b>{escaped(after)}</b>"
            for field, before, after in step.fields()
        ]
        took = "" if pd.isna(seconds) else duration(float(seconds))
        changed = Html("<br>".join(fields))
        rows.append([status(check.result), _sentence(check.claim), changed, check.figure, took])
    table = html_table(rows, ["Result", "Claim", "Before and after", "Found", "Took"]) if rows else ""
    reason = f'<p class="createos-muted">Reason: {escaped(receipt.reason)}</p>' if receipt.reason else ""
    journal = f"<p>Journal <code>{escaped(str(receipt.journal))}</code></p>" if receipt.journal is not None else ""
    requests = f"<p>{len(receipt.requests)} requests while it was applied</p>"
    return _region(
        "Receipt",
        f'<h4 class="createos-result">{status(checks.result)}<span>Receipt: {escaped(receipt.title)}</span></h4>'
        f'<p class="createos-muted">{escaped(_sentence(receipt.summary))}</p>{reason}'
        f"{markup.scrolled(table, 'Claims') if table else ''}{_lines('warning', receipt.warnings)}"
        f"<details><summary>Journal and requests</summary>{journal}{requests}</details>",
    )


def duration(seconds: float, *, about: bool = False) -> str:
    """Return a duration in one unit: 40 s, 12 min, 3 h."""
    unit, length = ("s", 1) if seconds < 90 else ("min", 60) if seconds < 5400 else ("h", 3600)
    return f"{'about ' if about else ''}{seconds / length:.0f}\N{NO-BREAK SPACE}{unit}"


_ARROW: Final = Html('<span aria-hidden="true">→</span><span class="createos-unseen">becomes</span>')


def _changes(step: Step) -> str:
    """Return the values before and after; many are in the details alone."""
    fields = step.fields()
    if not 0 < len(fields) <= _FEW:
        return ""
    return ", ".join(f"{field} {before} → {after}" for field, before, after in fields)


def _tags(irreversible: bool, has_undo: bool) -> str:
    if irreversible:
        return f" {tag('irreversible', 'new')}"
    return "" if has_undo else f" {tag('no undo')}"


def _line(text: str) -> str:
    return f'<small class="createos-muted">{escaped(text)}</small>' if text else ""


def _lines(sign: str, lines: Iterable[str]) -> str:
    """Return lines, each with an icon, in words of the panel."""
    rows = [f"<li>{icon(sign)}<span>{escaped(_sentence(for_people(line)))}</span></li>" for line in lines]
    return f'<ul class="createos-signed createos-signed-{sign}">{"".join(rows)}</ul>' if rows else ""


def _details(plan: Plan, open_ones: int) -> str:
    holding = f"{len(plan.preconditions) - open_ones} of {len(plan.preconditions)} preconditions hold"
    fields = plan.frame()[["step", "field", "before", "after"]]
    parts = [frame_table(fields[fields["field"] != ""])] if len(plan.steps) else []
    parts.append(frame_table(plan.preconditions))
    if len(plan.blast_radius):
        parts.append(frame_table(plan.blast_radius.drop(columns=["project"]), caption="Blast radius"))
    parts.append(f"<p>{escaped(plan.where)}<br>digest <code>{escaped(plan.digest)}</code></p>")
    return f"<details><summary>Details: {holding}</summary>{markup.scrolled(''.join(parts), 'Details')}</details>"


def _impact(radius: pd.DataFrame) -> str:
    """Return whom a plan reaches, a line for each environment."""
    lines = []
    for row in radius.to_dict("records"):
        users = "serves users" if row["serves_users"] is True else "serves nobody"
        if pd.isna(row["serves_users"]):
            users = "whether it serves users is not known"
        if not pd.isna(row["requests_per_minute"]):
            users += f", {row['requests_per_minute']:,.1f} requests/min"
        at = f" at {row['domains']}" if row["domains"] else ""
        room = "; its deployment may have to make room" if "make room" in row["how"] else ""
        place = f"<b>{escaped(row['environment'])}</b> ({escaped(row['live'])})"
        lines.append(f"<li>{place} {escaped(users + at + room)}</li>")
    return f'<ul class="createos-impact">{"".join(lines)}</ul>'


def for_people(text: str, *, log: bool = True) -> str:
    """Return lines without what only code can call, and without `log` those of a log; a follow-up has a button."""
    lines = [line for line in text.split("\n") if log or not line.startswith("    ")]
    said = ("; ".join(part for part in line.split("; ") if "runbooks." not in part) for line in lines)
    return _FOLLOW_UP.sub(lambda found: f"the button “Plan: {found[1]}”", "\n".join(said)).strip() or text


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _region(label: str, content: str) -> str:
    # focusable, so that the keyboard can scroll what is wider than the page
    return f'<div class="createos-plan" role="region" aria-label="{label}" tabindex="0">{content}</div>'
