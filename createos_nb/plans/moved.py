"""Whether the world is still as it was when a plan was made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from createos_nb.plans.errors import StepFailed

if TYPE_CHECKING:
    from createos_nb.plans.present import Present
    from createos_nb.plans.steps.step import Step

_COLUMNS = ("step", "target", "field", "planned", "now")
Difference = dict[str, Any]


def differing(step: Step, now: Mapping[str, Any], number: int, present: Present) -> list[Difference]:
    """The fields that are neither as they were nor as the step wants them."""
    earlier = step.earlier()
    return [
        {
            "step": number + 1,
            "target": str(step.target),
            "field": name,
            "planned": step.word(name, earlier.get(name)),
            "now": step.spelled(name, now.get(name), present),
        }
        for name in {**earlier, **now}
        if now.get(name) != earlier.get(name)
    ]


def since(steps: list[Step], present: Present, made: Mapping[int, str], done: Iterable[int] = ()) -> list[Difference]:
    """What has changed since the plan was made, for the steps that are not done.

    Of several steps on one thing the first is compared; a step that is already so is no difference.
    """
    seen: set[tuple[str, ...]] = set()
    found: list[Difference] = []
    over = set(done)
    for number, step in enumerate(steps):
        if step.place() in seen:
            continue
        seen.add(step.place())
        if number in over or not step.writes or step.pending(made):
            continue
        try:
            now = step.look(present, made)
        except StepFailed as error:
            found.append(_gone(step, number, error))
            continue
        if step.makes or now == step.wanted(made) or step.under_way(now):
            continue
        found += differing(step, now, number, present)
    return found


def overtaken(steps: list[Step], present: Present, made: Mapping[int, str], done: Iterable[int]) -> list[Difference]:
    """What somebody else has changed again since the steps were done; of several on one thing the last counts."""
    last: dict[tuple[str, ...], int] = {steps[number].place(): number for number in sorted(done)}
    found: list[Difference] = []
    for number in sorted(last.values()):
        step = steps[number]
        if step.makes or not step.writes:
            continue
        wanted = step.wanted(made)
        try:
            now = step.look(present, made)
        except StepFailed as error:
            found.append(_gone(step, number, error))
            continue
        if step.under_way(now):
            continue
        found += [
            {
                "step": number + 1,
                "target": str(step.target),
                "field": name,
                "planned": step.word(name, wanted.get(name)),
                "now": step.spelled(name, now.get(name), present),
            }
            for name in {**wanted, **now}
            if now.get(name) != wanted.get(name)
        ]
    return found


def frame_of(differences: list[Difference]) -> pd.DataFrame:
    """step (Int64, from 1), target, field, planned, now."""
    frame = pd.DataFrame(differences, columns=list(_COLUMNS))
    return frame.astype({"step": "Int64", **dict.fromkeys(_COLUMNS[1:], "str")})


def _gone(step: Step, number: int, error: StepFailed) -> Difference:
    return {"step": number + 1, "target": str(step.target), "field": "", "planned": "there", "now": error.message}
