"""What journals have seen live in environments: the exact part of `client.fleet.live_versions`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from createos_nb.dtypes import TEXT
from createos_nb.plans.errors import JournalError
from createos_nb.plans.journal import Journal
from createos_nb.plans.journal_files import default_folder
from createos_nb.plans.steps.base import resolved
from createos_nb.plans.world_identity import belongs

if TYPE_CHECKING:
    import pandas as pd

    from createos_nb.client.client import Client

#: So many journals are read, the newest.
_NEWEST: Final = 200
_COLUMNS: Final = ("time", "environment_id", "deployment_id", "began", "source")


def assignments(client: Client, journals: str | os.PathLike[str] | None = None) -> pd.DataFrame:
    """Return what journals have seen live in environments of an account: before an assignment, and from it on.

    Args:
        client: whose account and world the journals are to be of; others are left out, and so are damaged ones.
        journals: a folder of journals; by default `default_folder()`.

    Returns:
        One row a fact, oldest first: `time` (UTC), `environment_id`, `deployment_id`, `began` (True: it became live at
        that time; False: it was live then, and was about to be replaced), `source` ("journal").

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.assign(client, "storefront", 16, "staging")
        >>> receipt = plan.apply(confirm=plan.digest, reason="a try")
        >>> createos_nb.plans.assignments(client)["began"].tolist()
        [False, True]
        >>> live = client.fleet.live_versions(known=createos_nb.plans.assignments(client), projects="storefront")
        >>> live[live["environment"] == "staging"][["version", "source", "exactness"]].tail(2)
           version   source exactness
        3       14  journal     built
        7       16  journal     exact
    """
    import pandas as pd

    folder = Path(journals) if journals is not None else default_folder(embedded=client.embedded)
    paths = sorted(folder.glob("*.jsonl"))[-_NEWEST:] if folder.is_dir() else []
    facts = [fact for path in paths for fact in _facts(path, client)]
    frame = pd.DataFrame(facts, columns=list(_COLUMNS))
    frame["time"] = pd.to_datetime(frame["time"], utc=True, format="ISO8601").astype("datetime64[us, UTC]")
    frame = frame.astype({"environment_id": TEXT, "deployment_id": TEXT, "began": "bool", "source": TEXT})
    return frame.sort_values("time", kind="stable", ignore_index=True)


def _facts(path: Path, client: Client) -> list[tuple[str, str, str, bool, str]]:
    """Time, environment, deployment, whether it began then, and the source, of each assignment of a run."""
    try:
        journal = Journal(path)
    except JournalError:
        return []
    plan = journal.plan
    if plan is None or journal.wrong or not belongs(journal, client):
        return []
    facts = []
    for number, step in enumerate(plan["steps"]):
        if step.get("kind") != "assign" or not (environment := (step.get("target") or {}).get("environment")):
            continue
        environment = str(resolved(environment, journal.created))
        done, started = journal.newest(number, "done"), journal.newest(number, "started")
        if started is not None and (before := step["before"].get("live deployment")):
            facts.append((started["at"], environment, str(before), False, "journal"))
        if done is not None:
            answered = journal.newest(number, "answered") or done
            deployment = str(resolved(step["after"]["live deployment"], journal.created))
            facts.append((answered["at"], environment, deployment, True, "journal"))
    return facts
