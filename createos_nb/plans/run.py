"""A plan on its way: what its steps need of the client, the journal and the caller."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from createos_nb.plans.present import Present

if TYPE_CHECKING:
    from createos_nb.client import Client
    from createos_nb.plans.hidden import Hidden

Status = Callable[[str], None]


@dataclass
class Run:
    """What a step is given when it acts.

    `made`: ids that steps of the plan have made, by step; `hidden`: what steps need and journals must not hold;
    `timeout`: seconds for each wait, None for the step's own default; `step`: the number of the step at work, from 0.
    """

    client: Client
    made: dict[int, str] = field(default_factory=dict)
    hidden: Mapping[int, Hidden] = field(default_factory=dict)
    timeout: float | None = None
    status: Status | None = None
    step: int = 0
    _said: str = ""

    def look(self) -> Present:
        """A new look at the present."""
        return Present(self.client)

    def say(self, text: str) -> None:
        """Tell whoever watches what is going on, each thing once."""
        if self.status is not None and text != self._said:
            self._said = text
            self.status(text)

    @property
    def now(self) -> float:
        return self.client.clock.now()

    def own(self) -> Any:
        """What the step at work needs and the journal does not hold; None where nothing is known."""
        return self.hidden.get(self.step)
