"""`createos-nb plan RUNBOOK`: what a runbook would change, and the digest that confirms it."""

from __future__ import annotations

from createos_nb.cli.exit_codes import DONE, REFUSED
from createos_nb.cli.options import Form, Place, opened
from createos_nb.cli.plan_output import print_plan
from createos_nb.cli.runbook_app import Call, Confirmation, make_runbook_app


def show_plan(call: Call, place: Place, form: Form, confirmation: Confirmation) -> int:
    """Plan a change with a runbook, and show it; nothing is changed.

    Args:
        call: The runbook and its arguments.
        place: Which account.
        form: In which form.
        confirmation: There is none: a plan changes nothing.

    Returns:
        The exit code: 3 where a precondition fails, so that it could not be applied now; else 0.

    Raises:
        InvalidInput: An argument can't be used.
        CreateOSError: The account can't be read.

    Examples:
        >>> from createos_nb.cli import main
        >>> main(["plan", "scale", "storefront", "staging", "--replicas", "2", "--scenario", "storefront"])
        SIMULATOR https://api.simulator.invalid · account marlow
        Plan: scale storefront / staging: replicas 2
        ...
        0
    """
    with opened(place, read_only=False) as client:
        plan = call.make(client)
        print_plan(plan, ["apply", *call.words], place, form)
    return REFUSED if plan.steps and len(plan.problems()) else DONE


plan = make_runbook_app("plan", show_plan, confirms=False)
