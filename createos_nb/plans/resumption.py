"""What going on with an interrupted run would do, as a plan: looked at first, like any other."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from createos_nb.errors import InvalidInput
from createos_nb.plans import belonging
from createos_nb.plans.apply import confirmed
from createos_nb.plans.errors import JournalError
from createos_nb.plans.journal import Journal
from createos_nb.plans.plan import Plan
from createos_nb.plans.preconditions import checked
from createos_nb.plans.present import Present
from createos_nb.plans.record import steps_from, steps_of
from createos_nb.plans.resume import resume
from createos_nb.plans.steps.step import MADE
from createos_nb.plans.steps.variables import SetVariables
from createos_nb.plans.token import digest

if TYPE_CHECKING:
    from createos_nb.client import Client
    from createos_nb.plans.event import Cancel, OnEvent
    from createos_nb.plans.receipt import Receipt
    from createos_nb.plans.run import Status
    from createos_nb.plans.steps.step import Step


class Resumption(Plan):
    """The rest of a run. `apply` goes on with the run of the journal, and gives the receipt of the whole of it.

    Attributes beside those of a `Plan`:
        needs: names of variables whose values no journal holds; `variables` has to give them before `apply`.
        journal: the run's journal.
    """

    def __init__(
        self,
        journal: Journal,
        client: Client,
        *,
        variables: Mapping[str, str | None] | None = None,
        source: Any = None,
    ) -> None:
        kept = journal.plan
        if kept is None:
            raise JournalError(f"journal {journal.path} holds no plan")
        belonging.check(journal, client)
        every = steps_of(journal)
        over = {entry["step"] for entry in journal.entries if entry["event"] in ("done", "skipped")}
        if journal.finished:
            over = set(range(len(every)))
        rest = [number for number in range(len(every)) if number not in over]
        present = Present(client)
        self.journal, self._source = journal, source
        self._given = None if variables is None else dict(variables)
        super().__init__(
            present,
            f"go on: {kept['title']}",
            _numbered_anew(every, rest, journal),
            runbook="resume",
            arguments={"of": journal.path.name},
            warnings=_said(journal, rest),
        )
        # what may have been written already is settled by reading when the run goes on, and needs nothing beforehand
        begun = {place for place, number in enumerate(rest) if journal.pending(number) is not None}
        self.preconditions = checked([step for place, step in enumerate(self.steps) if place not in begun], present)
        self.token = digest([self.token, kept["token"], rest, sorted(begun)])
        self.needs = sorted({name for step in self.steps if isinstance(step, SetVariables) for name in step.after})

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
        """Go on with the run; see `createos_nb.plans.resume`. The reason stays the one that it was begun with.

        `confirm`: what `confirmation` says, where it is not None. Raises `ConfirmationNeeded`, `InvalidInput` for
        `dry_run` and `journal`, and what `resume` raises.
        """
        if dry_run or journal is not None:
            raise InvalidInput("a run that is taken up goes on in its own journal: no dry_run=, no journal=")
        if self.confirmation is not None:
            confirmed(self, confirm)
        return resume(
            self.journal,
            self.client,
            variables=self._given,
            source=self._source,
            wait=wait,
            timeout=timeout,
            on_event=on_event,
            status=status,
            cancel=cancel,
        )


def resumption(
    journal: Journal | str | os.PathLike[str],
    client: Client,
    *,
    variables: Mapping[str, str | None] | None = None,
    source: Any = None,
) -> Resumption:
    """The plan that goes on with the run of a journal: the steps that are not done yet. Reads only.

    `variables`, `source`: as for `createos_nb.plans.resume`, for what no journal holds. A run that has come to its end
    gives a plan without steps. Raises `JournalError` for what is no journal, or is another account's.
    """
    kept = journal if isinstance(journal, Journal) else Journal(journal)
    kept.read()
    return Resumption(kept, client, variables=variables, source=source)


def _numbered_anew(every: list[Step], rest: list[int], journal: Journal) -> list[Step]:
    """The steps that are left, with the ids of what the others have made, and each other's new numbers."""
    names: dict[str, Any] = {f"{MADE}{number}": f"{MADE}{place}" for place, number in enumerate(rest)}
    for entry in journal.entries:
        if entry["event"] == "answered" and entry.get("made") and entry["step"] not in rest:
            names[f"{MADE}{entry['step']}"] = entry["made"]
    kept = [_renamed(msgspec.to_builtins(every[number]), names) for number in rest]
    return steps_from(kept)


def _renamed(value: Any, names: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return {_renamed(name, names): _renamed(item, names) for name, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def _said(journal: Journal, rest: list[int]) -> list[str]:
    found = [
        f"step {number + 1} may have been written when the run ended: that is settled by reading first"
        for number in rest
        if journal.pending(number) is not None and journal.of(number, "answered") is None
    ]
    last = journal.entries[-1]
    if last["event"] in ("stopped", "failed", "cancelled") and last.get("text"):
        found.append(f"it ended with: {last['text']}")
    return found
