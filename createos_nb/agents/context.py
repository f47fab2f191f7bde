"""What the tools of a server share: the account, what they may do, and the plans that were shown."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from createos_nb.agents.answer import LIMIT
from createos_nb.agents.drill_link import DrillLink
from createos_nb.errors import CreateOSError
from createos_nb.redactor import Redactor

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.history.history import History
    from createos_nb.plans.plan import Plan, Receipt


class QuestionNeeded(CreateOSError):
    """Nothing was changed: a person has to type the name of what can't be brought back.

    Attributes:
        question: what to ask.
    """

    def __init__(self, question: str) -> None:
        super().__init__(question)
        self.question = question


class Refused(CreateOSError):
    """Nothing was changed: this server, or who was asked, does not allow it."""


@dataclass
class Run:
    """A plan that is being applied in a thread of its own.

    Attributes:
        digest: of the plan.
        title: of the plan.
        done: set when it is over.
        status: the last event, in words.
        receipt: what was changed, once it is over.
        error: why it was not applied, or not to its end.
    """

    digest: str
    title: str
    done: threading.Event = field(default_factory=threading.Event)
    status: str = ""
    receipt: Receipt | None = None
    error: BaseException | None = None


@dataclass
class Shown:
    """The plans that were shown, by their digests: no other is applied.

    Attributes:
        makes: what makes each of them anew, the newest last.
        runs: those that are being applied, or were.
        lock: held where both change.
        cancel: set where all runs are to stop at the next place from which they can be resumed.
    """

    makes: dict[str, Callable[[Client], Plan]] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    cancel: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class ToolContext:
    """What the tools of a server share, and what is known of one call.

    Attributes:
        client: the account.
        allow_changes: whether plans may be applied.
        allow_irreversible: whether one that can't be undone may be applied where the client can't ask a person.
        limit: characters of JSON that an answer has at most.
        history: the history of the account; None where there is none.
        drill: the drill that is taken; None where it is none.
        redactor: knows the secrets that calls have brought.
        shown: the plans that were shown.
        can_ask: whether the client of this call can ask a person.
        typed_name: what a person has typed when asked; None before.
        progress: told of what goes on while a call takes long.
    """

    client: Client
    allow_changes: bool = False
    allow_irreversible: bool = False
    limit: int = LIMIT
    history: History | None = None
    drill: DrillLink | None = None
    redactor: Redactor = field(default_factory=Redactor)
    shown: Shown = field(default_factory=Shown)
    can_ask: bool = False
    typed_name: str | None = None
    progress: Callable[[str], None] = lambda text: None
