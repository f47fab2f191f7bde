"""The state machine of the plan form, without widgets: every state, every event."""

from __future__ import annotations

import itertools

import pytest

from createos_nb.panels.plan.state import TRANSITIONS, InvalidTransition, PlanEvent, PlanState, PlanStateMachine

S, E = PlanState, PlanEvent

#: What follows what; all else is impossible.
ALLOWED = {
    S.EDITING: {E.REQUEST: S.PLANNING, E.PLAN: S.PLANNED, E.PLAN_TO_CONFIRM: S.CONFIRMING},
    S.PLANNING: {
        E.REQUEST: S.PLANNING,
        E.PLAN: S.PLANNED,
        E.PLAN_TO_CONFIRM: S.CONFIRMING,
        E.INVALIDATE: S.STALE,
        E.FAIL: S.FAILED,
    },
    S.PLANNED: {E.REQUEST: S.PLANNING, E.INVALIDATE: S.STALE, E.APPLY: S.APPLYING, E.FAIL: S.FAILED},
    S.CONFIRMING: {E.REQUEST: S.PLANNING, E.INVALIDATE: S.STALE, E.APPLY: S.APPLYING, E.FAIL: S.FAILED},
    S.APPLYING: {E.SUCCEED: S.DONE, E.FAIL: S.FAILED},
    S.DONE: {E.REQUEST: S.PLANNING, E.PLAN: S.PLANNED, E.PLAN_TO_CONFIRM: S.CONFIRMING, E.FAIL: S.FAILED},
    S.FAILED: {
        E.REQUEST: S.PLANNING,
        E.PLAN: S.PLANNED,
        E.PLAN_TO_CONFIRM: S.CONFIRMING,
        E.RESUME: S.APPLYING,
    },
    S.STALE: {E.REQUEST: S.PLANNING, E.PLAN: S.PLANNED, E.PLAN_TO_CONFIRM: S.CONFIRMING},
}


@pytest.mark.parametrize(("state", "event"), list(itertools.product(S, E)), ids=lambda value: value.name.lower())
def test_each_event_in_each_state(state: PlanState, event: PlanEvent) -> None:
    machine = PlanStateMachine(state)
    expected = ALLOWED[state].get(event)
    assert machine.can(event) is (expected is not None)
    if expected is None:
        with pytest.raises(InvalidTransition, match=state.value):
            machine.send(event)
        assert machine.state is state
    else:
        assert machine.send(event) is expected
        assert machine.state is expected


def test_it_begins_with_editing_and_reaches_every_state() -> None:
    reached = {PlanStateMachine().state}
    assert reached == {S.EDITING}
    for _ in S:
        reached |= {after for (before, _), after in TRANSITIONS.items() if before in reached}
    assert reached == set(S)


def test_a_plan_is_applied_once() -> None:
    machine = PlanStateMachine()
    for event in (E.REQUEST, E.PLAN_TO_CONFIRM, E.APPLY):
        machine.send(event)
    for event in (E.APPLY, E.RESUME, E.REQUEST, E.INVALIDATE):
        with pytest.raises(InvalidTransition):
            machine.send(event)
    machine.send(E.SUCCEED)
    with pytest.raises(InvalidTransition):
        machine.send(E.APPLY)


def test_only_states_with_a_plan_lead_to_applying_it() -> None:
    assert {state for state in S if state.has_plan} == {before for before, event in TRANSITIONS if event is E.APPLY}
