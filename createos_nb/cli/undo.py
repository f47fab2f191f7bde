"""`createos-nb undo RUN`: set back what a run has changed."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from createos_nb.cli import tables
from createos_nb.cli.exit_codes import DONE, REFUSED
from createos_nb.cli.options import FOR_PEOPLE, HERE, Form, Place, opened
from createos_nb.cli.plan_output import decide, print_plan, print_receipt
from createos_nb.cli.runbook_app import UNCONFIRMED, Confirmation
from createos_nb.cli.runs import OUTLIVES, complete_runs, journal_of, why_gone


def undo(
    run: Annotated[str, Parameter(completer=complete_runs)],
    /,
    *,
    confirmation: Confirmation = UNCONFIRMED,
    place: Place = HERE,
    form: Form = FOR_PEOPLE,
) -> int:
    """Plan the undo of a run, and apply it if its digest is confirmed.

    Without --confirm the plan is shown, and nothing is changed. What has drifted since, and what can't be undone,
    stands in its warnings.

    Args:
        run: last, or the name of a run as createos-nb runs lists it, or a part of it that no other has.
        confirmation: what confirms it.
        place: which account; that of the run.
        form: in which form.

    Returns:
        The exit code: 3 where it can't be undone; else as createos-nb apply.

    Raises:
        InvalidInput: There is no such run.
        JournalError: It is of another account.
        PlanError: It was not applied, or not to its end.

    Examples:
        >>> from createos_nb.cli import main
        >>> main(["undo", "no-such-run"])
        2
    """
    from createos_nb import plans

    journal = plans.Journal(journal_of(run, place))
    if gone := why_gone(journal):
        tables.warn("undo", f"{gone}nothing is left to undo.\n{OUTLIVES}")
        return REFUSED
    words = ["undo", journal.path.name]
    with opened(place, read_only=False) as client:
        plan = plans.receipt_from(journal, client).undo()
        if confirmation.confirm is None:
            print_plan(plan, words, place, form)
            return REFUSED if plan.steps and len(plan.problems()) else DONE
        done = decide(plan, words, place, form, confirmation)
        return done if isinstance(done, int) else print_receipt(done, place, form)
