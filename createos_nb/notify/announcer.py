"""Telling people while something goes on: in order, and without making it wait for their services."""

from __future__ import annotations

import queue
from collections.abc import Callable

from createos_nb import threads
from createos_nb.errors import warn
from createos_nb.notify.message import Message
from createos_nb.notify.notifier import Notifier, Notify
from createos_nb.process import ProcessBound

#: Real seconds that the end waits for messages that are on their way.
_PATIENCE = 15.0


class Announcer(ProcessBound):
    """Sends messages in a thread of its own; where none can be started, at once.

    A target that does not take a message is warned of, and what goes on is not disturbed. Each message is sent once.

    Args:
        targets: Addresses of apprise, functions, a list of both, or a `Notifier`.

    Examples:
        >>> from createos_nb.notify import Message
        >>> from createos_nb.notify.announcer import Announcer
        >>> with Announcer(print) as announce:
        ...     announce(Message(title="Rolled back"))
        Rolled back
    """

    def __init__(self, targets: Notify | Notifier) -> None:
        self._notifier = targets if isinstance(targets, Notifier) else Notifier(targets)
        self._queue: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._failed: dict[str, str] = {}
        self._thread = threads.start(self._work, "createos-nb-notify") if self._notifier.names else None

    def __call__(self, message: Message) -> None:
        """Send a message, soon.

        Args:
            message: The message.
        """
        if self._thread is not None:
            self._queue.put(message)
        else:
            self._failed |= self._notifier(message)

    def close(self) -> None:
        """Wait for what is on its way, and warn of what was not taken."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(_PATIENCE)
            if self._thread.is_alive():
                self._failed["a message"] = f"it was still on its way after {_PATIENCE:.0f} s"
        if self._failed:
            reasons = "; ".join(f"{name}: {reason}" for name, reason in self._failed.items())
            warn(f"notify: not everybody was told: {reasons}", UserWarning)

    def _work(self) -> None:
        while (message := self._queue.get()) is not None:
            self._failed |= self._notifier(message)

    def __enter__(self) -> Callable[[Message], None]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
