"""Acting: runbooks as plans, a plan that is applied by its digest, its undo, and what was applied."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from createos_nb import plans
from createos_nb.agents import runbook_calls
from createos_nb.agents.answer import Answer
from createos_nb.agents.applying import apply as apply_shown
from createos_nb.agents.applying import show
from createos_nb.agents.context import ToolContext
from createos_nb.agents.tool import tool
from createos_nb.client.client import Client
from createos_nb.client.world_of import lineage_of
from createos_nb.errors import InvalidInput
from createos_nb.naming import nearest
from createos_nb.plans.plan import Plan

#: Real seconds that a call waits for the end of a run; clients give up soon after a minute.
_WAIT = 45.0
_LONGEST = 600.0


@tool()
def list_runbooks(context: ToolContext, name: str | None = None) -> Answer:
    """List the runbooks that plan takes; with a name, what it does and the schema of its parameters.

    Args:
        context: what tools share.
        name: of a runbook.

    Returns:
        names with their first sentence; of one, its documentation and `parameters`, a JSON Schema.
    """
    if name is None:
        found = runbook_calls.runbooks()
        return Answer({"runbooks": {key: _first(one) for key, one in found.items()}})
    runbook = runbook_calls.find(name)
    text, _, _ = (inspect.getdoc(runbook) or "").partition("Examples:")
    return Answer({"runbook": runbook.__name__, "documentation": text, "parameters": runbook_calls.schema_of(runbook)})


@tool()
def plan(context: ToolContext, runbook: str, parameters: dict[str, Any], offset: int = 0) -> Answer:
    """Plan a change with a runbook: what it would do, step by step, and the digest that apply takes. Changes nothing.

    Args:
        context: what tools share.
        runbook: as list_runbooks names it, such as rollback.
        parameters: its parameters by name, such as {"project": "storefront", "environment": "production"}.
        offset: rows to leave out.

    Returns:
        steps with before, after and why; whom it reaches; what can't be undone; warnings; preconditions that do not
        hold; digest.
    """
    function = runbook_calls.find(runbook)
    values = runbook_calls.read(function, parameters, context.redactor)

    def make(client: Client) -> Plan:
        return function(client, **values)

    return show(context, make(context.client), make)


@tool("change", offered=lambda context: context.allow_changes)
def apply(
    context: ToolContext,
    digest: str,
    reason: str,
    wait_seconds: float = _WAIT,
    name_typed_by_a_person: str | None = None,
) -> Answer:
    """Apply a plan that was shown: each step is checked, written once, waited for, verified and kept in a journal.

    The plan is made anew first: if anything has changed since, it is refused, and the new plan is shown.

    Args:
        context: what tools share.
        digest: of the plan, as plan or plan_undo has shown it.
        reason: why, for the journal and for whoever reads it.
        wait_seconds: how long to wait for its end; it goes on without, and the same call waits again.
        name_typed_by_a_person: only for a plan that can't be undone, where the client can't ask by itself: what a
            person has typed when asked for the name of what is destroyed. Never fill it in yourself.

    Returns:
        the receipt: what was done, whether the checks hold, and how to plan its undo.
    """
    if not 0 <= wait_seconds <= _LONGEST:
        raise InvalidInput(f"apply: wait_seconds is 0 to {_LONGEST:.0f}")
    return apply_shown(context, digest.strip(), reason, wait_seconds, name_typed_by_a_person)


@tool()
def plan_undo(context: ToolContext, run: str = "last", offset: int = 0) -> Answer:
    """Plan the undo of a run that was applied, from the present state; apply takes its digest. Changes nothing.

    Args:
        context: what tools share.
        run: last, or as runs lists it.
        offset: rows to leave out.

    Returns:
        the plan; its warnings say what has drifted since, and what can't be undone.
    """
    path = _journal(context, run)

    def make(client: Client) -> Plan:
        return plans.receipt_from(plans.Journal(path), client).undo()

    return show(context, make(context.client), make)


@tool()
def runs(context: ToolContext, offset: int = 0) -> Answer:
    """List what was applied to this account from this machine, newest first: when, what, why, by whom.

    Args:
        context: what tools share.
        offset: rows to leave out.

    Returns:
        a row for each run; plan_undo takes its `file`.
    """
    frame = _runs(context).drop(columns=["where", "world"])
    return Answer(frame=frame.assign(file=[Path(file).name for file in frame["file"]]))


def _runs(context: ToolContext) -> Any:
    client = context.client
    client.whoami()
    frame = plans.runs()
    own = frame[(frame["where"] == client.where) & (frame["world"] == lineage_of(client).id)].reset_index(drop=True)
    own.attrs = frame.attrs
    return own


def _journal(context: ToolContext, run: str) -> Path:
    frame = _runs(context)
    folder = Path(frame.attrs.get("folder") or ".")
    files: list[str] = frame["file"].tolist()
    if not files:
        raise InvalidInput("there is no run of this account here yet: nothing to undo")
    if run == "last":
        return folder / files[0]
    found = [file for file in files if Path(file).name in (run, f"{run}.jsonl")]
    if len(found) != 1:
        known = [Path(file).name for file in files]
        raise InvalidInput(f"there is no run {run!r}{nearest(run, known)}; runs lists them")
    return folder / found[0]


def _first(runbook: Any) -> str:
    return " ".join((inspect.getdoc(runbook) or "").split("\n\n", 1)[0].split())
