"""What a watch sees of two environments, look by look, and what its gate says of that."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from createos_nb.analysis.releases.decision import PROMOTE, ROLLBACK
from createos_nb.plans.errors import MissingInput
from createos_nb.plans.gate import ReleaseGate, Verdict, every_of, verdict_of
from createos_nb.plans.sides import Side, Sides
from createos_nb.times import parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from createos_nb.client import Client
    from createos_nb.plans.gate import Gate


class Pair(NamedTuple):
    """Two environments of a project: the one that serves, and the one that is to serve."""

    project: str
    serving: str
    side: str
    name: str
    """Of the side, as people say it."""


class Looks:
    """The looks of one watch of a pair.

    `paths`: what the watch asks for by itself; `since`: when it began, in Unix seconds of the platform's clock;
    `seconds`: how long it is to last.
    """

    def __init__(
        self, client: Client, pair: Pair, gate: Gate, *, paths: Sequence[str], since: float, seconds: float
    ) -> None:
        self._client, self._pair, self._gate, self._since = client, pair, gate, since
        self._before = max(3600.0, seconds)
        self.every = every_of(gate)
        self._sides: Sides | None = None
        if isinstance(gate, ReleaseGate):
            old, new = (Side(client, pair.project, one, int(since)) for one in (pair.serving, pair.side))
            before = int(parse_duration(gate.history, "history"))
            self._sides = Sides(old, new, before, gate.paths, gate.terms, frozenset(paths))

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
            return Verdict(False, said, decided=False, enough=False)
        rate = self._asked(gate.otherwise)
        reason = f"{rate.reason}, by the server error rate alone. The release verdict is open: {said}"
        return Verdict(rate.passed, reason, decided=False, enough=rate.enough)

    def _asked(self, gate: Callable[..., Any]) -> Verdict:
        pair, calls, end = self._pair, self._client.analytics, self._client.transport.now()
        candidate = calls.requests_over_time(pair.project, pair.side, start=self._since, end=end)
        baseline = calls.requests_over_time(pair.project, pair.serving, start=end - self._before, end=end)
        try:
            return verdict_of(gate(baseline, candidate))
        except Exception as error:  # a gate is anybody's code
            raise MissingInput(
                f"the gate could not judge {pair.name}: {type(error).__name__}: {error}",
                "Nothing was switched. Mend the gate and run the notebook again: it goes on with this run.",
            ) from error
