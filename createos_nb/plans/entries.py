"""The lines of a journal: written so that a later change of any of them is seen, and read with care.

Each line carries a digest of itself and of the digest before it. Lines that were cut off when the power or the process
went are no change: whoever goes on writing builds on the last whole one. It tells edits and damage, not a forger who
makes the digests anew: what keeps others away is that the file is its owner's alone.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Struct

from createos_nb.plans.token import digest
from createos_nb.times import iso

Entry = dict[str, Any]
#: Where the digest of a line stands in it.
SUM: Final = "sum"
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
#: Years that a frame of times can hold.
_YEARS: Final = range(1971, 2262)


class PlanFacts(Struct, kw_only=True):
    """What the first line of a journal has to hold; see `createos_nb.plans.record.record_of`."""

    format: int
    title: str
    runbook: str
    arguments: dict[str, Any]
    where: str
    base_url: str
    token: str
    intent: str
    confirmation: str | None
    reason: str | None
    steps: list[dict[str, Any]]
    world: str = ""
    course: str = ""
    who: dict[str, str] = {}


class _Line(Struct, kw_only=True):
    event: str
    at: str
    step: int | None = None
    operation: str = ""
    target: str = ""
    text: str | None = None
    made: str | None = None
    course: str = ""
    baseline: dict[str, Any] = {}
    plan: PlanFacts | None = None


def sealed(entry: Entry, before: str) -> Entry:
    """An entry with the digest of itself and of what stands before it."""
    return {**entry, SUM: digest([before, entry])}


def read(content: bytes) -> tuple[list[Entry], str]:
    """The entries of a journal, and what is wrong with it: "" where every line is as it was written.

    A line that is no entry is left out. An entry that was changed is given, and what is wrong says so.
    """
    found: list[Entry] = []
    wrong, before = "", ""
    steps: int | None = None
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            said = json.loads(line, parse_constant=_no_number)
        except (ValueError, RecursionError):
            continue  # cut off, or damaged: then the digest of the next line does not fit
        entry = _checked(said, steps)
        if entry is None:
            wrong = wrong or f"line {number} is no entry of a journal"
            continue
        if entry["event"] == "plan":
            steps = len(entry["plan"]["steps"])
        seal = said.pop(SUM, None)
        if seal != digest([before, said]):
            wrong = wrong or f"line {number}, or what stood before it, was changed after it was written"
        before = entry[SUM] = seal if isinstance(seal, str) else ""
        found.append(entry)
    return found, wrong


def _checked(said: Any, steps: int | None) -> Entry | None:
    """An entry whose fields are what the code takes them for; None for anything else."""
    if not isinstance(said, dict):
        return None
    try:
        line = msgspec.convert(said, _Line)
        moment = datetime.fromisoformat(line.at)
    except (msgspec.ValidationError, ValueError, RecursionError, OverflowError):
        return None
    if moment.tzinfo is None or moment.year not in _YEARS:
        return None
    if (line.event == "plan") != (line.plan is not None) or (steps is None and line.plan is None):
        return None
    if line.step is not None and not 0 <= line.step < max(steps or 0, 1):
        return None
    entry: Entry = {name: _readable(value) for name, value in said.items()}
    # one spelling of the time for all who read it
    return {**entry, "at": iso(round(moment.timestamp(), 3))}


def _readable(value: Any) -> Any:
    """Without halves of characters, which no table can hold."""
    if isinstance(value, str):
        return _SURROGATE.sub("�", value)
    if isinstance(value, dict):
        return {_readable(name): _readable(item) for name, item in value.items()}
    return [_readable(item) for item in value] if isinstance(value, list) else value


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")
