"""`createos-nb verify RUN`: whether what a run has changed is still so."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from createos_nb.cli import tables
from createos_nb.cli.exit_codes import REFUSED
from createos_nb.cli.options import FOR_PEOPLE, HERE, Form, Place, opened
from createos_nb.cli.plan_output import print_checks
from createos_nb.cli.runs import OUTLIVES, complete_runs, journal_of, why_gone


def verify(
    run: Annotated[str, Parameter(completer=complete_runs)],
    /,
    *,
    place: Place = HERE,
    form: Form = FOR_PEOPLE,
) -> int:
    """Say whether what a run has changed was verified, and is still so, read now.

    It says nothing of the users: createos-nb status and createos-nb diagnose do.

    Args:
        run: last, or the name of a run as createos-nb runs lists it, or a part of it that no other has.
        place: which account; that of the run.
        form: in which form.

    Returns:
        The exit code: 0 where every check is PASS, 5 where one is FAIL, 6 where there is NO DATA for one, 3 where the
        simulated world of the run has ended.

    Raises:
        InvalidInput: There is no such run.
        JournalError: It is of another account.
        CreateOSError: The account can't be read.

    Examples:
        >>> from createos_nb.cli import main
        >>> main(["verify", "no-such-run"])
        2
    """
    from createos_nb import plans

    journal = plans.Journal(journal_of(run, place))
    if gone := why_gone(journal):
        tables.warn("verify", f"{gone}nothing is left to verify.\n{OUTLIVES}")
        return REFUSED
    with opened(place) as client:
        receipt = plans.receipt_from(journal, client)
        return print_checks(receipt, receipt.verify(), form)
