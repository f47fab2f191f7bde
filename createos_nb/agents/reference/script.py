"""`python -m createos_nb.agents.reference.script`: what a script on call does, without a diagnosis.

It looks at the environment that does worst. Where the newest change there is younger than two hours it rolls back;
where nothing fails it says that nothing is wrong; else it says where it is, and leaves the rest to a person.
"""

from __future__ import annotations

import pandas as pd

from createos_nb import runbooks
from createos_nb.agents.reference.trainee import Trainee
from createos_nb.errors import CreateOSError

_RECENT = pd.Timedelta("2h")
_BAD = ("down", "degraded")


def main() -> None:
    """Take the drill that the environment names."""
    drill = Trainee()
    client = drill.client
    worst = client.fleet.overview().iloc[0]
    if worst["status"] not in _BAD:
        drill.submit(cause="none")
        return
    place = f"{worst['project']}/{worst['environment']}"
    drill.submit(trouble=True, where=place)
    changed = worst["changed_at"]
    if pd.isna(changed) or client.now - changed > _RECENT:
        return
    drill.submit(cause="bad_release", where=place)
    try:
        plan = runbooks.rollback(client, worst["project"], worst["environment"], diagnosis=False)
        plan.apply(confirm=plan.confirmation, reason=f"{worst['reason']}", on_event=lambda event: None)
    except CreateOSError as error:
        drill.submit(trouble=True, note=f"the rollback was refused: {type(error).__name__}")


if __name__ == "__main__":
    main()
