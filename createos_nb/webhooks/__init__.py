"""Webhooks at the receiver's side: the signature of a body, the file that `createos-nb listen` writes, its events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from createos_nb.webhooks.event_file import read_events
    from createos_nb.webhooks.history_source import event_source
    from createos_nb.webhooks.signature import Scheme, sign, verify

__all__ = ["Scheme", "event_source", "read_events", "sign", "verify"]

# Loaded when they are first asked for: a command line that only prints its help waits for neither.
__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "event_file": ["read_events"],
        "history_source": ["event_source"],
        "signature": ["Scheme", "sign", "verify"],
    },
)
