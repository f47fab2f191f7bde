"""Drift: what has changed since a plan was made, or since its steps were done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from createos_nb.plans.errors import Difference
from createos_nb.plans.step_error import StepError

if TYPE_CHECKING:
    from createos_nb.plans.snapshot import Snapshot
    from createos_nb.plans.steps.base import Step


def before_steps(
    steps: list[Step], snapshot: Snapshot, created: Mapping[int, str], done: Iterable[int] = ()
) -> list[Difference]:
    """Return what has changed since the plan was made, for the steps that are not done.

    Of several steps on one resource the first is compared; a step whose change is there already is no difference.
    """
    seen: set[tuple[str, ...]] = set()
    differences: list[Difference] = []
    over = set(done)
    for number, unbound in enumerate(steps):
        step = unbound.bound(created)
        if step.resource_key() in seen:
            continue
        seen.add(step.resource_key())
        if number in over or not step.writes or step.pending(created):
            continue
        try:
            now = step.read(snapshot, created)
        except StepError as error:
            differences.append(_gone(step, number, error))
            continue
        if step.creates or now == step.desired(created) or step.in_progress(now):
            continue
        told = {row[1:] for row in differences}  # what several steps rest on is told once
        differences += [
            row for row in step.differences(number, step.planned_state(), now, snapshot) if row[1:] not in told
        ]
    return differences


def after_steps(
    steps: list[Step], snapshot: Snapshot, created: Mapping[int, str], done: Iterable[int]
) -> list[Difference]:
    """Return what somebody else has changed since the steps were done.

    Of several steps on one resource the last counts.
    """
    steps = [step.bound(created) for step in steps]
    last: dict[tuple[str, ...], int] = {steps[number].resource_key(): number for number in sorted(done)}
    differences: list[Difference] = []
    for number in sorted(last.values()):
        step = steps[number]
        if step.creates or not step.writes:
            continue
        try:
            now = step.read(snapshot, created)
        except StepError as error:
            differences.append(_gone(step, number, error))
            continue
        if not step.in_progress(now):
            differences += step.differences(number, step.desired(created), now, snapshot)
    return differences


def _gone(step: Step, number: int, error: StepError) -> Difference:
    return Difference(number + 1, str(step.target), "", "there", error.message)
