"""Watching a release live: a verdict every minute until it is decided, and a rollback plan where it is bad."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import pandas as pd

from createos_nb.analysis.releases.decision import PROMOTE, ROLLBACK
from createos_nb.analysis.releases.result import ReleaseVerdict
from createos_nb.checks import Checks, check
from createos_nb.contract.operation import UNSET
from createos_nb.contract.types import TimeLike
from createos_nb.display import human_duration, text_card
from createos_nb.dtypes import TEXT
from createos_nb.errors import InvalidInput
from createos_nb.html import html_card
from createos_nb.notify.announcer import Announcer
from createos_nb.notify.message import Kind, Message
from createos_nb.notify.notifier import Notifier
from createos_nb.plans.errors import PASSING
from createos_nb.plans.gates import check_terms
from createos_nb.plans.plan import Plan, Receipt
from createos_nb.plans.release_monitor import MINUTE, EnvironmentTraffic, ReleaseTraffic
from createos_nb.plans.snapshot import Snapshot, id_of, name_of
from createos_nb.progress import status_line
from createos_nb.runbooks.rollback import rollback
from createos_nb.times import parse_duration, unix

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.notify.notifier import Notify
    from createos_nb.plans.events import Cancel

_SLICE: Final = 0.25
"""Seconds of real time that pass at most before a canceled watch stops waiting."""

Ending = Literal["decided", "timeout", "cancelled"]


@dataclass(frozen=True, eq=False, repr=False)
class Watched:
    """The result of a watch: `decision`, `sentence` and `path` are those of the last verdict."""

    decision: str
    """`rollback`, `promote`, `keep watching` or `not enough traffic`."""
    sentence: str
    """What a person reads: the verdict, how the watch ended, and what was done."""
    ended: Ending
    """`decided`, `timeout` or `cancelled`."""
    verdict: ReleaseVerdict | None
    """The last one; None if no minute could be judged."""
    polls: pd.DataFrame
    """Indexed by `time` (UTC): one row a poll, with `decision`, `evidence`, `ratio`, `low`, `high` as they were then,
    and `missed` (what could not be read; "" otherwise)."""
    plan: Plan | None
    """On rollback: the plan that rolls back, to review and to apply."""
    receipt: Receipt | None
    """Of that plan, if it was to be applied."""

    @property
    def checks(self) -> Checks:
        """The check that the new version is not worse: PASS on `promote`, FAIL on `rollback`, NO DATA if undecided.

        With those of the receipt, where the rollback was applied.
        """
        holds = {PROMOTE: True, ROLLBACK: False}.get(self.decision)
        polls = f"{len(self.polls)} poll{'s' if len(self.polls) != 1 else ''}"
        figure = f"{self.decision} after {polls}" if holds is not None else f"no decision ({self.decision}), {polls}"
        own = Checks(check("the new version is not worse", holds, figure, "the release verdict says promote"))
        return own if self.receipt is None else own + self.receipt.checks

    @property
    def path(self) -> pd.DataFrame:
        """The path of the last verdict: each bucket's own decision and evidence. Empty before the first one."""
        if self.verdict is not None:
            return self.verdict.path
        return pd.DataFrame(index=pd.DatetimeIndex([], dtype="datetime64[us, UTC]", name="time"))

    def __repr__(self) -> str:
        return text_card("Watched", self.sentence, self._rows())

    def _repr_html_(self) -> str:
        card = html_card("Watched", self.sentence, self._rows())
        done = self.receipt or self.plan
        return card + (done._repr_html_() if done is not None else "")

    def _rows(self) -> list[tuple[str, Any]]:
        rows: list[tuple[str, Any]] = [
            ("result", self.checks.result),
            ("decision", self.decision),
            ("polls", len(self.polls)),
        ]
        missed = int((self.polls["missed"] != "").sum())
        if missed:
            rows.append(("polls with something missing", missed))
        if self.receipt is None and self.plan is not None:
            rows.append(("rollback plan", f"{self.plan.title}: not applied; .plan is the plan"))
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
    warm_up: Any = "3min",
    exposure: Any = "20min",
    on_poll: Callable[[ReleaseVerdict], Any] | None = None,
    on_rollback: Callable[[ReleaseVerdict], Plan | None] | None = None,
    apply: bool = False,
    cancel: Cancel | None = None,
    notify: Notify | Notifier | None = None,
) -> Watched:
    """Judge a release every minute until it is decided, and plan a rollback where it is bad.

    Without `old`, `new` is compared with itself before the release, and with `lag`, `old` as it was so much earlier:
    after a switch the old side has no traffic, and is compared as it was before. That can't tell the release from
    anything else that began with it, and says so.

    It ends with the first promotion or a rollback. What comes after a promotion, another watch finds: call it again
    with the same `since`, and it may say `keep watching` or `rollback`.

    What could not be read is no evidence: a poll that fails is repeated a minute later, and no verdict goes further
    than the traffic and the error paths of both environments are known.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.
        new: name or id of the environment with the new version, such as green or canary.
        old: name or id of the environment that serves at the same time, such as blue or production.
        since: when the release was (default: now).
        lag: how much earlier the baseline is (default: with `old` none, without it `timeout`; "1d" for the same hour
            yesterday).
        history: how long before the release the old environment is read, which tells noise from trouble.
        every: how long to wait between polls, on the client's clock, such as "1min", or seconds.
        timeout: how long to watch at most, on the client's clock, such as "1h", or seconds.
        paths: ask for the top error paths of minutes with errors, so that one client or path can't pass for a bad
            release.
        alpha: as for `analysis.release_verdict`: how often a good release may be rolled back, a probability.
        beta: as for `analysis.release_verdict`: how often a bad release may be promoted, a probability.
        worse: as for `analysis.release_verdict`: the ratio of error rates that is to be found.
        errors: as for `analysis.release_verdict`: the classes of errors that count.
        negligible: as for `analysis.release_verdict`: the rise of the error rate that does not matter, as a share.
        warm_up: as for `analysis.release_verdict`: how long the new side's ratio does not count, such as "3min".
        exposure: as for `analysis.release_verdict`: how long both must have served before a promotion, such as "20min".
        on_poll: called with each verdict.
        on_rollback: gives the plan for a verdict that says rollback (default: `runbooks.rollback` of `new`; for a
            domain `lambda verdict: runbooks.route_domain(…)`).
        apply: apply that plan, with the verdict's sentence as the reason; otherwise it is only planned.
        cancel: a `threading.Event`, or anything with `is_set`: once it is set the watch ends and nothing is done.
        notify: who is told that the watch has begun, how it ended, and of the rollback: as for `Plan.apply`.

    Returns:
        How it ended, the last verdict, a frame of the polls, and on rollback the plan.

    Raises:
        InvalidInput: an argument can't be used.
        UnknownName: there is no such project or environment.
        CreateOSError: reading fails where waiting won't help (no access), or applying fails.

    Examples:
        >>> client = createos_nb.simulate("bad-release")
        >>> watched = createos_nb.runbooks.release_watch(client, "storefront", "production", since="-40min", lag="1h")
        >>> watched.decision, watched.ended
        ('rollback', 'decided')
        >>> watched.plan.title
        'roll storefront / production back from v4 to v3'
    """
    lengths = {"every": every, "timeout": timeout, "history": history}
    seconds = {name: parse_duration(value, name) for name, value in lengths.items()}
    terms: dict[str, Any] = {"alpha": alpha, "beta": beta, "worse": worse, "errors": errors, "negligible": negligible}
    terms |= {"warm_up": warm_up, "exposure": exposure}
    check_terms(terms)
    if seconds["every"] <= 0 or seconds["timeout"] <= 0:
        raise InvalidInput("every= and timeout= are more than 0 seconds")
    snapshot = Snapshot(client)
    owner = snapshot.find_project(project, "environments")
    row = snapshot.find_environment(owner, new)
    now = client.transport.now()
    begin = int((now if since is UNSET else unix(since, now, "since")) // MINUTE) * MINUTE
    if begin > now:
        raise InvalidInput("since= lies in the future: a watch begins with the release or after it")
    candidate = EnvironmentTraffic(client, id_of(owner), id_of(row), begin)
    other = row
    if old is not None:
        other = snapshot.find_environment(owner, old)
        if other.id == row.id:
            raise InvalidInput(f"new and old are both {name_of(row)}: leave old out to compare it with before")
    earlier = old is None or lag is not None
    if earlier:
        back = parse_duration(lag if lag is not None else max(seconds["timeout"], now - begin), "lag")
        length = int(-(-back // MINUTE)) * MINUTE
        last = begin - length + int(max(seconds["timeout"], now - begin)) + MINUTE
        baseline = EnvironmentTraffic(client, id_of(owner), id_of(other), begin - length, min(begin, last), lag=length)
    else:
        baseline = EnvironmentTraffic(client, id_of(owner), id_of(other), begin)
    traffic = ReleaseTraffic(baseline, candidate, int(seconds["history"]), paths, terms)
    watch = _Watch(client, traffic, on_poll, cancel)
    if notify is not None and not isinstance(notify, Notifier):
        notify = Notifier(notify)
    with Announcer(notify or ()) as announce:
        place = f"release of {name_of(owner)} / {name_of(row)}"
        announce(Message(title=f"{place}: watched for up to {human_duration(seconds['timeout'])}", body=client.where))
        ended = watch.run(seconds["every"], seconds["timeout"])
        decision = watch.verdict.decision if watch.verdict is not None else "not enough traffic"
        sentence = watch.sentence(ended, seconds["timeout"])
        kind = _KINDS.get(decision, "warning")
        if decision == ROLLBACK and not apply and on_rollback is None:
            sentence_told = f"{sentence}\nrunbooks.rollback(client, {name_of(owner)!r}, {name_of(row)!r})"
        else:
            sentence_told = sentence
        announce(Message(title=f"{place}: {decision}", body=f"{sentence_told}\n{client.where}", kind=kind))
        plan, receipt, done = None, None, ""
        if watch.verdict is not None and watch.verdict.decision == ROLLBACK and ended == "decided":
            make = on_rollback or (lambda verdict: rollback(client, id_of(owner), id_of(row)))
            try:
                plan = make(watch.verdict)
            except InvalidInput as error:
                done = f" No rollback is possible: {str(error).splitlines()[0]}."
            if plan is not None and apply:
                receipt = plan.apply(confirm=plan.confirmation, reason=watch.verdict.sentence, notify=notify)
                done = f" The rollback was applied, {receipt.checks.result}: {plan.title}."
            elif plan is not None:
                done = f" The rollback is planned, not applied: {plan.title}."
    told = _ALONE if old is None else _BEFORE.format(name=name_of(other))
    return Watched(
        decision=decision,
        sentence=sentence + (told if earlier and watch.verdict is not None else "") + done,
        ended=ended,
        verdict=watch.verdict,
        polls=watch.polls(),
        plan=plan,
        receipt=receipt,
    )


_KINDS: Final[dict[str, Kind]] = {ROLLBACK: "failure", PROMOTE: "success"}
_ALONE: Final = (
    " Compared with the same environment before the release: what else began then (an incident, other visitors) would "
    "look the same."
)
_BEFORE: Final = (
    " Compared with the level of {name} before: what else began since (an incident, other visitors) would look the "
    "same."
)


class _Watch:
    def __init__(
        self,
        client: Client,
        traffic: ReleaseTraffic,
        on_poll: Callable[[ReleaseVerdict], Any] | None,
        cancel: Cancel | None,
    ) -> None:
        self.client, self.traffic, self.on_poll, self.cancel = client, traffic, on_poll, cancel
        self.verdict: ReleaseVerdict | None = None
        self._polls: list[tuple[Any, ...]] = []

    def run(self, every: float, timeout: float) -> Ending:
        clock = self.client.clock
        started, polls = clock.passed(), 0
        every = max(every, clock.least)
        with status_line(clock) as line:
            while True:
                if self._canceled():
                    return "cancelled"
                self._poll()
                if self.verdict is not None:
                    if line is not None:
                        line(self.verdict.sentence, int(clock.passed() - started), int(timeout))
                    if self.verdict.decided_at is not None:
                        return "decided"
                polls += 1
                due = min(started + polls * every, started + timeout)
                if clock.passed() >= started + timeout:
                    return "timeout"
                if not self._sleep(due - clock.passed()):
                    return "cancelled"

    def _poll(self) -> None:
        now = self.client.transport.now()
        missed, verdict = "", None
        try:
            verdict, missed = self.traffic.poll(int(now))
        except PASSING as error:
            missed = str(error).splitlines()[0]
        at = pd.Timestamp(round(now * 1e6), unit="us", tz="UTC")
        if verdict is None:
            self._polls.append((at, "", None, None, None, None, missed))
            return
        self.verdict = verdict
        row = (at, verdict.decision, verdict.evidence, verdict.ratio, verdict.low, verdict.high, missed)
        self._polls.append(row)
        if self.on_poll is not None:
            try:
                self.on_poll(verdict)
            except Exception as error:  # noqa: BLE001  # it is anybody's code, and the watch goes on whatever it does
                warnings.warn(f"on_poll failed and is called no more: {type(error).__name__}: {error}", stacklevel=4)
                self.on_poll = None

    def _sleep(self, seconds: float) -> bool:
        """Sleep; return whether the time has passed without the watch being canceled."""
        clock = self.client.clock
        if self.cancel is None or clock.virtual:
            clock.sleep(max(seconds, 0.0))
        else:
            end = clock.passed() + seconds
            while (left := end - clock.passed()) > 0 and not self._canceled():
                clock.sleep(min(left, _SLICE * clock.speed))
        return not self._canceled()

    def _canceled(self) -> bool:
        return self.cancel is not None and self.cancel.is_set()

    def polls(self) -> pd.DataFrame:
        columns = ["time", "decision", "evidence", "ratio", "low", "high", "missed"]
        frame = pd.DataFrame(self._polls, columns=columns)
        kinds: dict[str, Any] = dict.fromkeys(("evidence", "ratio", "low", "high"), "Float64")
        frame = frame.astype({**kinds, "decision": TEXT, "missed": TEXT, "time": "datetime64[us, UTC]"})
        return frame.set_index("time")

    def sentence(self, ended: Ending, timeout: float) -> str:
        """How it ended, in words."""
        missed = [row[-1] for row in self._polls if row[-1]]
        if self.verdict is None:
            why = f": {missed[-1]}" if missed else ", for no minute was over"
            return f"Nothing could be judged{why}. The watch was {'cancelled' if ended == 'cancelled' else 'over'}."
        if ended == "decided":
            return self.verdict.sentence
        how = "was cancelled" if ended == "cancelled" else f"ended after {human_duration(timeout)} without a decision"
        return f"{self.verdict.sentence} The watch {how}. Nothing was changed."
