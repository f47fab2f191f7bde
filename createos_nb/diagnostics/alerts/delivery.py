"""Delivery of messages: to each target once and in their order, again later where it fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from createos_nb.notify.message import Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from createos_nb.notify.notifier import Notifier

#: Seconds until the second attempt; each later one waits twice as long, up to the longest.
_FIRST: Final = 60.0
_LONGEST: Final = 900.0
_REPEATED: Final = "(may have come before: the watch was ended while it was sent)"


class Pending(msgspec.Struct, kw_only=True):
    """A message that a target has still to take.

    Attributes:
        target: the name of the target.
        message: the message.
        attempts: how often it was tried in vain.
        due: Unix seconds from which it is tried.
        sending: it is being sent; a process that was killed meanwhile leaves it so.
    """

    target: str
    message: Message
    attempts: int = 0
    due: float = 0.0
    sending: bool = False


class Delivery:
    """Sends what is pending.

    That a message is about to be sent is saved before, and that it was taken after. A watch that is killed in between
    sends that message again, and says in it that it may have come before; none is lost.

    Args:
        notifier: sends.
        pending: the messages, oldest first; it is changed.
        save: writes down what is pending.
    """

    def __init__(self, notifier: Notifier, pending: list[Pending], save: Callable[[], None]) -> None:
        self._notifier, self._pending, self._save = notifier, pending, save

    def add(self, message: Message, now: float) -> None:
        """Take a message for every target, due at once (Unix seconds)."""
        self._pending += [Pending(target=name, message=message, due=now) for name in self._notifier.names]

    def send(self, now: float) -> dict[str, str]:
        """Send what is due (Unix seconds). Returns why targets have not taken theirs, by name."""
        failed: dict[str, str] = {}
        for pending in list(self._pending):
            target = pending.target
            if target in failed:
                continue  # later messages wait for the first
            if target not in self._notifier.names:
                failed[target] = "it is no target any more, and has messages to come"
            elif pending.due > now:
                failed[target] = f"{pending.attempts} attempts have failed, and the next one waits"
            elif reason := self._send(pending, now):
                failed[target] = reason
        return failed

    def _send(self, pending: Pending, now: float) -> str:
        message = pending.message
        if pending.sending:
            message = Message(title=message.title, body=f"{message.body}\n{_REPEATED}".strip(), kind=message.kind)
        pending.sending = True
        self._save()
        reason = self._notifier.send(pending.target, message)
        pending.sending = False
        if reason:
            pending.attempts += 1
            pending.due = now + min(_LONGEST, _FIRST * 2.0 ** min(pending.attempts - 1, 10))
        else:
            self._pending.remove(pending)
        self._save()
        return reason
