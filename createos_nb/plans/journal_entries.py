"""The lines of a journal: written so that a later change of any of them is seen, and read with care.

Each line carries a digest of itself and of the digest before it. Lines that were cut off when the power or the process
went are no change: whoever goes on writing builds on the last whole one. It tells edits and damage, not a forger who
makes the digests anew: what keeps others away is that the file is its owner's alone.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any, Final, Literal, NotRequired, TypedDict, cast

import msgspec

from createos_nb.plans.digest import digest
from createos_nb.times import iso

#: What a line says: `started` stands before a write, `noted` for what a step notes while it writes, `answered` after
#: its answer, `probing` and `probed` around a step that only checks. The last five end a run, or interrupt it.
JournalEvent = Literal[
    "plan",
    "resumed",
    "started",
    "noted",
    "answered",
    "probing",
    "probed",
    "skipped",
    "done",
    "refused",
    "drift",
    "unlocked",
    "overridden",
    "finished",
    "failed",
    "stopped",
    "cancelled",
]
#: Where the digest of a line stands in it.
SUM: Final = "sum"
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
#: Years that a frame of times can hold.
_YEARS: Final = range(1971, 2262)


class Actor(TypedDict):
    """Who applies a plan: an account of the platform, and a user of a machine."""

    account: str
    user: str
    host: str


class PlanRecord(TypedDict):
    """A plan as the first line of a journal holds it, without its transient inputs."""

    format: int
    title: str
    runbook: str
    arguments: dict[str, Any]
    where: str
    base_url: str
    digest: str
    intent: str
    confirmation: str | None
    reason: str | None
    steps: list[dict[str, Any]]
    world: NotRequired[str]
    course: NotRequired[str]
    who: NotRequired[Actor]


class Entry(TypedDict):
    """One line of a journal; `step`: from 0."""

    event: JournalEvent
    at: str
    local: NotRequired[str]
    step: NotRequired[int | None]
    operation: NotRequired[str]
    target: NotRequired[str]
    text: NotRequired[str | None]
    created: NotRequired[str | None]
    course: NotRequired[str]
    freeze: NotRequired[str]
    baseline: NotRequired[dict[str, Any]]
    plan: NotRequired[PlanRecord | None]
    sum: NotRequired[str]


def sealed(entry: Entry, previous: str) -> Entry:
    """Return an entry with a digest of itself and of the digest before it."""
    return {**entry, "sum": digest([previous, entry])}


def read(content: bytes) -> tuple[list[Entry], str]:
    """Return the entries of a journal, and what is wrong with it: "" where every line is as it was written.

    A line that is no entry is left out. An entry that was changed is given, and what is wrong says so.
    """
    entries: list[Entry] = []
    wrong, previous = "", ""
    steps: int | None = None
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line, parse_constant=_no_number)
        except (ValueError, RecursionError):
            continue  # cut off, or damaged: then the digest of the next line does not fit
        entry = _validated(fields, steps)
        if entry is None:
            wrong = wrong or f"line {number} is no entry of a journal"
            continue
        plan = entry.get("plan")
        if plan is not None:
            steps = len(plan["steps"])
        seal = fields.pop(SUM, None)
        if seal != digest([previous, fields]):
            wrong = wrong or f"line {number}, or what stood before it, was changed after it was written"
        previous = entry["sum"] = seal if isinstance(seal, str) else ""
        entries.append(entry)
    return entries, wrong


def _validated(fields: Any, steps: int | None) -> Entry | None:
    """An entry whose fields are what the code takes them for; None for anything else."""
    if not isinstance(fields, dict):
        return None
    try:
        entry = msgspec.convert({name: value for name, value in fields.items() if name != SUM}, Entry)
        moment = datetime.fromisoformat(entry["at"])
    except (msgspec.ValidationError, ValueError, RecursionError, OverflowError):
        return None
    if moment.tzinfo is None or moment.year not in _YEARS:
        return None
    plan, step = entry.get("plan"), entry.get("step")
    if (entry["event"] == "plan") != (plan is not None) or (steps is None and plan is None):
        return None
    if step is not None and not 0 <= step < max(steps or 0, 1):
        return None
    # one spelling of the time for all who read it
    readable = {name: _readable(value) for name, value in fields.items()}
    return cast("Entry", {**readable, "at": iso(round(moment.timestamp(), 3))})


def _readable(value: Any) -> Any:
    """Without halves of characters, which no table can hold."""
    if isinstance(value, str):
        return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, dict):
        return {_readable(name): _readable(item) for name, item in value.items()}
    return [_readable(item) for item in value] if isinstance(value, list) else value


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")
