"""Whether what was found is what has to be: a check of a lesson held against the world and the answers."""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from createos_nb.client.client import Client
from createos_nb.display import format_value, is_missing
from createos_nb.errors import CreateOSError
from createos_nb.training.curriculum.facts import FACTS, count_runs
from createos_nb.training.curriculum.schema import CheckSection, FactSection, WrongValue

State = Literal["right", "missing", "unknown"]
_NUMBER: Final = re.compile(r"\s*(?:v|version)?\s*#?\s*(-?[0-9][0-9_,]*(?:\.[0-9]+)?)\s*%?\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Finding:
    """What came of a check.

    Attributes:
        state: right, missing, or unknown where it could not be read.
        reason: what is said to the learner; "" where it is right.
    """

    state: State
    reason: str = ""


class Reading:
    """Reads facts of a world once each, for one round of checks.

    Args:
        client: of the world.
        runs: "state: title" of runs, of which no journal may be left.
    """

    def __init__(self, client: Client, runs: list[str]) -> None:
        self._client, self._runs = client, runs
        self._known: dict[bytes, Any] = {}

    def value(self, section: FactSection) -> Any:
        """Return a fact; None where there is none. Raises `CreateOSError` where it can't be read."""
        key = msgspec.json.encode([section.fact, section.of], order="sorted")
        if key not in self._known:
            if section.fact == "runs_of":
                self._known[key] = count_runs(self._runs, section.of["title"], section.of.get("state", "finished"))
            else:
                self._known[key] = FACTS[section.fact](self._client, **section.of)
        return self._known[key]


def look(check: CheckSection, reading: Reading, answers: Mapping[str, Any]) -> Finding:
    """Return what comes of a check."""
    if check.answer and check.answer not in answers:
        return Finding("missing", f'there is no answer yet: lesson.answer("{check.answer}", …)')
    try:
        found = answers[check.answer] if check.answer else reading.value(FactSection(fact=check.fact, of=check.of))
        expected = reading.value(check.same_as) if check.same_as is not UNSET else None
        if check.same_as is not UNSET and expected is None:
            return Finding("unknown", f"{check.same_as.fact} is not known")
        if _holds(check, found, expected):
            return Finding("right")
        for wrong in check.wrong:
            if _is(wrong, found, reading):
                return Finding("missing", wrong.because.replace("{found}", _text(found)))
    except CreateOSError as error:
        return Finding("unknown", f"it could not be read: {error}")
    return Finding("missing", check.otherwise.replace("{found}", _text(found)))


def _holds(check: CheckSection, found: Any, expected: Any) -> bool:
    if check.equals is not UNSET:
        return _same(found, check.equals, check.within)
    if not isinstance(check.one_of, UnsetType):
        return any(_same(found, one, check.within) for one in check.one_of)
    if check.same_as is not UNSET:
        return _same(found, expected, check.within)
    if check.at_least is not UNSET:
        return (number := _number(found)) is not None and number >= check.at_least
    if check.at_most is not UNSET:
        return (number := _number(found)) is not None and number <= check.at_most
    if check.contains is not UNSET:
        return not is_missing(found) and _contains(found, check.contains)
    return is_missing(found) or not _contains(found, check.lacks)


def _is(wrong: WrongValue, found: Any, reading: Reading) -> bool:
    if wrong.equals is not UNSET:
        return _same(found, wrong.equals)
    if not isinstance(wrong.same_as, UnsetType):
        # a hint of what went wrong need not be exact
        return _same(found, reading.value(wrong.same_as), 0.01)
    number = _number(found)
    if number is None:
        return False
    if not isinstance(wrong.above, UnsetType):
        return number > wrong.above
    return not isinstance(wrong.below, UnsetType) and number < wrong.below


def _same(found: Any, expected: Any, within: float = 0.0) -> bool:
    if isinstance(expected, bool):
        return _boolean(found) is expected
    if isinstance(expected, numbers.Real):
        number = _number(found)
        return number is not None and math.isclose(number, float(expected), rel_tol=max(within, 1e-9), abs_tol=1e-9)
    if isinstance(expected, str):
        return isinstance(found, str) and found.strip().casefold() == expected.casefold()
    if isinstance(expected, list):
        if isinstance(found, str) or not hasattr(found, "__iter__"):
            found = [found]
        found = list(found)
        return len(found) == len(expected) and all(any(_same(one, other) for one in found) for other in expected)
    return bool(found == expected)


def _contains(found: Any, part: Any) -> bool:
    parts = part if isinstance(part, list) else [part]
    if isinstance(found, str):
        return all(str(one).casefold() in found.casefold() for one in parts)
    return hasattr(found, "__iter__") and all(one in list(found) for one in parts)


def _boolean(value: Any) -> bool | None:
    if isinstance(value, str):
        word = value.strip().casefold()
        return True if word in ("yes", "true") else False if word in ("no", "false") else None
    return None if is_missing(value) else bool(value)


def _number(value: Any) -> float | None:
    """Return a number; of a text such as "v6", "6.5 %" or "1,200" that in it."""
    if isinstance(value, bool) or is_missing(value):
        return None
    if isinstance(value, numbers.Real):
        return float(value)
    match = _NUMBER.fullmatch(value) if isinstance(value, str) else None
    return float(match[1].replace(",", "").replace("_", "")) if match else None


def _text(value: Any) -> str:
    if is_missing(value):
        return "nothing"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple | set) else format_value(value)
