"""What a watch sees of two environments, look by look, and what its gate says of that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from createos_nb.analysis.releases.decision import PROMOTE, ROLLBACK
from createos_nb.plans.errors import MissingInput
from createos_nb.plans.gate import ReleaseGate, Verdict, every_of, verdict_of
from createos_nb.plans.sides import Side, Sides
from createos_nb.times import span

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from createos_nb.client import Client
    from createos_nb.plans.gate import Gate
    from createos_nb.plans.steps.watching import Watch


class Looks:
    """The looks of one watch: of `side`, which is to serve, beside the environment that serves, since a moment.

    `since`: Unix seconds of the platform's clock.
    """

    def __init__(self, client: Client, watch: Watch, side: str, gate: Gate, since: float) -> None:
        self._client, self._watch, self._side, self._gate, self._since = client, watch, side, gate, since
        self.every = every_of(gate)
        self._sides: Sides | None = None
        if isinstance(gate, ReleaseGate):
            old, new = (Side(client, watch.target.project, one, int(since)) for one in (watch.beside, side))
            before = int(span(gate.history, "history"))
            self._sides = Sides(old, new, before, gate.paths, gate.terms, frozenset(watch.paths))

    def look(self, *, last: bool) -> Verdict:
        """What the gate says of the traffic so far; `last`: there won't be another look.

        Raises what the reads raise, and `MissingInput` where the gate fails: it can be mended.
        """
        if isinstance(self._gate, ReleaseGate):
            return self._released(self._gate, last)
        return self._asked(self._gate)

    def _released(self, gate: ReleaseGate, last: bool) -> Verdict:
        assert self._sides is not None, "a release verdict looks at both sides"
        found, missed = self._sides.look(int(self._client.transport.now()))
        if found is not None and found.decision in (ROLLBACK, PROMOTE):
            return Verdict(found.decision == PROMOTE, found.sentence)
        said = found.sentence if found is not None else "No minute could be judged yet."
        if missed:
            said += f" Mind that {missed}."
        if not last or gate.otherwise is None:
            return Verdict(False, said, decided=False)
        rate = self._asked(gate.otherwise)
        return Verdict(rate.passed, f"{said} By the success rate alone: {rate.reason}", decided=False)

    def _asked(self, gate: Callable[..., Any]) -> Verdict:
        watch, calls, end = self._watch, self._client.analytics, self._client.transport.now()
        project, begin = watch.target.project, end - max(3600.0, watch.seconds)
        candidate = calls.requests_over_time(project, self._side, start=self._since, end=end)
        baseline = calls.requests_over_time(project, watch.beside, start=begin, end=end)
        try:
            return verdict_of(gate(baseline, candidate))
        except Exception as error:  # a gate is anybody's code
            raise MissingInput(
                f"the gate could not judge {watch.target.environment_name}: {type(error).__name__}: {error}",
                "Nothing was switched. Mend the gate and run the notebook again: it goes on with this run.",
            ) from error
