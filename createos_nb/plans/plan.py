"""Plans and receipts: what would be changed, shown before anything is; and what was changed, with its undo."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pandas as pd

from createos_nb.plans.actor import current_actor
from createos_nb.plans.blast_radius import blast_radius
from createos_nb.plans.context import ApplyOptions
from createos_nb.plans.digest import digest_of, intent_of
from createos_nb.plans.intent_lock import IntentLock, lock_warning
from createos_nb.plans.journal import FORMAT
from createos_nb.plans.outcome import Outcome
from createos_nb.plans.preconditions import check_preconditions, failing
from createos_nb.plans.render import Part, Rendering
from createos_nb.plans.snapshot import Snapshot
from createos_nb.plans.steps.registry import rows_of
from createos_nb.plans.tables import fields_table
from createos_nb.plans.undo import undo_steps
from createos_nb.plans.world_identity import lineage_of

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans.context import Status, TransientInputs
    from createos_nb.plans.events import Cancel, OnEvent
    from createos_nb.plans.journal import Journal
    from createos_nb.plans.journal_entries import PlanRecord
    from createos_nb.plans.steps.base import Step
    from createos_nb.times import DurationLike

#: Media type of what is kept beside a plan that a notebook shows.
PLAN_TYPE = "application/vnd.createos-nb.plan+json"
FollowUps: TypeAlias = "Mapping[str, Callable[[], Plan]]"
#: What applies a plan; `Plan` is given it, and knows no executor.
Execute: TypeAlias = "Callable[[Plan, ApplyOptions], Receipt]"


class Plan:
    """Steps that were planned by reading only. It renders itself; `apply` carries it out.

    A runbook of `createos_nb.runbooks` makes one; nobody needs to construct it.

    Attributes:
        title: the plan in a line.
        digest: a hash of the steps, their targets and the values before, in lower-case hexadecimal: the same until any
            of it changes.
        blast_radius: a frame of the environments that it reaches; see `createos_nb.plans.blast_radius`.
        preconditions: a frame of precondition, state (holds, fails, unknown), detail.
        warnings: what to know before it is applied.
        candidates: the frame that a runbook chose from, if it chose; else None.
        steps: the steps.
        where: account, base URL, and PLATFORM or SIMULATOR.
        applied: path of the journal once it has finished; None before.

    Args:
        snapshot: what was read for it, by the client that applies it.
        title: the plan in a line.
        steps: the steps, in their order.
        runbook: name of the runbook that makes it.
        arguments: what the runbook was called with, as ids; those that are None are left out.
        execute: what applies it.
        inputs: inputs of the steps that no journal holds, by the number of the step from 0.
        warnings: what to know before it is applied.
        candidates: the frame that the runbook chose from.
        follow_ups: what makes the plans that go with this one, by name.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
        >>> plan.title, len(plan.steps), plan.serves_users
        ('scale storefront / staging: replicas 2', 1, True)
        >>> list(plan.blast_radius["environment"])
        ['staging']
    """

    def __init__(
        self,
        snapshot: Snapshot,
        title: str,
        steps: list[Step],
        *,
        runbook: str,
        arguments: Mapping[str, Any],
        execute: Execute,
        inputs: Mapping[int, TransientInputs] | None = None,
        warnings: list[str] | None = None,
        candidates: pd.DataFrame | None = None,
        follow_ups: FollowUps | None = None,
    ) -> None:
        self.client: Client = snapshot.client
        self.client.whoami()
        self.title, self.steps, self.runbook = title, steps, runbook
        self.arguments = {name: value for name, value in arguments.items() if value is not None}
        #: Inputs of the steps that no journal holds, by the number of the step from 0.
        self.inputs = dict(inputs or {})
        self.where = self.client.where
        self.digest = digest_of(steps, snapshot)
        self.intent = intent_of(runbook, self.arguments, f"{self.where} {lineage_of(self.client).id}".rstrip())
        #: Runs of the intent that had finished when the plan was made: it is not about those.
        self.finished_before = IntentLock(self.client, self.intent).finished_runs()
        self.blast_radius = blast_radius(steps, snapshot)
        self.preconditions = check_preconditions(steps, snapshot)
        self.warnings = list(warnings or [])
        if warning := lock_warning(self.client):
            self.warnings.append(warning)
        self.warnings += [
            f"if the project is at the platform's limit of live deployments, the oldest one is terminated: {oldest}"
            for oldest in self.blast_radius.attrs["makes_room"]
        ]
        self.candidates = candidates
        self.applied: Path | None = None
        self.follow_ups = dict(follow_ups or {})
        self._execute = execute

    # --- reading it ---------------------------------------------------------------------------------------------------

    @property
    def serves_users(self) -> bool:
        """Whether it reaches something that serves users now: then `apply` needs the digest and a reason."""
        return bool(self.blast_radius["serves_users"].fillna(False).any())

    @property
    def irreversible(self) -> bool:
        """Whether it destroys something, or gives it away: then `apply` needs the typed name of the target."""
        return any(step.irreversible for step in self.steps)

    @property
    def confirmation(self) -> str | None:
        """What `apply(confirm=…)` needs; None where nothing."""
        if not self.steps:
            return None
        if self.irreversible:
            return next(step.target.name for step in self.steps if step.irreversible)
        return self.digest if self.serves_users else None

    def frame(self) -> pd.DataFrame:
        """Return one row for each field of each step.

        Returns:
            A frame of step (Int64, from 1), what, operation, target, field, before, after, why (str), reversible
            (boolean), wait_seconds (Float64, what the step usually takes). Values of variables are dots.

        Examples:
            >>> client = createos_nb.simulate()
            >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", cpu=300, replicas=2)
            >>> plan.frame()[["step", "field", "before", "after"]].values.tolist()
            [[1, 'replicas', '1', '2']]
        """
        frame = fields_table(self.steps)
        frame.attrs |= {"where": self.where, "digest": self.digest, "title": self.title}
        return frame

    def follow_up(self, name: str) -> Plan:
        """Return a plan that goes with this one, such as "release" after a rollback.

        Args:
            name: name of the follow-up.

        Returns:
            The plan, made from the present state; nothing is changed before `apply`.

        Raises:
            KeyError: there is no such follow-up; the text lists the names.

        Examples:
            >>> client = createos_nb.simulate("auto-promote-trap")
            >>> plan = createos_nb.runbooks.rollback(client, "storefront", "production")
            >>> receipt = plan.apply(confirm=plan.digest, reason="the checkout fails")
            >>> plan.follow_up("release").title
            'release auto-promotion of storefront / production'
        """
        return _follow_up(self.follow_ups, name)

    def render(self) -> Rendering:
        """Return head and parts, for text and HTML.

        Returns:
            A rendering, whose `text()` and `html()` are what a terminal and a notebook show.

        Examples:
            >>> client = createos_nb.simulate()
            >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
            >>> plan.render().head[1]
            'Plan: scale storefront / staging: replicas 2'
            >>> [part.heading for part in plan.render().parts]
            ['Steps', 'Blast radius', '3 of 3 preconditions hold', 'Warnings', 'To apply']
        """
        steps = self.frame().drop(columns=["operation", "target"])
        nothing = "nothing of it can be undone" if self.runbook == "undo" and self.warnings else "it is so already"
        parts = [Part("Steps", steps if self.steps else [f"nothing to do: {nothing}"])]
        if len(self.blast_radius):
            parts.append(Part("Blast radius", self.blast_radius.drop(columns=["project"])))
        open_ones = self.preconditions[self.preconditions["state"] != "holds"]
        holding = f"{len(self.preconditions) - len(open_ones)} of {len(self.preconditions)} preconditions hold"
        parts.append(Part(holding, open_ones.reset_index(drop=True) if len(open_ones) else []))
        if self.warnings:
            parts.append(Part("Warnings", self.warnings))
        if self.steps:
            parts.append(Part("To apply", [self._how_to_apply(), f"digest {self.digest}"]))
        return Rendering([self.where, f"Plan: {self.title}"], parts)

    def _how_to_apply(self) -> str:
        if self.confirmation is None:
            return "plan.apply()"
        if self.irreversible:
            return f"irreversible: plan.apply(confirm=<type the name: {self.confirmation}>, reason=…)"
        return f"reaches what serves users: plan.apply(confirm={self.digest!r}, reason=…)"

    def __repr__(self) -> str:
        return self.render().text()

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what a program such as `createos-nb run` reads beside text and HTML.

        The intent stands in the metadata: it belongs to one world, so that it differs from run to run.
        """
        digest = "" if self.irreversible else self.digest
        return {PLAN_TYPE: {"digest": digest, "irreversible": self.irreversible}}, {PLAN_TYPE: {"intent": self.intent}}

    def _repr_html_(self) -> str:
        return self.render().html()

    # --- doing it -----------------------------------------------------------------------------------------------------

    def check(self) -> pd.DataFrame:
        """Read the preconditions again now. Nothing is written.

        Returns:
            A frame of precondition, state (holds, fails, unknown), detail (str).

        Examples:
            >>> client = createos_nb.simulate()
            >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
            >>> plan.check()["state"].unique().tolist()
            ['holds']
        """
        return check_preconditions(self.steps, Snapshot(self.client))

    def problems(self) -> pd.DataFrame:
        """Return the preconditions that fail, as they were when the plan was made.

        Returns:
            A frame of precondition, state, detail (str); empty where none fails.

        Examples:
            >>> client = createos_nb.simulate()
            >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
            >>> len(plan.problems())
            0
        """
        return failing(self.preconditions)

    def apply(
        self,
        confirm: str | None = None,
        reason: str | None = None,
        *,
        wait: bool = True,
        timeout: DurationLike | None = None,
        dry_run: bool = False,
        journal: str | os.PathLike[str] | None = None,
        on_event: OnEvent | None = None,
        status: Status | None = None,
        cancel: Cancel | None = None,
    ) -> Receipt:
        """Apply the plan: each step checked, written once, waited for, verified and journaled.

        Args:
            confirm: the digest of a plan that reaches what serves users; the typed name of the target of an
                irreversible one; nothing for others.
            reason: kept in the journal; needed where users are reached.
            wait: False: the last step is written and not waited for.
            timeout: how long each wait may take, such as "90s", "15min", a `Timedelta`, or seconds (default: 15 minutes
                for a deployment, 5 for all else).
            dry_run: check everything and write nothing.
            journal: the file to keep the run in (default: a new one in `createos_nb.plans.default_folder()`). A run of
                the same intent that was interrupted, there or in that file, is resumed instead of repeated, and one
                that `journal` says is finished is only reported.
            on_event: called with an `Event` whenever something happens and at each poll (`print` makes a log of it); by
                default one line of status in a terminal or notebook, on a real clock, which goes at the end;
                `CREATEOS_NB_PROGRESS=0` or `on_event=lambda event: None` for none.
            status: called with a line of text, each thing once. Both are called in the thread that applies.
            cancel: a `threading.Event`, or anything with `is_set`: once it is set the run stops before the next step,
                or while it waits, and can be resumed; a write that is on its way is finished first.

        Returns:
            A `Receipt`.

        Raises:
            PlanError: `ConfirmationNeeded`, `ReasonNeeded`, `PreconditionFailed`, `StalePlanError`, `StepFailed` (among
                them `Cancelled`, `TakesTooLong`), `JournalBusy`: see `createos_nb.plans.errors`. An interrupt leaves a
                run that can be resumed.

        Examples:
            >>> client = createos_nb.simulate()
            >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
            >>> receipt = plan.apply(confirm=plan.digest, reason="the sale", on_event=lambda event: print(event.phase))
            checking
            writing
            waiting
            waiting
            waiting
            waiting
            waiting
            waiting
            waiting
            done
            finished
            >>> receipt.checks.result
            'PASS'
        """
        options = ApplyOptions(confirm, reason, wait, timeout, dry_run, journal, on_event, status, cancel)
        return self._execute(self, options)

    def record(self, reason: str | None) -> PlanRecord:
        """Return the plan as a journal holds it, without its transient inputs.

        Args:
            reason: the reason that the journal is to keep.

        Returns:
            A mapping that can be written as JSON.

        Examples:
            >>> client = createos_nb.simulate()
            >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
            >>> record = plan.record("the sale")
            >>> record["runbook"], record["reason"], len(record["steps"])
            ('scale', 'the sale', 1)
        """
        lineage = lineage_of(self.client)
        return {
            "format": FORMAT,
            "title": self.title,
            "runbook": self.runbook,
            "arguments": self.arguments,
            "where": self.where,
            "base_url": self.client.base_url,
            "digest": self.digest,
            "intent": self.intent,
            "confirmation": self.confirmation,
            "reason": reason,
            "who": current_actor(self.client.whoami()),
            "world": lineage.id,
            "course": lineage.course,
            "steps": rows_of(self.steps),
        }


