"""Messages for people, and who gets them: the addresses of any service that apprise knows, or functions."""

from __future__ import annotations

from typing import NoReturn

from createos_nb.naming import unknown_attribute
from createos_nb.notify.message import Message
from createos_nb.notify.notifier import Notifier, Notify

__all__ = ["Message", "Notifier", "Notify"]


def __getattr__(name: str) -> NoReturn:
    raise unknown_attribute(__name__, name, __all__)
