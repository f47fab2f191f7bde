"""A plan: what would be changed, shown before anything is."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from createos_nb.plans import shown
from createos_nb.plans.belonging import lineage_of
from createos_nb.plans.blast import radius
from createos_nb.plans.hidden import Hidden
from createos_nb.plans.lock import unprotected
from createos_nb.plans.one_run import OneRun, folder_for
from createos_nb.plans.preconditions import checked, failing
from createos_nb.plans.present import Present
from createos_nb.plans.token import intent_of, token_of

if TYPE_CHECKING:
    from createos_nb.client import Client
    from createos_nb.plans.event import Cancel, OnEvent
    from createos_nb.plans.receipt import Receipt
    from createos_nb.plans.run import Status
    from createos_nb.plans.steps.step import Step

#: Media type of what is kept beside a plan that a notebook shows.
PLAN_TYPE = "application/vnd.createos-nb.plan+json"
_COLUMNS = ("step", "what", "operation", "target", "field", "before", "after", "why", "reversible", "wait_seconds")


class Plan:
    """Steps that were made by reading only. It shows itself; `apply` carries it out.

    Attributes:
        title: the plan in a line.
        token: a hash of the steps, their targets and the values before: the same as long as the world is.
        blast_radius: a frame of the environments that it reaches; see `createos_nb.plans.blast.radius`.
        preconditions: a frame of precondition, state (holds, fails, unknown), detail.
        warnings: what to know before it is applied.
        candidates: the frame that a runbook chose from, if it chose; else None.
        steps: the steps.
        where: account, base URL, and PLATFORM or SIMULATOR.
        applied: path of the journal once it has come to its end; None before.
    """

    def __init__(
        self,
        present: Present,
        title: str,
        steps: list[Step],
        *,
        runbook: str,
        arguments: Mapping[str, Any],
        hidden: Mapping[int, Hidden] | None = None,
        warnings: list[str] | None = None,
        candidates: pd.DataFrame | None = None,
        follow_ups: Mapping[str, Callable[[], Plan]] | None = None,
    ) -> None:
        self.client: Client = present.client
        self.client.whoami()
        self.title, self.steps, self.runbook = title, steps, runbook
        self.arguments = {name: value for name, value in arguments.items() if value is not None}
        self.hidden = dict(hidden or {})
        self.where = self.client.where
        self.token = token_of(steps, present)
        self.intent = intent_of(runbook, self.arguments, f"{self.where} {lineage_of(self.client).id}".rstrip())
        #: Runs of this wish that had come to their end when the plan was made: it is not about those.
        self.ended = OneRun.of(self.client, self.intent).ended()
        self.blast_radius = radius(steps, present)
        self.preconditions = checked(steps, present)
        self.warnings = list(warnings or [])
        if unlocked := unprotected(folder_for(self.client)):
            self.warnings.append(unlocked)
        self.warnings += [
            f"if the project is at the platform's limit of live deployments, the oldest one is terminated: {oldest}"
            for oldest in self.blast_radius.attrs["makes_room"]
        ]
        self.candidates = candidates
        self.applied: Path | None = None
        self.follow_ups = dict(follow_ups or {})

    # --- reading it ---------------------------------------------------------------------------------------------------

    @property
    def serves_users(self) -> bool:
        """It touches something that serves users now: `apply` needs the token and a reason."""
        return bool(self.blast_radius["serves_users"].fillna(False).any())

    @property
    def final(self) -> bool:
        """Something in it can't be undone by anybody: `apply` needs the typed name of the target."""
        return any(step.final for step in self.steps)

    @property
    def confirmation(self) -> str | None:
        """What `apply(confirm=…)` has to be given; None where nothing."""
        if not self.steps:
            return None
        if self.final:
            return next(step.target.name for step in self.steps if step.final)
        return self.token if self.serves_users else None

    def frame(self) -> pd.DataFrame:
        """One row for each field of each step.

        step (Int64, from 1), what, operation, target, field, before, after, why (str), reversible (boolean),
        wait_seconds (Float64, what the step usually takes). Values of variables are dots.
        """
        rows = []
        for number, step in enumerate(self.steps, 1):
            facts = {
                "step": number,
                "what": step.what,
                "operation": step.operation,
                "target": str(step.target),
                "why": step.why,
                "reversible": step.reversible,
                "wait_seconds": step.usual(),
            }
            for field, before, after in step.fields() or [("", "", "")]:
                rows.append({**facts, "field": field, "before": before, "after": after})
        frame = pd.DataFrame(rows, columns=list(_COLUMNS))
        texts = ("what", "operation", "target", "field", "before", "after", "why")
        frame = frame.astype(
            {"step": "Int64", **dict.fromkeys(texts, "str"), "reversible": "boolean", "wait_seconds": "Float64"}
        )
        frame.attrs |= {"where": self.where, "token": self.token, "title": self.title}
        return frame

    def follow_up(self, name: str) -> Plan:
        """A plan that goes with this one, such as "release" after a rollback. Raises `KeyError`, listing the names."""
        if name not in self.follow_ups:
            raise KeyError(f"no follow-up {name!r}; there is: {', '.join(self.follow_ups) or 'none'}")
        return self.follow_ups[name]()

    def __repr__(self) -> str:
        return shown.text(*shown.plan(self))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """What a program needs that shows the plan to a person, such as `createos-nb run`, beside text and HTML."""
        return {PLAN_TYPE: {"intent": self.intent, "token": "" if self.final else self.token, "final": self.final}}

    def _repr_html_(self) -> str:
        return shown.html(*shown.plan(self))

    # --- doing it -----------------------------------------------------------------------------------------------------

    def check(self) -> pd.DataFrame:
        """The preconditions, read again now. Nothing is written."""
        return checked(self.steps, Present(self.client))

    def apply(
        self,
        confirm: str | None = None,
        reason: str | None = None,
        *,
        wait: bool = True,
        timeout: float | None = None,
        dry_run: bool = False,
        journal: str | os.PathLike[str] | None = None,
        on_event: OnEvent | None = None,
        status: Status | None = None,
        cancel: Cancel | None = None,
    ) -> Receipt:
        """Carry the plan out: each step checked, written once, waited for, verified and written down.

        `confirm`: the token of a plan that touches what serves users; the typed name of the target of one that can't be
        undone; nothing for others. `reason`: kept in the journal; asked for where users are touched. `wait=False`: the
        last step is written and not waited for. `timeout`: seconds for each wait (default: 15 minutes for a deployment,
        5 for all else). `dry_run`: everything is checked and nothing written. `journal`: the file to keep the run in
        (default: a new one in `createos_nb.plans.default_folder()`); a run of the same wish that was interrupted, there
        or in that file, is taken up again instead of repeated, and one that `journal` says is finished is only
        reported.

        `on_event`: called with an `Event` whenever something happens and at each look while it waits (`print` makes a
        log of it); by default one line of status in a terminal or notebook, on a real clock, which goes at the end;
        `CREATEOS_NB_PROGRESS=0` or `on_event=lambda event: None` for none. `status`: called with a line of text, each
        thing once. Both are called in the thread that applies. `cancel`: a `threading.Event`, or anything with
        `is_set`: once it is set the run stops before the next step, or while it waits, and can be taken up again; a
        write that is on its way is finished first.

        Returns a `Receipt`. Raises `ConfirmationNeeded`, `ReasonNeeded`, `PreconditionFailed`, `WorldMoved`,
        `StepFailed` (among them `Cancelled`, `TakesTooLong`), `JournalBusy`: see `createos_nb.plans.errors`. An
        interrupt leaves a run that can be taken up.
        """
        from createos_nb.plans.apply import apply

        return apply(
            self,
            confirm=confirm,
            reason=reason,
            wait=wait,
            timeout=timeout,
            dry_run=dry_run,
            journal=journal,
            on_event=on_event,
            status=status,
            cancel=cancel,
        )

    def problems(self) -> pd.DataFrame:
        """The preconditions that do not hold, as they were when the plan was made."""
        return failing(self.preconditions)
