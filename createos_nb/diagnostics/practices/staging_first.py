"""Auto-promotion with care: staging first."""

from __future__ import annotations

from collections.abc import Iterator

from createos_nb.diagnostics.diagnosis import RunbookCall
from createos_nb.diagnostics.evidence.account import EnvironmentEvidence
from createos_nb.diagnostics.practices._practice import Outcome
from createos_nb.diagnostics.practices._support import flag, is_production, text

GROUP = "reliability"
SEVERITY = "medium"
SCOPE = "environment"
ASKS = "auto-promote with care, staging first"


def look(environment: EnvironmentEvidence) -> Iterator[Outcome]:
    """Look how a version becomes live in what serves users: by itself, and whether it ran elsewhere before."""
    production = is_production(environment)
    if production is False:
        return
    promotes = flag(environment.row, "is_auto_promote_enabled")
    if promotes is None:
        yield Outcome(None, "the platform does not say whether it promotes by itself")
    elif not promotes:
        yield Outcome(True, "a version becomes live only when somebody assigns it")
    elif production is None:
        yield Outcome(None, "it promotes by itself; neither its name nor a domain says whether it is production")
    else:
        yield _promoting(environment)


def _promoting(environment: EnvironmentEvidence) -> Outcome:
    branch = text(environment.row, "branch")
    of = f" of {branch}" if branch else ""
    call = RunbookCall("hold", (environment.project.name, environment.name))
    hold = "Switch auto-promotion off, and assign what has run in staging"
    trials = [one for one in environment.siblings if is_production(one) is False]
    if not trials:
        return Outcome(
            False,
            f"each deployment{of} becomes live by itself, and the project has no environment to try it in",
            f"{hold}; for that, make a staging environment.",
            call,
        )
    elsewhere = [one for one in trials if text(one.row, "branch") != branch]
    if not elsewhere:
        names = ", ".join(one.name for one in trials)
        return Outcome(False, f"a push{of} makes a version live here and in {names} at once", f"{hold}.", call)
    names = ", ".join(one.name for one in elsewhere)
    live, rows = environment.live, environment.project.deployments
    commit = "" if live is None else text(live, "source_commit")
    if live is not None and commit and rows is not None:
        branches = {text(one.row, "branch") for one in elsewhere}
        before = rows[
            (rows["source_commit"] == commit)
            & rows["source_branch"].isin(branches)
            & (rows["created_at"] <= live["created_at"])
            & rows["status"].isin(["deployed", "sleeping"])
        ]
        if len(before):
            first = before.iloc[-1]
            of = f"v{first['version_number']} of {first['source_branch']}"
            return Outcome(True, f"the commit that is live was deployed as {of} before, which is for {names}")
    return Outcome(None, f"each deployment{of} becomes live by itself; whether it ran in {names} before can't be told")
