"""How long steps usually take: measured in the journals of earlier runs, else what a step expects of itself."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from createos_nb.plans.errors import JournalError
from createos_nb.plans.journal import Journal
from createos_nb.plans.journal_files import default_folder
from createos_nb.plans.steps.registry import rows_of
from createos_nb.plans.world_identity import belongs
from createos_nb.times import unix

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans.steps.base import Step

#: So many journals are read, the newest.
_NEWEST: Final = 60

#: What steps have in common that are compared: their kind, the project, and the environment or "".
Key = tuple[str, str, str]


class UsualTime(NamedTuple):
    """How long a step usually takes.

    Attributes:
        seconds: the median of earlier runs, or what the step expects.
        runs: how many earlier runs it is measured from; 0: none, it is what the step expects.
    """

    seconds: float
    runs: int = 0


def usual_times(
    client: Client, steps: Sequence[Step], journals: str | os.PathLike[str] | None = None
) -> list[UsualTime]:
    """Return how long steps usually take, by the newest journals of this account; it asks the platform for nothing.

    A step is compared with those of its kind in the same environment, or where there was none, in the same project.
    What was interrupted, or was so already, says nothing.

    Args:
        client: whose account and world the journals are to be of; others are left out, and so are damaged ones.
        steps: the steps of a plan.
        journals: a folder of journals; by default `default_folder()`.

    Returns:
        One for each step.

    Examples:
        >>> from createos_nb.plans.usual_times import usual_times
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=2)
        >>> usual_times(client, plan.steps)[0].runs
        0
        >>> receipt = plan.apply(confirm=plan.confirmation, reason="the sale")
        >>> again = createos_nb.runbooks.scale(client, "storefront", "staging", replicas=3)
        >>> [usual] = usual_times(client, again.steps)
        >>> usual.runs, round(usual.seconds, 1)
        (1, 13.2)
    """
    folder = Path(journals) if journals is not None else default_folder(embedded=client.embedded)
    paths = sorted(folder.glob("*.jsonl"))[-_NEWEST:] if folder.is_dir() else []
    measured: dict[Key, list[float]] = defaultdict(list)
    for path in paths:
        for key, seconds in _measured(path, client):
            measured[key].append(seconds)
            if key[2]:
                measured[*key[:2], ""].append(seconds)
    found = []
    for step, row in zip(steps, rows_of(list(steps)), strict=True):
        key = _key(row)
        times = measured.get(key) or measured.get((*key[:2], "")) or []
        found.append(UsualTime(median(times), len(times)) if times else UsualTime(step.usual_seconds()))
    return found


def _measured(path: Path, client: Client) -> Iterator[tuple[Key, float]]:
    """The seconds of each step that a run has done without an interruption."""
    try:
        journal = Journal(path)
    except JournalError:
        return
    if journal.plan is None or journal.wrong or not belongs(journal, client):
        return
    rows = journal.plan["steps"]
    began: dict[int, float] = {}
    for entry in journal.entries:
        number = entry.get("step")
        if entry["event"] in ("resumed", "stopped", "cancelled", "failed"):
            began.clear()  # the time until somebody goes on is not the step's
        elif number is None or number >= len(rows):
            continue
        elif entry["event"] in ("started", "probing"):
            began.setdefault(number, unix(entry["at"], 0.0))
        elif entry["event"] == "done" and number in began:
            yield _key(rows[number]), max(unix(entry["at"], 0.0) - began[number], 0.0)


def _key(row: dict[str, Any]) -> Key:
    target = row.get("target") or {}
    return str(row.get("kind", "")), str(target.get("project", "")), str(target.get("environment", ""))
