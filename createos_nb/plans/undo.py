"""Undoing a run: the steps that set back what it has done, from the present state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from createos_nb.plans import drift
from createos_nb.plans.step_error import StepError
from createos_nb.plans.steps.base import CREATED, Undo, UndoContext

if TYPE_CHECKING:
    from createos_nb.plans.context import TransientInputs
    from createos_nb.plans.journal_entries import Entry
    from createos_nb.plans.snapshot import Snapshot
    from createos_nb.plans.steps.base import Step


@dataclass
class UndoSteps:
    """Steps that undo a run, with their transient inputs, and warnings: drift since, and what can't be undone."""

    steps: list[Step] = field(default_factory=list)
    inputs: dict[int, TransientInputs] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def undo_steps(
    steps: Sequence[Step],
    entries: Sequence[Entry],
    created: Mapping[int, str],
    inputs: Mapping[int, TransientInputs],
    snapshot: Snapshot,
) -> UndoSteps:
    """Return the steps that undo a run, the last one first.

    What is in a project that the run has created goes with the project.
    """
    inside = {number for number, step in enumerate(steps) if step.target.project.startswith(CREATED)}
    steps = [step.bound(created) for step in steps]
    touched = _touched(entries, min(created, default=len(steps)))
    result = UndoSteps(
        warnings=[
            f"{row.target}: {row.field} was changed since: {row.now} now, {row.planned} after the run"
            for row in drift.after_steps(steps, snapshot, created, [one for one in touched if one not in inside])
        ]
    )
    first: dict[tuple[str, ...], int] = {}
    for number in touched:
        first.setdefault(steps[number].resource_key(), number)
    seen: set[tuple[str, ...]] = set()
    for number in reversed(touched):
        step = steps[number]
        if number in inside:
            continue
        # of several steps on one resource the first knows how it was; it is undone where the last one stands
        if not step.creates and step.resource_key() in seen:
            continue
        seen.add(step.resource_key())
        origin = number if step.creates else first[step.resource_key()]
        undo = _undo(steps[origin], UndoContext(snapshot, created, origin, inputs.get(origin)))
        if undo.inputs is not None:
            result.inputs[len(result.steps)] = undo.inputs
        result.steps += undo.steps
        result.warnings += undo.notes
    return result


def _touched(entries: Sequence[Entry], first_created: int) -> list[int]:
    """Numbers of the steps that have changed something, or may have."""
    touched = set()
    for entry in entries:
        step = entry.get("step")
        if step is None:
            continue
        # what the run has created may have gone live by itself before the step that was to do that
        skipped = entry["event"] == "skipped" and step > first_created
        if skipped or entry["event"] in ("started", "answered", "done"):
            touched.add(step)
    return sorted(touched)


def _undo(step: Step, context: UndoContext) -> Undo:
    try:
        return step.undo(context)
    except StepError as error:  # its target is gone
        return Undo(notes=[f"{step.what}: can't be undone: {error.message}"])
