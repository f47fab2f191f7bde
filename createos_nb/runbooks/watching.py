"""Watching a release live: the same question every minute, until it is answered, and a way back where it is bad."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import pandas as pd

from createos_nb.analysis import card
from createos_nb.analysis.releases.decision import ROLLBACK
from createos_nb.analysis.releases.result import ReleaseVerdict
from createos_nb.api.types import TimeLike
from createos_nb.errors import InvalidInput
from createos_nb.operation import UNSET
from createos_nb.plans.gate import checked
from createos_nb.plans.plan import Plan
from createos_nb.plans.present import Present
from createos_nb.plans.receipt import Receipt
from createos_nb.plans.sides import MINUTE, Side, Sides
from createos_nb.plans.steps.step import PASSING
from createos_nb.progress import status_line
from createos_nb.runbooks.rolling_back import rollback
from createos_nb.times import span, unix

if TYPE_CHECKING:
    from createos_nb.client import Client
    from createos_nb.plans.event import Cancel

_SLICE: Final = 0.25
"""Seconds of real time that pass at most before a cancelled watch stops waiting."""

Ending = Literal["decided", "timeout", "cancelled"]


@dataclass(frozen=True, eq=False, repr=False)
class Watched:
    """How a watch went: `decision`, `sentence` and `path` are those of the last verdict."""

    decision: str
    """`rollback`, `promote`, `keep watching` or `not enough traffic`."""
    sentence: str
    """What a person reads: the verdict, how the watch ended, and what was done."""
    ended: Ending
    """`decided`, `timeout` or `cancelled`."""
    verdict: ReleaseVerdict | None
    """The last one; None if no minute could be judged."""
    looks: pd.DataFrame
    """Indexed by `time` (UTC): one row a look, with `decision`, `evidence`, `ratio`, `low`, `high` as they were then,
    and `missed` (what could not be read; "" otherwise)."""
    plan: Plan | None
    """On rollback: the way back, to look at and to apply."""
    receipt: Receipt | None
    """Of that plan, if it was to be applied."""

    @property
    def path(self) -> pd.DataFrame:
        """The path of the last verdict: each bucket's own decision and evidence. Empty before the first one."""
        if self.verdict is not None:
            return self.verdict.path
        return pd.DataFrame(index=pd.DatetimeIndex([], dtype="datetime64[us, UTC]", name="time"))

    def __repr__(self) -> str:
        return card.text("Watched", self.sentence, self._rows())

    def _repr_html_(self) -> str:
        found = card.html("Watched", self.sentence, self._rows())
        done = self.receipt or self.plan
        return found + (done._repr_html_() if done is not None else "")

    def _rows(self) -> list[tuple[str, Any]]:
        rows: list[tuple[str, Any]] = [("decision", self.decision), ("looks", len(self.looks))]
        missed = int((self.looks["missed"] != "").sum())
        if missed:
            rows.append(("looks with something missing", missed))
        if self.receipt is None and self.plan is not None:
            rows.append(("the way back", f"{self.plan.title}: not applied; .plan is the plan"))
        return rows


