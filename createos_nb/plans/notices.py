"""Messages of a run: that it has started, and how it ended; who, what, where, and why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from createos_nb.notify.announcer import Announcer
from createos_nb.notify.message import Kind, Message
from createos_nb.plans.actor import actor_text, current_actor

if TYPE_CHECKING:
    from collections.abc import Callable

    from createos_nb.client.client import Client
    from createos_nb.notify.notifier import Notifier, Notify
    from createos_nb.plans.events import Event, OnEvent, Phase

#: The phases in which something is changed, or waited for.
_STARTS: Final[tuple[Phase, ...]] = ("writing", "waiting", "probing", "done", "already so")
_ENDS: Final[dict[Phase, tuple[str, Kind]]] = {
    "finished": ("done", "success"),
    "failed": ("failed", "failure"),
    "stopped": ("stopped, it can be resumed", "failure"),
    "cancelled": ("cancelled, it can be resumed", "warning"),
}


@contextmanager
def notices(
    notify: Notify | Notifier | None, client: Client, title: str, reason: str | None, on_event: OnEvent | None
) -> Iterator[OnEvent | None]:
    """Yield a receiver of events that also tells people of the start and the end of a run.

    Args:
        notify: Who is told; None: nobody.
        client: The account of the run.
        title: The plan in a line.
        reason: Why it is applied.
        on_event: The receiver of all events.
    """
    if notify is None:
        yield on_event
        return
    with Announcer(notify) as announce:
        yield _Notices(announce, client, title, reason, on_event)


class _Notices:
    def __init__(
        self,
        announce: Callable[[Message], None],
        client: Client,
        title: str,
        reason: str | None,
        on_event: OnEvent | None,
    ) -> None:
        self._announce, self._client, self._title, self._reason = announce, client, title, reason
        self._on_event = on_event
        self._started = False

    def __call__(self, event: Event) -> None:
        if not self._started and event.phase in _STARTS:
            self._started = True
            self._tell("started", "info", "")
        if event.over and (self._started or event.phase == "finished"):
            word, kind = _ENDS[event.phase]
            at = f"step {event.step} of {event.steps}, {event.title}: " if event.phase != "finished" else ""
            self._tell(word, kind, f"{at}{event.text}" if event.text else at.rstrip(": "))
        if self._on_event is not None:
            self._on_event(event)

    def _tell(self, word: str, kind: Kind, text: str) -> None:
        who = actor_text(current_actor(self._client.whoami()))
        lines = [text, f"by {who}", f"because: {self._reason}" if self._reason else "", self._client.where]
        body = "\n".join(line for line in lines if line)
        self._announce(Message(title=f"{self._title}: {word}", body=body, kind=kind))
