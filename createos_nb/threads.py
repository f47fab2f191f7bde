"""Threads where they can be started; where they can't, as in a browser's Python, their work is done in turn."""

from __future__ import annotations

import threading
from collections.abc import Callable


def start(target: Callable[[], object], name: str) -> threading.Thread | None:
    """Start a daemon thread.

    Args:
        target: What it calls.
        name: What it is called.

    Returns:
        The thread; None where no thread can be started: then its work is the caller's.

    Examples:
        >>> from createos_nb import threads
        >>> done = []
        >>> threads.start(lambda: done.append("work"), "worker").join()
        >>> done
        ['work']
    """
    thread = threading.Thread(target=target, name=name, daemon=True)
    try:
        thread.start()
    except RuntimeError:
        return None
    return thread


def can_start() -> bool:
    """Return whether a thread can be started, found out by starting one: no system says so beforehand.

    Returns:
        False in a browser's Python, for one.

    Examples:
        >>> from createos_nb import threads
        >>> threads.can_start()
        True
    """
    return start(_nothing, "createos-nb-trial") is not None


def _nothing() -> None:
    pass
