"""Checks of a diagnosis: whether all is well, and whether it calls for a runbook."""

from __future__ import annotations

from createos_nb.checks import Check, check
from createos_nb.diagnostics.diagnosis import Diagnosis


def healthy(diagnosis: Diagnosis) -> Check:
    """Nothing is wrong; NO DATA where too little is known to say so.

    Args:
        diagnosis: What `diagnose` has returned.

    Returns:
        The check, with the sentence of the diagnosis where something is wrong.

    Examples:
        >>> client = createos_nb.simulate("bad-release")
        >>> diagnosis = createos_nb.diagnostics.diagnose(client, "storefront", "production")
        >>> createos_nb.diagnostics.healthy(diagnosis).result
        'FAIL'
    """
    holds = None if diagnosis.status == "unknown" else diagnosis.status == "healthy"
    figure = diagnosis.status if holds else diagnosis.sentence
    return check(f"{diagnosis.where} is healthy", holds, figure, "the diagnosis names no trouble")


def calls_for(diagnosis: Diagnosis, runbook: str) -> Check:
    """The likeliest cause is put right by a runbook.

    FAIL where something else puts it right, or nothing is wrong. NO DATA where something is wrong and no cause is
    known, or too little could be read.

    Args:
        diagnosis: What `diagnose` has returned.
        runbook: The runbook by its name in `createos_nb.runbooks`, such as "rollback".

    Returns:
        The check, with the likeliest cause and what puts it right.

    Examples:
        >>> client = createos_nb.simulate("flash-crowd")
        >>> diagnosis = createos_nb.diagnostics.diagnose(client, "storefront", "production")
        >>> createos_nb.diagnostics.calls_for(diagnosis, "scale").result
        'PASS'
        >>> createos_nb.diagnostics.calls_for(diagnosis, "rollback").figure
        "capacity: runbooks.scale(client, 'storefront', 'production', replicas=3)"
    """
    claim, threshold = f"{diagnosis.where} needs runbooks.{runbook}", "it puts the likeliest cause right"
    if not diagnosis.findings:
        holds = False if diagnosis.status == "healthy" else None
        return check(claim, holds, diagnosis.sentence, threshold)
    first = diagnosis.findings[0]
    cure = first.runbook.call if first.runbook else first.fix
    called = first.runbook is not None and first.runbook.function == runbook
    return check(claim, called, f"{first.cause}: {cure}", threshold)