def release_watch(
    client: Client,
    project: str,
    new: str,
    old: str | None = None,
    *,
    since: TimeLike = UNSET,
    lag: Any = None,
    history: Any = "1d",
    every: Any = "1min",
    timeout: Any = "1h",
    paths: bool = True,
    alpha: float = 0.01,
    beta: float = 0.01,
    worse: float = 2.0,
    errors: str | tuple[str, ...] = ("5xx", "4xx"),
    negligible: float | None = 2e-4,
    on_look: Callable[[ReleaseVerdict], Any] | None = None,
    on_rollback: Callable[[ReleaseVerdict], Plan | None] | None = None,
    apply: bool = False,
    cancel: Cancel | None = None,
) -> Watched:
    """Judge a release every minute until it is decided, and have the way back ready where it is bad.

    `new`, `old`: two environments of the project that serve at the same time, such as green and blue, or canary and
    production. Without `old`: `new` is compared with itself before the release, `lag` earlier (default: `timeout`; "1d"
    for the same hour yesterday). That can't tell the release from anything else that began with it, and says so.

    `since`: when the release was (default: now). `history`: how long before the release the old side is read, which
    tells noise from trouble. `every`, `timeout`: as lengths of time on the client's clock. `paths`: ask for the top
    error paths of minutes with errors, so that one client or path can't pass for a bad release. `alpha`, `beta`,
    `worse`, `errors`, `negligible`: as for `analysis.release_verdict`.

    `on_look(verdict)` is called after each look. On rollback `on_rollback(verdict)` gives the plan (default:
    `runbooks.rollback` of `new`; for a domain `lambda verdict: runbooks.switch(…)`). It is only shown; with
    `apply=True`, said beforehand, it is applied with the verdict's sentence as the reason. `cancel`: a
    `threading.Event`; the watch ends at once and nothing is done.

    What could not be read is no evidence: a look that fails is made again a minute later, and no look goes further than
    both sides and their error paths are known. Raises what reading raises where waiting won't mend it (no such
    environment, no access), and what applying raises.
    """
    seconds = {
        name: span(value, name) for name, value in (("every", every), ("timeout", timeout), ("history", history))
    }
    terms = {"alpha": alpha, "beta": beta, "worse": worse, "errors": errors, "negligible": negligible}
    checked(terms)
    if seconds["every"] <= 0 or seconds["timeout"] <= 0:
        raise InvalidInput("every= and timeout= are more than 0 seconds")
    present = Present(client)
    owner = present.project_named(project)
    side = present.environment_named(owner, new)
    now = client.transport.now()
    begin = int((now if since is UNSET else unix(since, now, "since")) // MINUTE) * MINUTE
    if begin > now:
        raise InvalidInput("since= lies in the future: a watch begins with the release or after it")
    fresh = Side(client, owner["id"], side["id"], begin)
    if old is None:
        back = span(lag if lag is not None else max(seconds["timeout"], now - begin), "lag")
        length = int(-(-back // MINUTE)) * MINUTE
        last = begin - length + int(max(seconds["timeout"], now - begin)) + MINUTE
        other = Side(client, owner["id"], side["id"], begin - length, min(begin, last), lag=length)
    else:
        if lag is not None:
            raise InvalidInput("lag= is for one environment: two are compared at the same time")
        row = present.environment_named(owner, old)
        if row["id"] == side["id"]:
            raise InvalidInput(f"new and old are both {side['uniqueName']}: leave old out to compare it with before")
        other = Side(client, owner["id"], row["id"], begin)
    watch = _Watch(client, Sides(other, fresh, int(seconds["history"]), paths, terms), on_look, cancel)
    ended = watch.run(seconds["every"], seconds["timeout"])
    plan, receipt, done = None, None, ""
    if watch.verdict is not None and watch.verdict.decision == ROLLBACK and ended == "decided":
        make = on_rollback or (lambda verdict: rollback(client, owner["id"], side["id"]))
        try:
            plan = make(watch.verdict)
        except InvalidInput as error:
            done = f" There is no way back: {str(error).splitlines()[0]}."
        if plan is not None and apply:
            receipt = plan.apply(confirm=plan.confirmation, reason=watch.verdict.sentence)
            done = f" Done: {plan.title}."
        elif plan is not None:
            done = f" The way back is ready, and not applied: {plan.title}."
    alone = old is None and watch.verdict is not None
    return Watched(
        decision=watch.verdict.decision if watch.verdict is not None else "not enough traffic",
        sentence=watch.said(ended, seconds["timeout"]) + (_ALONE if alone else "") + done,
        ended=ended,
        verdict=watch.verdict,
        looks=watch.looks(),
        plan=plan,
        receipt=receipt,
    )


_ALONE: Final = (
    " Compared with the same environment before the release: what else began then (an incident, other visitors) would "
    "look the same."
)


class _Watch:
    def __init__(
        self, client: Client, sides: Sides, on_look: Callable[[ReleaseVerdict], Any] | None, cancel: Cancel | None
    ) -> None:
        self.client, self.sides, self.on_look, self.cancel = client, sides, on_look, cancel
        self.verdict: ReleaseVerdict | None = None
        self._looks: list[tuple[Any, ...]] = []

    def run(self, every: float, timeout: float) -> Ending:
        clock = self.client.clock
        began, look = clock.now(), 0
        with status_line(clock) as line:
            while True:
                if self._cancelled():
                    return "cancelled"
                self._look()
                if self.verdict is not None:
                    if line is not None:
                        line(self.verdict.sentence, int(clock.now() - began), int(timeout))
                    if self.verdict.decided_at is not None:
                        return "decided"
                look += 1
                due = min(began + look * every, began + timeout)
                if clock.now() >= began + timeout:
                    return "timeout"
                if not self._sleep(due - clock.now()):
                    return "cancelled"

    def _look(self) -> None:
        now = self.client.transport.now()
        missed, found = "", None
        try:
            found, missed = self.sides.look(int(now))
        except PASSING as error:
            missed = str(error).splitlines()[0]
        at = pd.Timestamp(round(now * 1e6), unit="us", tz="UTC")
        if found is None:
            self._looks.append((at, "", None, None, None, None, missed))
            return
        self.verdict = found
        self._looks.append((at, found.decision, found.evidence, found.ratio, found.low, found.high, missed))
        if self.on_look is not None:
            try:
                self.on_look(found)
            except Exception as error:  # noqa: BLE001  # what a listener thinks is no reason to watch no more
                warnings.warn(f"on_look failed and is told no more: {type(error).__name__}: {error}", stacklevel=4)
                self.on_look = None

    def _sleep(self, seconds: float) -> bool:
        """Whether the time has passed without being cancelled."""
        clock = self.client.clock
        if self.cancel is None or clock.virtual:
            clock.sleep(max(seconds, 0.0))
        else:
            end = clock.now() + seconds
            while (left := end - clock.now()) > 0 and not self._cancelled():
                clock.sleep(min(left, _SLICE))
        return not self._cancelled()

    def _cancelled(self) -> bool:
        return self.cancel is not None and self.cancel.is_set()

    def looks(self) -> pd.DataFrame:
        columns = ["time", "decision", "evidence", "ratio", "low", "high", "missed"]
        frame = pd.DataFrame(self._looks, columns=columns)
        kinds: dict[str, Any] = dict.fromkeys(("evidence", "ratio", "low", "high"), "Float64")
        frame = frame.astype({**kinds, "decision": "str", "missed": "str", "time": "datetime64[us, UTC]"})
        return frame.set_index("time")

    def said(self, ended: Ending, timeout: float) -> str:
        """How it ended, in words."""
        missed = [one[-1] for one in self._looks if one[-1]]
        if self.verdict is None:
            why = f": {missed[-1]}" if missed else ", for no minute was over"
            return f"Nothing could be judged{why}. The watch was {'cancelled' if ended == 'cancelled' else 'over'}."
        if ended == "decided":
            return self.verdict.sentence
        how = "was cancelled" if ended == "cancelled" else f"ended after {card.span(timeout)} without a decision"
        return f"{self.verdict.sentence} The watch {how}; nothing was done."
