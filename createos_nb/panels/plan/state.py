"""The states of a plan form and the transitions between them; knows nothing of widgets and plans."""

from __future__ import annotations

from enum import Enum
from typing import Final


class PlanState(Enum):
    """The state of a plan form."""

    EDITING = "editing"  # no plan yet
    PLANNING = "planning"  # a plan is being made
    PLANNED = "planned"  # a plan is shown that can be applied without confirmation
    CONFIRMING = "confirming"  # a plan is shown; a name and a reason have to be given before it can be applied
    APPLYING = "applying"
    DONE = "done"
    FAILED = "failed"  # the plan could not be made, or did not finish
    STALE = "stale"  # the plan that was shown holds no longer: a control or the platform has changed

    @property
    def has_plan(self) -> bool:
        """Return whether a plan is shown that can be applied."""
        return self in (PlanState.PLANNED, PlanState.CONFIRMING)


class PlanEvent(Enum):
    """An event of a plan form."""

    REQUEST = "a plan is requested"
    PLAN = "a plan is made"
    PLAN_TO_CONFIRM = "a plan is made that has to be confirmed"
    INVALIDATE = "the plan is stale"
    APPLY = "the plan is applied"
    RESUME = "a stopped run is resumed"
    SUCCEED = "the plan is done"
    FAIL = "an error"


class InvalidTransition(RuntimeError):
    """Raised for an event that can't happen in the present state."""


_IDLE: Final = (PlanState.EDITING, PlanState.DONE, PlanState.FAILED, PlanState.STALE)
_SHOWN: Final = (PlanState.PLANNED, PlanState.CONFIRMING)
#: The state after an event, by the state before it.
TRANSITIONS: Final[dict[tuple[PlanState, PlanEvent], PlanState]] = {
    **{(state, PlanEvent.REQUEST): PlanState.PLANNING for state in (*_IDLE, *_SHOWN, PlanState.PLANNING)},
    # from an idle state: `run` makes its plan and applies it in one go
    **{(state, PlanEvent.PLAN): PlanState.PLANNED for state in (*_IDLE, PlanState.PLANNING)},
    **{(state, PlanEvent.PLAN_TO_CONFIRM): PlanState.CONFIRMING for state in (*_IDLE, PlanState.PLANNING)},
    **{(state, PlanEvent.INVALIDATE): PlanState.STALE for state in (*_SHOWN, PlanState.PLANNING)},
    **{(state, PlanEvent.APPLY): PlanState.APPLYING for state in _SHOWN},
    (PlanState.FAILED, PlanEvent.RESUME): PlanState.APPLYING,
    (PlanState.APPLYING, PlanEvent.SUCCEED): PlanState.DONE,
    # a plan that is shown and a run that is done fail where they can't be drawn
    **{
        (state, PlanEvent.FAIL): PlanState.FAILED
        for state in (PlanState.PLANNING, *_SHOWN, PlanState.APPLYING, PlanState.DONE)
    },
}


class PlanStateMachine:
    """The state of a plan form; see `TRANSITIONS`."""

    def __init__(self, state: PlanState = PlanState.EDITING) -> None:
        self.state = state

    def can(self, event: PlanEvent) -> bool:
        """Return whether the event can happen in the present state."""
        return (self.state, event) in TRANSITIONS

    def send(self, event: PlanEvent) -> PlanState:
        """Move to the state that follows the event, and return it.

        Raises:
            InvalidTransition: The event can't happen in the present state, which stays.
        """
        if not self.can(event):
            raise InvalidTransition(f"{event.value}: impossible while {self.state.value}")
        self.state = TRANSITIONS[self.state, event]
        return self.state
