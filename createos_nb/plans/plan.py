"""Plans and receipts: what would be changed, shown before anything is; and what was changed, with its undo."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import pandas as pd

from createos_nb.plans.context import ApplyOptions
from createos_nb.plans.planned import PlannedChange
from createos_nb.plans.run_result import RunResult
from createos_nb.plans.snapshot import Snapshot
from createos_nb.plans.undo import undo_steps

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.diagnostics.diagnosis import Diagnosis
    from createos_nb.notify.notifier import Notifier, Notify
    from createos_nb.plans.context import Status, TransientInputs
    from createos_nb.plans.events import Cancel, OnEvent
    from createos_nb.plans.journal import Journal
    from createos_nb.plans.render import Part
    from createos_nb.plans.steps.base import Step
    from createos_nb.times import DurationLike

FollowUps: TypeAlias = "Mapping[str, Callable[[], Plan]]"
#: What applies a plan; `Plan` is given it, and knows no executor.
Execute: TypeAlias = "Callable[[Plan, ApplyOptions], Receipt]"


class Plan(PlannedChange):
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
        diagnosis: what the diagnosis was that its warnings tell of; None where none was made or passed.
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
        diagnosis: what its warnings tell of.
        follow_ups: what makes the plans that go with this one, by name.
        listing: what it shows beside its steps, such as what a clean-up keeps.

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
        diagnosis: Diagnosis | None = None,
        listing: Part | None = None,
    ) -> None:
        super().__init__(
            snapshot,
            title,
            steps,
            runbook=runbook,
            arguments=arguments,
            inputs=inputs,
            warnings=warnings,
            candidates=candidates,
            diagnosis=diagnosis,
            listing=listing,
        )
        self.follow_ups = dict(follow_ups or {})
        self._execute = execute

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
        override_freeze: str | None = None,
        notify: Notify | Notifier | None = None,
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
            override_freeze: why it can't wait for the end of a freeze (`createos_nb.plans.freeze`): the journal keeps
                it, and the receipt shows it. Without a freeze it is for nothing.
            notify: who is told that it has started and how it ended, with who applies it and the reason: addresses of
                apprise such as "slack://…" (extra `notify`), functions that take a `createos_nb.notify.Message`, or a
                list of both. The run waits for none of them; who was not told, a warning says.

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
        options = ApplyOptions(
            confirm, reason, wait, timeout, dry_run, journal, on_event, status, cancel, override_freeze, notify
        )
        return self._execute(self, options)


class Receipt(RunResult):
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
