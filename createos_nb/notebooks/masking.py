"""Mask what the kernel of a run says before it leaves the kernel: an IPython extension.

A run keeps all that its notebook shows. Every `Secret` that is made in the kernel, by the notebook or by the library,
is dots in it: the key, what answers hold, what is typed. Loaded by `createos_nb.notebooks.execution`.
"""

from __future__ import annotations

from typing import Any

from createos_nb import redaction
from createos_nb.redactor import Redactor

#: Asked of the kernel before the first cell: nothing is run in one that masks nothing.
ACTIVE = False


def load_ipython_extension(shell: Any) -> None:
    """Mask the content of every message that the kernel sends from now on.

    Args:
        shell: The shell of the kernel: IPython calls this with it.
    """
    global ACTIVE
    redactor = Redactor()
    redaction.notify_of_secrets(redactor.learn)
    session = shell.kernel.session
    serialize_plain = session.serialize

    def serialize(message: dict[str, Any], *arguments: Any, **named: Any) -> Any:
        return serialize_plain({**message, "content": redactor.redact_all(message.get("content"))}, *arguments, **named)

    session.serialize = serialize
    ACTIVE = True