class Receipt(Outcome):
    """What was changed, when, how long it took, request by request; `undo()` plans its undo.

    `Plan.apply` returns it; nobody needs to construct it.

    Attributes:
        title, where, reason: of the plan.
        started, ended: when (UTC); `seconds`: how long.
        journal: path of the journal; None of a dry run.
        created: ids of what the steps have created, by step from 1.
        issued: secrets that the platform shows once, such as the token of a transfer, by name: masked, `.reveal()`
            gives the value. They are in no journal: a receipt of a later kernel has none.
        warnings: drift by the end of the run, and what was settled by reading.
        dry_run: nothing was written.

    Args:
        client: the account of the run.
        title: of the plan.
        where: of the plan.
        steps: of the plan.
        execute: what applies the plan that undoes it.
        journal: the run as it was kept; None of a dry run.
        inputs: inputs of the steps that no journal holds, by the number of the step from 0.
        reason: why it was applied.
        dry_run: nothing was written.
        follow_ups: what makes the plans that go with it, by name.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
        >>> receipt = plan.apply(confirm=plan.digest, reason="the sale")
        >>> receipt.checks.result, receipt.summary
        ('PASS', '1 done, in 13 s, 2026-03-02 09:00:00 UTC')
    """

    def __init__(
        self,
        client: Client,
        title: str,
        where: str,
        steps: list[Step],
        *,
        execute: Execute,
        journal: Journal | None = None,
        inputs: Mapping[int, TransientInputs] | None = None,
        reason: str | None = None,
        dry_run: bool = False,
        follow_ups: FollowUps | None = None,
    ) -> None:
        super().__init__(client, title, where, steps, journal=journal, inputs=inputs, reason=reason, dry_run=dry_run)
        self._execute, self._follow_ups = execute, dict(follow_ups or {})

    def follow_up(self, name: str) -> Plan:
        """Return a plan that goes with the one that was applied, such as "release".

        Args:
            name: name of the follow-up.

        Returns:
            The plan, made from the present state; nothing is changed before `apply`.

        Raises:
            KeyError: there is no such follow-up; the text lists the names.

        Examples:
            >>> client = createos_nb.simulate("auto-promote-trap")
            >>> plan = createos_nb.runbooks.rollback(client, "storefront", "production")
            >>> receipt = plan.apply(confirm=plan.digest, reason="the checkout fails")
            >>> receipt.follow_up("release").frame()["what"].tolist()
            ['release auto-promotion of production']
        """
        return _follow_up(self._follow_ups, name)

    def undo(self) -> Plan:
        """Plan the undo of the run, from the present state; its warnings say what has drifted since.

        What can't be undone stands in its warnings, too. Reads only.

        Returns:
            A plan; nothing is changed before `apply`.

        Examples:
            >>> client = createos_nb.simulate()
            >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
            >>> receipt = plan.apply(confirm=plan.digest, reason="the sale")
            >>> receipt.undo().frame()[["field", "before", "after"]].values.tolist()
            [['replicas', '2', '1']]
        """
        snapshot = Snapshot(self._client)
        undo = undo_steps(self._steps, self._entries, self._created, self._inputs, snapshot)
        return Plan(
            snapshot,
            f"undo: {self.title}",
            undo.steps,
            runbook="undo",
            arguments={"of": self.journal.name if self.journal is not None else self.title},
            execute=self._execute,
            inputs=undo.inputs,
            warnings=undo.warnings,
        )


def _follow_up(follow_ups: FollowUps, name: str) -> Plan:
    if name not in follow_ups:
        raise KeyError(f"no follow-up {name!r}; there is: {', '.join(follow_ups) or 'none'}")
    return follow_ups[name]()
