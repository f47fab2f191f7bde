"""The message of a run for people: what was changed, where, why, by whom, whether it holds, and how to undo it."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from createos_nb.checks import FAIL, NO_DATA, PASS, Checks
from createos_nb.notify.message import Kind, Message
from createos_nb.plans.tables import Outcome, fields_table

if TYPE_CHECKING:
    from createos_nb.plans.steps.base import Step
    from createos_nb.results import Result

#: Lines of changes and of checks; what is beyond is counted.
_LINES: Final = 8
#: Characters of a line on a check.
_WIDTH: Final = 160
_CHANGED: Final[tuple[Outcome, ...]] = ("done", "written")
_KINDS: Final[dict[Result, Kind]] = {"PASS": "success", "FAIL": "failure", "NO DATA": "warning"}


def run_message(
    title: str, head: Sequence[str], steps: Sequence[Step], outcomes: Sequence[Outcome], checks: Checks, journal: str
) -> Message:
    """Return the message of a run; see `RunResult.message`.

    Args:
        title: the plan in a line, and what became of it.
        head: the lines that come first; empty ones are left out.
        steps: those of the plan.
        outcomes: what became of each.
        checks: what was found out about the run.
        journal: the name of its journal; "" without one.
    """
    changed = [step for step, outcome in zip(steps, outcomes, strict=True) if outcome in _CHANGED]
    commands = "; ".join(_commands(steps))
    lines = [
        *head,
        *_block("changed:", _changes(changed)),
        *_block(f"verified: {_passed(checks)}", _found(checks, steps)),
        f"watch: {commands}" if commands else "",
        _undo(changed, journal),
    ]
    return Message(title=title, body="\n".join(line for line in lines if line), kind=_KINDS[checks.result])


def _block(title: str, lines: Sequence[str]) -> list[str]:
    more = [f"  … and {len(lines) - _LINES} more"] if len(lines) > _LINES else []
    return [title, *(f"  {line}" for line in lines[:_LINES]), *more]


def _changes(steps: Sequence[Step]) -> list[str]:
    rows = fields_table([step for step in steps if step.writes]).to_dict("records")
    return [f"{row['target']}: {_change(row)}" for row in rows] or ["nothing"]


def _change(row: Mapping[Hashable, object]) -> str:
    if not row["field"]:
        return str(row["what"])
    return f"{row['field']} {row['before']} → {row['after']}"


def _passed(checks: Checks) -> str:
    return f"{len(checks) - len(checks.others())} of {len(checks)} checks pass"


def _found(checks: Checks, steps: Sequence[Step]) -> list[str]:
    """A line for each check, those first that do not pass; steps that pass are left out: they are the changes."""
    own = {step.what for step in steps}
    kept = [item for item in checks if item.result != PASS or item.claim not in own]
    kept.sort(key=lambda item: (FAIL, NO_DATA, PASS).index(item.result))
    texts = (f"{item.result} {item.claim}{f': {item.figure}' if item.figure else ''}" for item in kept)
    return [textwrap.shorten(text, _WIDTH, placeholder="…") for text in texts]


def _commands(steps: Sequence[Step]) -> list[str]:
    """What says how the places are doing that were changed."""
    places = [(step.target.project_name, step.target.environment_name) for step in steps if step.target.project_name]
    whole = {project for project, environment in places if environment}
    named = dict.fromkeys(place for place in places if place[1] or place[0] not in whole)
    return [_command(place) for place in named]


def _command(place: Iterable[str]) -> str:
    return shlex.join(["createos-nb", "diagnose", *filter(None, place)])


def _undo(changed: Sequence[Step], journal: str) -> str:
    writing = [step for step in changed if step.writes]
    if not writing or not journal:
        return ""
    if not any(step.has_undo for step in writing):
        return "undo: it can't be undone"
    return f"undo: receipt.undo() plans it, from the journal {journal}"
