"""A practice, and what was found of it at one place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from createos_nb.diagnostics.diagnosis import RunbookCall

Severity = Literal["high", "medium", "low"]
Scope = Literal["account", "project", "environment"]

#: From the gravest down.
SEVERITIES: Final[tuple[Severity, ...]] = ("high", "medium", "low")


@dataclass(frozen=True)
class Outcome:
    """What was found of a practice at one place.

    Attributes:
        held: whether the practice is held; None where the API can't tell.
        evidence: what says so, with the figure.
        fix: what mends it, as a sentence; "" where nothing has to be done.
        runbook: the runbook that does it.
        where: the place, where it is a part of the one that was looked at, such as "key ci-deployments".
        severity: where it is another one than the practice's.
    """

    held: bool | None
    evidence: str
    fix: str = ""
    runbook: RunbookCall | None = None
    where: str = ""
    severity: Severity | None = None


@dataclass(frozen=True)
class Practice:
    """One practice: what it asks, and the function that looks.

    Attributes:
        code: its word, which stays.
        group: "security", "performance", "reliability" or "order".
        severity: how grave it is where it is broken.
        scope: of what it is: the account, a project, or an environment.
        asks: what it asks, in the documentation's words.
        look: what was found at a place; nothing where the practice does not apply.
    """

    code: str
    group: str
    severity: Severity
    scope: Scope
    asks: str
    look: Callable[[Any], Iterable[Outcome]]
