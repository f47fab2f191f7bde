"""Runs of plans as events of a history: who did what, where and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from createos_nb.plans.actor import actor_text
from createos_nb.plans.errors import JournalError
from createos_nb.plans.journal import Journal
from createos_nb.plans.journal_files import default_folder
from createos_nb.plans.runs import state_of
from createos_nb.plans.world_identity import belongs

if TYPE_CHECKING:
    import pandas as pd

    from createos_nb.client.client import Client


def events(client: Client) -> pd.DataFrame:
    """Return the ended runs of this machine's journals that were applied to the client's account and world.

    Args:
        client: Whose account and world they are to be of.

    Returns:
        time (UTC: when the run began), key (the journal's name and state), project and environment (ids), kind (the
        runbook), text (title and state), who, why.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
        >>> receipt = plan.apply(confirm=plan.digest, reason="the sale")
        >>> from createos_nb.plans.history_source import events
        >>> events(client)[["kind", "text", "why"]].values.tolist()
        [['scale', 'scale storefront / staging: replicas 2: finished', 'the sale']]
    """
    import pandas as pd

    folder = default_folder(embedded=client.embedded)
    rows = [row for path in sorted(folder.glob("*.jsonl")) if (row := _event(path, client)) is not None]
    columns = ["time", "key", "project", "environment", "kind", "text", "who", "why"]
    frame = pd.DataFrame(rows, columns=columns)
    frame["time"] = pd.to_datetime(frame["time"], utc=True, format="ISO8601").astype("datetime64[us, UTC]")
    return frame


def _event(path: Path, client: Client) -> dict[str, str] | None:
    try:
        journal = Journal(path)
    except JournalError:
        return None
    plan, state = journal.plan, state_of(journal)
    if plan is None or state in ("damaged", "at work") or not belongs(journal, client):
        return None
    arguments = plan.get("arguments") or {}
    return {
        "time": journal.entries[0]["at"],
        "key": f"{path.name} {state}",
        "project": str(arguments.get("project", "")),
        "environment": str(arguments.get("environment") or ""),
        "kind": str(plan.get("runbook", "")),
        "text": f"{plan['title']}: {state}",
        "who": actor_text(plan.get("who")),
        "why": str(plan["reason"] or ""),
    }
