"""Tables of steps: of a plan, of a run, and of an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, Literal

import pandas as pd

from createos_nb.checks import FAIL, NO_DATA, PASS, Result
from createos_nb.dtypes import TEXT
from createos_nb.times import unix

if TYPE_CHECKING:
    from createos_nb.plans.journal_entries import Entry, JournalEvent
    from createos_nb.plans.steps.base import Step

#: What has become of a step.
Outcome = Literal["done", "already so", "written", "not done"]
#: The text of a `done` entry whose step was not waited for.
NOT_WAITED: Final = "written, not waited for"
#: What each outcome is as the result of a check: what was not read back is not known.
_RESULTS: Final[Mapping[Outcome, Result]] = {"done": PASS, "already so": PASS, "written": NO_DATA, "not done": FAIL}
#: Events whose text is no note: it repeats the step.
_SILENT: Final[tuple[JournalEvent, ...]] = ("started", "probing", "done", "skipped")
_STEP: Final = ("step", "what", "operation", "target")
_FIELDS: Final = (*_STEP, "field", "before", "after", "why", "reversible", "wait_seconds")
_OUTCOMES: Final = (*_STEP, "outcome", "result", "started", "seconds", "note")


def steps_table(steps: Sequence[Step]) -> pd.DataFrame:
    """Return one row a step: step (Int64, from 1), what, operation, target."""
    rows = [_facts(number, step) for number, step in enumerate(steps, 1)]
    return pd.DataFrame(rows, columns=list(_STEP)).astype({"step": "Int64", **dict.fromkeys(_STEP[1:], TEXT)})


def fields_table(steps: Sequence[Step]) -> pd.DataFrame:
    """Return one row for each field of each step; see `Plan.frame`."""
    rows = []
    for number, step in enumerate(steps, 1):
        facts = _facts(number, step) | {
            "why": step.why,
            "reversible": step.has_undo,
            "wait_seconds": step.usual_seconds(),
        }
        for field, before, after in step.fields() or [("", "", "")]:
            rows.append({**facts, "field": field, "before": before, "after": after})
    texts = ("what", "operation", "target", "field", "before", "after", "why")
    return pd.DataFrame(rows, columns=list(_FIELDS)).astype(
        {"step": "Int64", **dict.fromkeys(texts, TEXT), "reversible": "boolean", "wait_seconds": "Float64"}
    )


def outcomes_table(
    steps: Sequence[Step], entries: Sequence[Entry], now: float, *, dry_run: bool = False
) -> pd.DataFrame:
    """Return one row a step with what has become of it; see `Receipt.frame`. `now` stands for a missing time."""
    rows = []
    for number, step in enumerate(steps):
        mine = [entry for entry in entries if entry.get("step") == number]
        outcome = outcome_of(mine)
        result = NO_DATA if dry_run else FAIL if any(e["event"] == "drift" for e in mine) else _RESULTS[outcome]
        times = [unix(entry["at"], now) for entry in mine]
        notes = [entry.get("text") for entry in mine if entry["event"] not in _SILENT]
        rows.append(
            _facts(number + 1, step)
            | {
                "outcome": outcome,
                "result": result,
                "started": timestamp(times[0]) if times else None,
                "seconds": times[-1] - times[0] if times else None,
                "note": "; ".join(note for note in notes if note),
            }
        )
    frame = pd.DataFrame(rows, columns=list(_OUTCOMES))
    frame["started"] = pd.to_datetime(frame["started"], utc=True).astype("datetime64[us, UTC]")
    texts = ("what", "operation", "target", "outcome", "result", "note")
    return frame.astype({"step": "Int64", "seconds": "Float64", **dict.fromkeys(texts, TEXT)})


def outcome_of(entries: Sequence[Entry]) -> Outcome:
    """Return the outcome of a step from its entries."""
    last = {entry["event"]: entry for entry in entries}
    if "done" in last:
        return "written" if last["done"].get("text") == NOT_WAITED else "done"
    if "skipped" in last:
        return "already so"
    return "written" if "answered" in last else "not done"


def timestamp(seconds: float) -> pd.Timestamp:
    """Return Unix seconds as a time in UTC, to the microsecond."""
    return pd.Timestamp(round(seconds * 1e6), unit="us", tz="UTC")


def _facts(number: int, step: Step) -> dict[str, object]:
    return {"step": number, "what": step.what, "operation": step.operation, "target": str(step.target)}
