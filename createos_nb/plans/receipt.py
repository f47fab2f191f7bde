"""A receipt: what a run has changed, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from createos_nb.checks import FAIL, NO_DATA, PASS, Check, Checks, Result
from createos_nb.plans import moved, shown
from createos_nb.plans.errors import StepFailed
from createos_nb.plans.present import Present
from createos_nb.plans.record import steps_of
from createos_nb.plans.steps.variables import SetVariables
from createos_nb.times import unix

if TYPE_CHECKING:
    from createos_nb.client import Client
    from createos_nb.plans.hidden import Hidden
    from createos_nb.plans.journal import Journal
    from createos_nb.plans.plan import Plan
    from createos_nb.plans.steps.step import Step

_COLUMNS: Final = ("step", "what", "operation", "target", "outcome", "result", "started", "seconds", "note")
#: What each outcome of a step is as the result of a check: what was not read back is not known.
_RESULTS: Final[Mapping[str, Result]] = {"done": PASS, "already so": PASS, "written": NO_DATA, "not done": FAIL}


class Receipt:
    """What was changed, when, how long it took, request by request; `undo()` plans the way back.

    Attributes:
        title, where, reason: of the plan.
        started, ended: when (UTC); `seconds`: how long.
        journal: path of the journal; None of a dry run.
        made: ids of what the steps made, by step from 1.
        issued: secrets that the platform gives once, such as the token of a transfer, by name: masked, `.reveal()`
            gives the value. They are in no journal: a receipt of a later kernel has none.
        warnings: what others have changed again meanwhile, and what was settled by reading.
        dry_run: nothing was written.
    """

    def __init__(
        self,
        client: Client,
        title: str,
        where: str,
        steps: list[Step],
        *,
        journal: Journal | None = None,
        hidden: Mapping[int, Hidden] | None = None,
        reason: str | None = None,
        dry_run: bool = False,
        follow_ups: Mapping[str, Callable[[], Plan]] | None = None,
    ) -> None:
        self._client, self._steps, self._kept = client, steps, journal
        self._hidden, self._follow_ups = dict(hidden or {}), dict(follow_ups or {})
        self.title, self.where, self.reason, self.dry_run = title, where, reason, dry_run
        self.journal: Path | None = journal.path if journal is not None else None
        self._entries = list(journal.entries) if journal is not None else []
        now = client.clock.now()
        times = [unix(entry["at"], now) for entry in self._entries]
        first, last = (min(times), max(times)) if times else (now, now)
        self.started, self.ended = _time(first), _time(last)
        self.seconds = last - first
        self._ids = {e["step"]: e["made"] for e in self._entries if e["event"] == "answered" and e.get("made")}
        self.made = {number + 1: made for number, made in self._ids.items()}
        self.issued = {name: value for own in self._hidden.values() for name, value in own.issued.items()}
        self.warnings = [
            str(entry["text"])
            for entry in self._entries
            if entry["event"] in ("overtaken", "unlocked") or (entry["event"] == "answered" and entry.get("text"))
        ]
        sent = client.log()
        inside = (sent["time"] >= self.started) & (sent["time"] <= self.ended)
        #: Requests of this client while the run was going on: as `client.log()`.
        self.requests = sent[inside].reset_index(drop=True) if journal is not None else sent.iloc[:0]

    @classmethod
    def of_plan(cls, plan: Plan, *, dry_run: bool) -> Receipt:
        """What a dry run gives."""
        return cls(plan.client, plan.title, plan.where, plan.steps, dry_run=dry_run, follow_ups=plan.follow_ups)

    @classmethod
    def of_journal(
        cls,
        journal: Journal,
        client: Client,
        *,
        hidden: Mapping[int, Hidden] | None = None,
        follow_ups: Mapping[str, Callable[[], Plan]] | None = None,
    ) -> Receipt:
        """What a journal says."""
        steps = steps_of(journal)
        kept = journal.plan or {}
        return cls(
            client,
            str(kept.get("title")),
            str(kept.get("where")),
            steps,
            journal=journal,
            hidden=hidden,
            reason=kept.get("reason"),
            follow_ups=follow_ups,
        )

    # --- reading it ---------------------------------------------------------------------------------------------------

    @property
    def finished(self) -> bool:
        """The run came to its end."""
        return bool(self._entries) and self._entries[-1]["event"] == "finished"

    @property
    def checks(self) -> Checks:
        """Whether what each step was to do is so: PASS where it was read back, or what was asked for was answered.

        NO DATA of what was written and not waited for, and of a dry run; FAIL of what was not done, and of what
        somebody has changed again before the run was over. Taken from the journal: nothing is asked for it now.
        """
        if not self._steps:
            return Checks(Check(self.title, PASS, "nothing had to be done: it was so already", "every step is so"))
        rows: list[dict[Any, Any]] = self.frame().to_dict("records")
        return Checks(
            Check(step.what, row["result"], row["note"] or row["outcome"], step.held_against)
            for step, row in zip(self._steps, rows, strict=True)
        )

    def verify(self) -> Checks:
        """`checks`, and whether what was done is still so, read now. Raises what reading raises."""
        claim, threshold = "it is still so now", "nobody has changed it since"
        finished = [number for number, row in enumerate(self.checks) if row.result == PASS and not self.dry_run]
        if len(finished) < len(self._steps) or not self._steps:
            return self.checks + Check(claim, NO_DATA, "not every step was done", threshold)
        found = moved.overtaken(self._steps, Present(self._client), self._ids, finished)
        said = "; ".join(f"{one['target']}: {one['field']} is {one['now']}, not {one['planned']}" for one in found)
        return self.checks + Check(claim, FAIL if found else PASS, said or "read again", threshold)

    @property
    def summary(self) -> str:
        """The run in a line."""
        if self.dry_run:
            return "every precondition holds; nothing was written (dry run)"
        outcomes = self.frame()["outcome"]
        done, so = int((outcomes == "done").sum()), int((outcomes == "already so").sum())
        left = len(outcomes) - done - so
        parts = [f"{done} done"] + ([f"{so} already so"] if so else []) + ([f"{left} not done"] if left else [])
        return f"{', '.join(parts)}, in {self.seconds:.0f} s, {self.started:%Y-%m-%d %H:%M:%S} UTC"

    def frame(self) -> pd.DataFrame:
        """One row a step.

        step (Int64, from 1), what, operation, target, outcome (done, already so, written, not done), result (PASS,
        FAIL, NO DATA; see `checks`), started (UTC), seconds (Float64), note.
        """
        rows = []
        for number, step in enumerate(self._steps):
            mine = [entry for entry in self._entries if entry.get("step") == number]
            events = {entry["event"]: entry for entry in mine}
            outcome = "not done"
            if "done" in events:
                outcome = "written" if events["done"].get("text") == "written, not waited for" else "done"
            elif "skipped" in events:
                outcome = "already so"
            elif "answered" in events:
                outcome = "written"
            now = self._client.clock.now()
            times = [unix(entry["at"], now) for entry in mine]
            notes = [
                entry["text"] for entry in mine if entry["event"] not in ("about to", "looking", "done", "skipped")
            ]
            rows.append(
                {
                    "step": number + 1,
                    "what": step.what,
                    "operation": step.operation,
                    "target": str(step.target),
                    "outcome": outcome,
                    "result": NO_DATA if self.dry_run else FAIL if "overtaken" in events else _RESULTS[outcome],
                    "started": _time(times[0]) if times else None,
                    "seconds": times[-1] - times[0] if times else None,
                    "note": "; ".join(note for note in notes if note),
                }
            )
        frame = pd.DataFrame(rows, columns=list(_COLUMNS))
        frame["started"] = pd.to_datetime(frame["started"], utc=True).astype("datetime64[us, UTC]")
        texts = ("what", "operation", "target", "outcome", "result", "note")
        frame = frame.astype({"step": "Int64", "seconds": "Float64", **dict.fromkeys(texts, "str")})
        frame.attrs |= {"where": self.where, "title": self.title}
        return frame

    def follow_up(self, name: str) -> Plan:
        """A plan that goes with the one that was applied, such as "release". Raises `KeyError`, listing the names."""
        if name not in self._follow_ups:
            raise KeyError(f"no follow-up {name!r}; there is: {', '.join(self._follow_ups) or 'none'}")
        return self._follow_ups[name]()

    def __repr__(self) -> str:
        return shown.text(*shown.receipt(self))

    def _repr_html_(self) -> str:
        return shown.html(*shown.receipt(self))

    # --- the way back -------------------------------------------------------------------------------------------------

    def undo(self) -> Plan:
        """The plan that takes the run back, made anew from the present; it says what else has changed since.

        What can't be undone stands in its warnings. Reads only.
        """
        from createos_nb.plans.plan import Plan

        present = Present(self._client)
        made = min(self._ids, default=len(self._steps))
        touched = [
            entry["step"]
            for entry in self._entries
            if entry["event"] in ("about to", "answered", "done")
            # what the run has made may have gone live by itself before the step that was to do that
            or (entry["event"] == "skipped" and entry["step"] > made)
        ]
        done = sorted(set(touched))
        warnings = [
            f"{one['target']}: {one['field']} was changed since: {one['now']} now, {one['planned']} after the run"
            for one in moved.overtaken(self._steps, present, self._ids, done)
        ]
        steps: list[Step] = []
        hidden: dict[int, Hidden] = {}
        places: set[tuple[str, ...]] = set()
        first: dict[tuple[str, ...], int] = {}
        for number in done:
            first.setdefault(self._steps[number].place(), number)
        for number in reversed(done):
            step = self._steps[number]
            # of several steps on one thing the first one knows how it was; the way back is taken where the last one is
            if not step.makes and step.place() in places:
                continue
            places.add(step.place())
            origin = number if step.makes else first[step.place()]
            taken, notes, own = self._back(self._steps[origin], present, origin)
            warnings += notes
            if own is not None:
                hidden[len(steps)] = own
            steps += taken
        return Plan(
            present,
            f"undo: {self.title}",
            steps,
            runbook="undo",
            arguments={"of": self._kept.path.name if self._kept else self.title},
            hidden=hidden,
            warnings=warnings,
        )

    def _back(self, step: Step, present: Present, number: int) -> tuple[list[Step], list[str], Hidden | None]:
        try:
            if isinstance(step, SetVariables):
                return step.back_with(present, self._hidden.get(number))
            return (*step.back(present, self._ids, number), None)
        except StepFailed as error:  # what it was done to is gone
            return [], [f"{step.what}: can't be taken back: {error.message}"], None


def steps_frame(steps: list[Step]) -> pd.DataFrame:
    """step (Int64, from 1), what, operation, target: one row a step."""
    rows = [
        {"step": number, "what": step.what, "operation": step.operation, "target": str(step.target)}
        for number, step in enumerate(steps, 1)
    ]
    frame = pd.DataFrame(rows, columns=["step", "what", "operation", "target"])
    return frame.astype({"step": "Int64", "what": "str", "operation": "str", "target": "str"})


def _time(seconds: float) -> pd.Timestamp:
    return pd.Timestamp(round(seconds * 1e6), unit="us", tz="UTC")
