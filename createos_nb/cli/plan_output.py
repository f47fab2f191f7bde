"""Plans and receipts in a terminal: what would be changed, what was, and the command that comes next."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, Final

from createos_nb.cli import tables
from createos_nb.cli.argument_types import writable
from createos_nb.cli.commands import NAME
from createos_nb.cli.current_client import current
from createos_nb.cli.exit_codes import CONFIRM, DONE, OF_RESULT
from createos_nb.cli.options import Form, Place
from createos_nb.display import strip_control_chars
from createos_nb.errors import InvalidInput
from createos_nb.results import NO_DATA

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from createos_nb.checks import Checks
    from createos_nb.cli.runbook_app import Confirmation
    from createos_nb.plans.plan import Plan, Receipt
    from createos_nb.plans.render import Rendering

PLAN: Final = "plan/1"
RECEIPT: Final = "receipt/1"
CHECKS: Final = "verify/1"


def print_plan(plan: Plan, words: Sequence[str], place: Place, form: Form) -> None:
    """Print a plan, and the command that applies it.

    Args:
        plan: The plan.
        words: What follows `createos-nb` in the command that applies it, without the confirmation.
        place: Where it was made.
        form: In which form.

    Examples:
        >>> from createos_nb.cli.options import Form, Place
        >>> from createos_nb.cli.plan_output import print_plan
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
        >>> print_plan(plan, ["apply", "scale", "storefront", "staging", "--replicas", "2"], Place(), Form())
        SIMULATOR https://api.simulator.invalid · account marlow
        Plan: scale storefront / staging: replicas 2
        ...
        To apply, which reaches what serves users
          createos-nb apply scale storefront staging --replicas 2 --confirm ... --reason '…'
        <BLANKLINE>
        This simulated world ends with its command: what is applied to it can't be looked at or undone later.
    """
    if not form.plain:
        tables.show(plan.frame(), PLAN, form, facts=_facts(plan, words, place))
        return
    _print(plan.render().without("To apply"))
    if not plan.steps:
        return
    heading = "To apply"
    if plan.irreversible:
        heading += f", which can't be undone (it asks for the name: {plan.confirmation})"
    elif plan.serves_users:
        heading += ", which reaches what serves users"
    print(f"\n{heading}\n  {_command(plan, words, place)}")
    if plan.client.embedded and current() is None:
        # said before, for nothing of it can be undone afterwards
        print("\nThis simulated world ends with its command: what is applied to it can't be looked at or undone later.")


def print_receipt(receipt: Receipt, place: Place, form: Form, *, embedded: bool = False) -> int:
    """Print what was changed, and how to undo it.

    Args:
        receipt: The receipt.
        place: Where it was applied.
        form: In which form.
        embedded: Whether it was applied to a world that ends with this process.

    Returns:
        The exit code that the checks of the run call for.

    Examples:
        >>> from createos_nb.cli.options import Form, Place
        >>> from createos_nb.cli.plan_output import print_receipt
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
        >>> print_receipt(plan.apply(confirm=plan.digest, reason="the sale"), Place(), Form())
        SIMULATOR https://api.simulator.invalid · account marlow
        Receipt: scale storefront / staging: replicas 2
        PASS: 1 done, in 13 s, 2026-03-02 09:00:00 UTC
        ...
        0
    """
    checks = receipt.checks
    file = receipt.journal.name if receipt.journal is not None else ""
    if not form.plain:
        facts = {
            "title": receipt.title,
            "where": receipt.where,
            "result": checks.result,
            "journal": str(receipt.journal),
        }
        tables.show(receipt.frame(), RECEIPT, form, complete=receipt.finished, facts=facts)
        return OF_RESULT[checks.result]
    _print(receipt.render())
    if embedded:
        print("\nThe simulated world has ended with this command. Its journal is kept: createos-nb runs")
    else:
        for heading, command in (("To look whether it is still so", "verify"), ("To undo", "undo")):
            print(f"\n{heading}\n  {shlex.join([NAME, command, file, *place.words])}")
    return OF_RESULT[checks.result]


def print_checks(receipt: Receipt, checks: Checks, form: Form) -> int:
    """Print the checks of a run.

    Args:
        receipt: Of the run.
        checks: Its checks, as `Receipt.verify` returns them.
        form: In which form.

    Returns:
        The exit code that the checks call for.

    Examples:
        >>> from createos_nb.cli.options import Form
        >>> from createos_nb.cli.plan_output import print_checks
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
        >>> receipt = plan.apply(confirm=plan.digest, reason="the sale")
        >>> print_checks(receipt, receipt.verify(), Form())
        SIMULATOR https://api.simulator.invalid · account marlow
        scale storefront / staging: replicas 2: PASS
        ...
        0
    """
    if form.plain:
        tables.print_lines(
            [strip_control_chars(receipt.where), f"{strip_control_chars(receipt.title)}: {checks.result}"]
        )
    facts = {"title": receipt.title, "where": receipt.where, "result": checks.result, "journal": str(receipt.journal)}
    tables.show(checks.frame(), CHECKS, form, complete=checks.result != NO_DATA, facts=facts)
    return OF_RESULT[checks.result]


def decide(plan: Plan, words: Sequence[str], place: Place, form: Form, confirmation: Confirmation) -> int | Receipt:
    """Apply a plan that is confirmed, or say what confirms it.

    Args:
        plan: The plan, made anew.
        words: What follows `createos-nb` in the command that applies it.
        place: Where it was made.
        form: In which form.
        confirmation: What was given.

    Returns:
        The receipt; or an exit code, where nothing was applied: 0 where there is nothing to do, 4 where it is not
        confirmed.

    Raises:
        PlanError: As `Plan.apply` raises.

    Examples:
        >>> from createos_nb.cli.options import Form, Place
        >>> from createos_nb.cli.plan_output import decide
        >>> from createos_nb.cli.runbook_app import Confirmation
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
        >>> decide(plan, ["apply", "scale"], Place(), Form(), Confirmation(confirm=plan.digest, reason="sale")).finished
        True
    """
    if not plan.steps:
        print_plan(plan, words, place, form)
        return DONE
    refused = _refused(plan, confirmation)
    if refused:
        print_plan(plan, words, place, form)
        tables.warn(words[0], f"{refused} Nothing was changed")
        return CONFIRM
    file = _secrets_file(plan, confirmation.secrets)
    confirm = confirmation.irreversible if plan.irreversible else confirmation.confirm
    options: dict[str, Any] = {"timeout": confirmation.timeout, "override_freeze": confirmation.override_freeze}
    journal = _kept_journal(plan) if plan.client.embedded and current() is None else None
    receipt = plan.apply(confirm=confirm, reason=confirmation.reason, journal=journal, **options)
    if file is not None and receipt.issued:
        from createos_nb.storage import atomic_write

        lines = [f"{name}={value.reveal()}\n" for name, value in receipt.issued.items()]
        atomic_write(file, "".join(lines).encode())
        print(f"{', '.join(receipt.issued)}: in {file}, which only you can read\n")
    return receipt


def _secrets_file(plan: Plan, file: Path | None) -> Path | None:
    """Where to write what the platform shows once. Raises `InvalidInput` before anything is applied."""
    if any(step.issues_secret for step in plan.steps) and file is None:
        raise InvalidInput(
            "the platform shows a secret for this plan once, and a terminal is no place for it: give --secrets FILE; "
            "nothing was changed"
        )
    if file is not None and file.exists():
        raise InvalidInput(f"--secrets: {file} exists; name a new file")
    return None if file is None else writable(file, "--secrets")


def _refused(plan: Plan, confirmation: Confirmation) -> str:
    """Why a plan is not confirmed; "" where it is. What would be confirmed is shown by the plan alone."""
    if confirmation.confirm is None:
        return "Confirmation needed: review the plan, and give --confirm with its digest."
    if confirmation.confirm != plan.digest and not _of_this_run(plan, confirmation.confirm):
        return (
            "--confirm is the digest of another plan: something has changed since, or it was made for something else. "
            "Review the plan as it is now, and give the digest that it shows."
        )
    if plan.irreversible and confirmation.irreversible is None:
        return "This plan can't be undone: give --irreversible too, with the name that it asks for."
    return ""


def _of_this_run(plan: Plan, digest: str) -> bool:
    """Whether it is the digest of a run of this very intent that was interrupted, and goes on, or that has finished."""
    from createos_nb.plans.intent_lock import IntentLock

    journals = IntentLock(plan.client, plan.intent).journals()
    return any(journal.plan is not None and journal.plan["digest"] == digest for journal in journals[:1])


def _kept_journal(plan: Plan) -> Any:
    """The journal of a run on a world that ends with this process, where `createos-nb runs` finds it."""
    from createos_nb.plans.journal_files import default_folder, path_for
    from createos_nb.storage import private_folder

    folder = default_folder() / "simulated" / "commands"
    private_folder(folder)
    target = plan.steps[0].target
    environment = next((step.target.environment_name for step in plan.steps if step.target.environment_name), "")
    words = {"runbook": plan.runbook, "project": target.project_name, "environment": environment or ""}
    return path_for(folder, plan.client.clock.now(), words, plan.intent)


def _facts(plan: Plan, words: Sequence[str], place: Place) -> dict[str, Any]:
    from createos_nb.frames.json_rows import rows_of

    return {
        "title": plan.title,
        "where": plan.where,
        "digest": plan.digest,
        "irreversible": plan.irreversible,
        "serves_users": plan.serves_users,
        "warnings": plan.warnings,
        "preconditions": rows_of(plan.preconditions),
        "blast_radius": rows_of(plan.blast_radius),
        "apply": _command(plan, words, place) if plan.steps else None,
    }


def _command(plan: Plan, words: Sequence[str], place: Place) -> str:
    line = shlex.join([NAME, *words, *place.words, "--confirm", plan.digest])
    line += " --irreversible NAME" if plan.irreversible else ""
    line += " --override-freeze '…'" if plan.frozen else ""
    return f"{line} --reason '…'"


def _print(rendering: Rendering) -> None:
    import pandas as pd

    width = tables.room()
    lines = [strip_control_chars(line) for line in rendering.head]
    for heading, content in rendering.parts:
        lines += ["", strip_control_chars(heading)]
        if isinstance(content, pd.DataFrame):
            whole = tables.lines_of(content)
            narrow = width is not None and max(map(len, whole)) + 2 > width
            if narrow and heading == "Steps" and "why" in content:
                lines += _steps(content)
            else:
                lines += [f"  {line}" for line in (tables.lines_of(content, (width or 0) - 2) if narrow else whole)]
        else:
            for text in content:
                first, *rest = tables.paragraphs(f"  · {strip_control_chars(text)}")
                lines += [first, *rest]
    tables.print_lines(lines)


def _steps(frame: Any) -> list[str]:
    """The steps of a plan below each other, where the terminal is too narrow for a table with their reasons."""
    from createos_nb.display import format_value, human_duration, is_missing

    lines: list[str] = []
    before = None
    for row in frame.itertuples(index=False):
        if row.step != before:
            takes = "" if is_missing(row.wait_seconds) else f"takes about {human_duration(float(row.wait_seconds))}, "
            undo = "can be undone" if not is_missing(row.reversible) and bool(row.reversible) else "can't be undone"
            for text in (row.what, f"why: {row.why}", f"{takes}{undo}"):
                mark = f"{row.step:>3}" if text is row.what else "   "
                lines += [f"{mark}  {line}" for line in tables.paragraphs(text, 5)]
        if not is_missing(row.field) and row.field:
            change = f"{row.field}: {format_value(row.before)} → {format_value(row.after)}"
            lines += [f"       {line}" for line in tables.paragraphs(change, 7)]
        before = row.step
    return lines
