"""`createos-nb apply RUNBOOK`: a change that was reviewed, planned anew, applied, verified and kept in a journal."""

from __future__ import annotations

from createos_nb.cli.current_client import current
from createos_nb.cli.options import Form, Place, opened
from createos_nb.cli.plan_output import decide, print_receipt
from createos_nb.cli.runbook_app import Call, Confirmation, make_runbook_app


def apply_plan(call: Call, place: Place, form: Form, confirmation: Confirmation) -> int:
    """Plan a change anew, and apply it if its digest is the one that was reviewed.

    Args:
        call: The runbook and its arguments.
        place: Which account.
        form: In which form.
        confirmation: What confirms it.

    Returns:
        The exit code: 0 applied and verified, or there is nothing to do; 4 it is not confirmed; 5 it was applied, and a
        check fails; 6 it was applied, and can't be verified.

    Raises:
        InvalidInput: An argument can't be used.
        PlanError: A precondition fails, the plan is stale, or a step has failed.
        CreateOSError: The account can't be read.

    Examples:
        >>> from createos_nb.cli import main
        >>> main(["apply", "scale", "storefront", "staging", "--replicas", "2", "--scenario", "storefront"])
        SIMULATOR https://api.simulator.invalid · account marlow
        Plan: scale storefront / staging: replicas 2
        ...
        4
    """
    with opened(place, read_only=False) as client:
        done = decide(call.make(client), ["apply", *call.words], place, form, confirmation)
        if isinstance(done, int):
            return done
        return print_receipt(done, place, form, embedded=client.embedded and current() is None)


apply = make_runbook_app("apply", apply_plan, confirms=True)
