"""What a check finds, and the alert that it becomes."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal, NamedTuple

import msgspec

#: A page wakes somebody; a ticket waits for the morning.
Severity = Literal["page", "ticket"]

#: What is told of an alert.
Change = Literal["begins", "rises", "ends"]

ACCOUNT: Final = "account"


class Place(NamedTuple):
    """Where a check looks: an environment, a project, or the account.

    `project_id` and `environment_id` are ids, "" where none is meant.
    """

    project: str = ""
    environment: str = ""
    project_id: str = ""
    environment_id: str = ""

    @property
    def name(self) -> str:
        """Return "project/environment", "project", or "account"."""
        return "/".join(part for part in (self.project, self.environment) if part) or ACCOUNT


class Found(NamedTuple):
    """Something that is wrong at a place.

    Attributes:
        what: tells it from whatever else is wrong there, the same each time that it is found, such as "v19".
        severity: "page" or "ticket".
        since: when it began, as far as is known (UTC).
        sentence: what it is.
        commands: what to type against it.
        environment: the environment that a diagnosis looks at; "" where none helps.
        diagnose: a diagnosis tells more.
    """

    what: str
    severity: Severity
    since: datetime
    sentence: str
    commands: tuple[str, ...] = ()
    environment: str = ""
    diagnose: bool = False


class Alert(msgspec.Struct, kw_only=True):
    """An alert, as it is kept: from its begin until a while after its end.

    Attributes:
        key: kind, place and what: the same as long as it lasts, also after a restart.
        kind: the check that found it.
        place: "project/environment", "project" or "account".
        what: what tells it from others of its kind there.
        severity: "page" or "ticket", the highest so far.
        since: when it began (UTC).
        sentence: what it is.
        commands: what to type.
        diagnosis: what the diagnosis said when the alert began; "" without one.
        opened: when it was first told (UTC).
        seen: when it was last found (UTC).
        absent: when it was first looked for and not found, since it was last found (UTC).
        ended: since when it is over (UTC); None while it lasts.
        unknown: why it could not be looked for; "" where it was.
    """

    key: str
    kind: str
    place: str
    what: str
    severity: Severity
    since: datetime
    sentence: str
    opened: datetime
    seen: datetime
    commands: list[str] = []
    diagnosis: str = ""
    absent: datetime | None = None
    ended: datetime | None = None
    unknown: str = ""

    @property
    def open(self) -> bool:
        """Return whether it lasts."""
        return self.ended is None


def key_of(kind: str, place: str, what: str) -> str:
    """Return the key of an alert.

    Args:
        kind: The kind of check.
        place: Where.
        what: What tells it from others there.

    Returns:
        The key.

    Examples:
        >>> from createos_nb.diagnostics.alerts.alert import key_of
        >>> key_of("failed_deployment", "storefront", "v19")
        'failed_deployment:storefront:v19'
    """
    return f"{kind}:{place}:{what}"
