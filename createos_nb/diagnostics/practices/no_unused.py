"""What is unused is deleted.

It looks at environments, which `runbooks.delete` deletes. `runbooks.clean_up` is for deployments that are live nowhere:
what was live in an environment is one of them once the environment is deleted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pandas as pd

from createos_nb.diagnostics.diagnosis import RunbookCall
from createos_nb.diagnostics.evidence.account import EnvironmentEvidence
from createos_nb.diagnostics.practices._practice import Outcome
from createos_nb.diagnostics.practices._support import count, days, text

GROUP = "order"
SEVERITY = "low"
SCOPE = "environment"
ASKS = "delete what is unused"

#: What nobody has used for so long is unused.
UNUSED: Final = pd.Timedelta(days=7)


def look(environment: EnvironmentEvidence) -> Iterator[Outcome]:
    """Look whether something is live, whether it sleeps, and whether anybody asks."""
    call = RunbookCall("delete", (environment.project.name,), {"environment": environment.name})
    fix = "Delete it, if nobody needs it; that is final."
    if environment.is_live:
        fix += f" Its deployment stays: runbooks.clean_up(client, {environment.project.name!r}) then says who needs it."
    if not environment.is_live:
        made = environment.row["updated_at"]
        made = environment.row["created_at"] if pd.isna(made) else made
        if pd.isna(made):
            yield Outcome(None, "nothing is live, and the platform does not say since when")
        elif (idle := environment.now - made) >= UNUSED:
            yield Outcome(False, f"nothing is live, and it has not changed for {days(idle)}", fix, call)
        else:
            yield Outcome(None, f"nothing is live yet; it changed {days(idle)} ago")
        return
    asked = environment.requests_of_a_day
    live = environment.live
    if asked is not None and asked[0]:
        yield Outcome(True, f"{count(asked[0], 'request')} in 24 hours")
    elif live is None or asked is None:
        yield Outcome(None, "its requests, or what is live, can't be read")
    elif text(live, "status") == "sleeping" and environment.now - live["updated_at"] >= UNUSED:
        idle = days(environment.now - live["updated_at"])
        yield Outcome(False, f"v{environment.version} has slept for {idle}, and nobody has asked for it", fix, call)
    else:
        yield Outcome(None, "nobody asked in 24 hours, which is too short to call it unused")
