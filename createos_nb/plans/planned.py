"""What a plan would change, step by step, with its blast radius and preconditions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from createos_nb.client.world_of import lineage_of
from createos_nb.plans.actor import current_actor
from createos_nb.plans.blast_radius import blast_radius
from createos_nb.plans.digest import digest_of, intent_of
from createos_nb.plans.freeze_files import is_freeze, left_held
from createos_nb.plans.intent_lock import IntentLock, lock_warning
from createos_nb.plans.journal import FORMAT
from createos_nb.plans.preconditions import check_preconditions, failing
from createos_nb.plans.render import Part, Rendering
from createos_nb.plans.snapshot import Snapshot
from createos_nb.plans.steps.registry import rows_of
from createos_nb.plans.tables import fields_table

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.diagnostics.diagnosis import Diagnosis
    from createos_nb.plans.context import TransientInputs
    from createos_nb.plans.journal_entries import PlanRecord
    from createos_nb.plans.steps.base import Step

#: Media type of what is kept beside a plan that a notebook shows.
PLAN_TYPE = "application/vnd.createos-nb.plan+json"


class PlannedChange:
    """What would be changed, shown before anything is; see `createos_nb.plans.Plan`."""

    def __init__(
        self,
        snapshot: Snapshot,
        title: str,
        steps: list[Step],
        *,
        runbook: str,
        arguments: Mapping[str, Any],
        inputs: Mapping[int, TransientInputs] | None = None,
        warnings: list[str] | None = None,
        candidates: pd.DataFrame | None = None,
        diagnosis: Diagnosis | None = None,
        listing: Part | None = None,
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
        self.warnings += left_held(steps, self.client)
        if warning := lock_warning(self.client):
            self.warnings.append(warning)
        self.warnings += [
            f"if the project is at the platform's limit of live deployments, the oldest one is terminated: {oldest}"
            for oldest in self.blast_radius.attrs["makes_room"]
        ]
        self.candidates = candidates
        self.diagnosis = diagnosis
        #: What it shows beside its steps, such as what a clean-up keeps.
        self.listing = listing
        self.applied: Path | None = None

    @property
    def serves_users(self) -> bool:
        """Whether it reaches something that serves users now: then `apply` needs the digest and a reason."""
        return bool(self.blast_radius["serves_users"].fillna(False).any())

    @property
    def irreversible(self) -> bool:
        """Whether it destroys something, or gives it away: then `apply` needs the typed name of the target."""
        return any(step.irreversible for step in self.steps)

    @property
    def frozen(self) -> bool:
        """Whether a freeze stood against it when it was made: then `apply` needs `override_freeze`, a reason."""
        return any(is_freeze(name) for name in self.problems()["precondition"])

    @property
    def confirmation(self) -> str | None:
        """What `apply(confirm=…)` needs; None where nothing."""
        if not self.steps:
            return None
        if self.irreversible:
            return next(step.typed_name for step in self.steps if step.irreversible)
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
        if self.listing is not None:
            parts.append(self.listing)
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
        override = "override_freeze=…" if self.frozen else ""
        if self.confirmation is None:
            return f"plan.apply({override})"
        override = override and f", {override}"
        if self.irreversible:
            return f"irreversible: plan.apply(confirm=<type the name: {self.confirmation}>, reason=…{override})"
        return f"reaches what serves users: plan.apply(confirm={self.digest!r}, reason=…{override})"

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

    def problems(self, *, override_freeze: bool = False) -> pd.DataFrame:
        """Return the preconditions that fail, as they were when the plan was made.

        Args:
            override_freeze: leave out freezes, which `apply(override_freeze=…)` passes.

        Returns:
            A frame of precondition, state, detail (str); empty where none fails.

        Examples:
            >>> client = createos_nb.simulate()
            >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
            >>> len(plan.problems())
            0
        """
        problems = failing(self.preconditions)
        if override_freeze:
            problems = problems[~problems["precondition"].map(is_freeze).astype(bool)].reset_index(drop=True)
        return problems

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
