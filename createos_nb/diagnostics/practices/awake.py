"""What sleeps is woken, or kept awake."""

from __future__ import annotations

from collections.abc import Iterator

from createos_nb.diagnostics.diagnosis import RunbookCall
from createos_nb.diagnostics.evidence.account import EnvironmentEvidence
from createos_nb.diagnostics.practices._practice import Outcome
from createos_nb.diagnostics.practices._support import is_production, text

GROUP = "reliability"
SEVERITY = "low"
SCOPE = "environment"
ASKS = "wake what sleeps, or keep it awake"


def look(environment: EnvironmentEvidence) -> Iterator[Outcome]:
    """Look at the state of what is live."""
    if not environment.is_live:
        return
    live = environment.live
    status = "" if live is None else text(live, "status")
    if not status:
        yield Outcome(None, "the live deployment can't be read")
    elif status != "sleeping":
        yield Outcome(True, f"v{environment.version} is {status}")
    else:
        since = f" since {live['updated_at']:%Y-%m-%d %H:%M} UTC" if live is not None else ""
        yield Outcome(
            False,
            f"v{environment.version} sleeps{since}, and answers 503",
            "Wake it, and have a cron job keep it awake; runbooks.wake alone wakes it until it is idle again.",
            RunbookCall("keep_awake", (environment.project.name, environment.name)),
            severity="high" if is_production(environment) else None,
        )
