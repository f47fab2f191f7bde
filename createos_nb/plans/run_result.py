"""The result of a run, step by step, as its journal holds it; a receipt is one that can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from createos_nb.checks import FAIL, NO_DATA, PASS, Check, Checks
from createos_nb.plans import drift
from createos_nb.plans.render import Part, Rendering
from createos_nb.plans.run_message import run_message
from createos_nb.plans.snapshot import Snapshot
from createos_nb.plans.tables import outcomes_table, timestamp
from createos_nb.times import unix

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.notify.message import Message
    from createos_nb.plans.context import TransientInputs
    from createos_nb.plans.journal import Journal
    from createos_nb.plans.steps.base import Step


class RunResult:
    """What a run has changed, when, how long it took, request by request; see `createos_nb.plans.Receipt`."""

    def __init__(
        self,
        client: Client,
        title: str,
        where: str,
        steps: list[Step],
        *,
        journal: Journal | None = None,
        inputs: Mapping[int, TransientInputs] | None = None,
        reason: str | None = None,
        dry_run: bool = False,
    ) -> None:
        self._client, self._steps, self._inputs = client, steps, dict(inputs or {})
        self.title, self.where, self.reason, self.dry_run = title, where, reason, dry_run
        self.journal: Path | None = journal.path if journal is not None else None
        self._entries = list(journal.entries) if journal is not None else []
        self._created = journal.created if journal is not None else {}
        record = journal.plan if journal is not None else None
        actor = record.get("who") if record is not None else None
        self._who = (actor.get("account") or actor.get("user") or "") if actor is not None else ""
        now = client.clock.now()
        times = [unix(entry["at"], now) for entry in self._entries]
        first, last = (min(times), max(times)) if times else (now, now)
        self.started, self.ended = timestamp(first), timestamp(last)
        self.seconds = last - first
        self.created = {number + 1: created for number, created in self._created.items()}
        self.issued = {name: value for own in self._inputs.values() for name, value in own.issued.items()}
        self.warnings = [
            str(entry.get("text"))
            for entry in self._entries
            if entry["event"] in ("drift", "unlocked", "overridden")
            or (entry["event"] in ("answered", "noted") and entry.get("text"))
        ]
        log = client.log()
        inside = (log["time"] >= self.started) & (log["time"] <= self.ended)
        #: Requests of this client while the run was going on: as `client.log()`.
        self.requests = log[inside].reset_index(drop=True) if journal is not None else log.iloc[:0]

    # --- reading it ---------------------------------------------------------------------------------------------------

    @property
    def finished(self) -> bool:
        """Whether the run has finished."""
        return bool(self._entries) and self._entries[-1]["event"] == "finished"

    @property
    def checks(self) -> Checks:
        """Whether each step is as planned: PASS where it was read back, or what it probes was answered.

        NO DATA of what was written and not waited for, and of a dry run; FAIL of what was not done, and of what
        somebody has changed again before the run was over. Taken from the journal: nothing is read for it now.
        """
        if not self._steps:
            return Checks(Check(self.title, PASS, "nothing had to be done: it was so already", "every step is so"))
        rows: list[dict[Any, Any]] = self.frame().to_dict("records")
        return Checks(
            Check(step.what, row["result"], row["note"] or row["outcome"], step.criterion)
            for step, row in zip(self._steps, rows, strict=True)
        )

    def verify(self) -> Checks:
        """Return `checks`, and whether what was done is still so, read now.

        Returns:
            The checks of each step, and one more.

        Raises:
            CreateOSError: reading fails.

        Examples:
            >>> client = createos_nb.simulate()
            >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
            >>> receipt = plan.apply(confirm=plan.digest, reason="the sale")
            >>> receipt.verify().result
            'PASS'
        """
        claim, threshold = "it is still so now", "nobody has changed it since"
        passed = [number for number, row in enumerate(self.checks) if row.result == PASS and not self.dry_run]
        if len(passed) < len(self._steps) or not self._steps:
            return self.checks + Check(claim, NO_DATA, "not every step was done", threshold)
        differences = drift.after_steps(self._steps, Snapshot(self._client), self._created, passed)
        figure = "; ".join(difference.text for difference in differences)
        return self.checks + Check(claim, FAIL if differences else PASS, figure or "read again", threshold)

    @property
    def summary(self) -> str:
        """The run in a line."""
        if self.dry_run:
            return "every precondition holds; nothing was changed (dry run)"
        outcomes = self.frame()["outcome"]
        done, already = int((outcomes == "done").sum()), int((outcomes == "already so").sum())
        left = len(outcomes) - done - already
        parts = [
            f"{done} done",
            *([f"{already} already so"] if already else []),
            *([f"{left} not done"] if left else []),
        ]
        return f"{', '.join(parts)}, in {self.seconds:.0f} s, {self.started:%Y-%m-%d %H:%M:%S} UTC"

    def frame(self) -> pd.DataFrame:
        """Return one row a step.

        Returns:
            A frame of step (Int64, from 1), what, operation, target, outcome (done, already so, written, not done),
            result (PASS, FAIL, NO DATA; see `checks`), started (UTC), seconds (Float64), note.

        Examples:
            >>> client = createos_nb.simulate()
            >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
            >>> receipt = plan.apply(confirm=plan.digest, reason="the sale")
            >>> receipt.frame()[["operation", "outcome", "result"]].values.tolist()
            [['UpdateProjectEnvironmentResources', 'done', 'PASS']]
        """
        frame = outcomes_table(self._steps, self._entries, self._client.clock.now(), dry_run=self.dry_run)
        frame.attrs |= {"where": self.where, "title": self.title}
        return frame

    def message(self, checks: Checks | None = None) -> Message:
        """Return what to tell others in lines of text: what was changed, where, why, by whom, and how to undo it.

        Printed, it can be pasted into a chat; `createos_nb.notify.Notifier` sends it. Values of variables are masked.

        Args:
            checks: what was found out since (default: `checks`).

        Returns:
            The message. Its title says PASS, FAIL or NO DATA, or that the run is not finished.

        Examples:
            >>> client = createos_nb.simulate()
            >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
            >>> receipt = plan.apply(confirm=plan.digest, reason="INC-7: the sale")
            >>> print(receipt.message())
            scale storefront / staging: replicas 2: PASS
            where: SIMULATOR https://api.simulator.invalid · account marlow
            why: INC-7: the sale
            who: marlow, 2026-03-02 09:00:00 UTC, 13 s
            changed:
              storefront / staging: replicas 1 → 2
            verified: 1 of 1 checks pass
            watch: createos-nb diagnose storefront staging
            undo: receipt.undo() plans it, from the journal ...scale-storefront-staging-...jsonl
        """
        checks = self.checks if checks is None else checks
        time = f"{self.started:%Y-%m-%d %H:%M:%S} UTC, {self.seconds:.0f} s"
        head = [
            f"where: {self.where}",
            f"why: {self.reason}" if self.reason else "",
            f"who: {self._who}, {time}" if self._who else f"when: {time}",
        ]
        became = "dry run, nothing was changed" if self.dry_run else checks.result if self.finished else "not finished"
        journal = self.journal.name if self.journal is not None else ""
        outcomes = self.frame()["outcome"].tolist()
        return run_message(f"{self.title}: {became}", head, self._steps, outcomes, checks, journal)

    def render(self) -> Rendering:
        """Return head and parts, for text and HTML.

        Returns:
            A rendering, whose `text()` and `html()` are what a terminal and a notebook show.

        Examples:
            >>> client = createos_nb.simulate()
            >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
            >>> plan.apply(dry_run=True).render().head[2]
            'every precondition holds; nothing was changed (dry run)'
        """
        summary = self.summary if self.dry_run else f"{self.checks.result}: {self.summary}"
        head = [self.where, f"{'Checked' if self.dry_run else 'Receipt'}: {self.title}", summary]
        if self.reason:
            head.append(f"reason: {self.reason}")
        parts = [Part("Steps", self.frame().drop(columns=["operation"]))]
        if self.warnings:
            parts.append(Part("Warnings", self.warnings))
        if self.journal is not None:
            parts.append(Part("Journal", [str(self.journal)]))
        return Rendering(head, parts)

    def __repr__(self) -> str:
        return self.render().text()

    def _repr_html_(self) -> str:
        return self.render().html()
