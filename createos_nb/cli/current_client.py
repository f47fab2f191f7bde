"""The client that is open already where a command is given in a notebook: it works on that, and opens none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from createos_nb.client.client import Client

_current: ContextVar[Client | None] = ContextVar("createos_nb_current_client", default=None)


def current() -> Client | None:
    """Return the client that is open already.

    Returns:
        The client; None in a terminal.

    Examples:
        >>> from createos_nb.cli.current_client import current
        >>> current() is None
        True
    """
    return _current.get()


@contextmanager
def working_on(client: Client | None) -> Iterator[None]:
    """Let commands work on a client, unless they name another account.

    Args:
        client: The client; None for none.

    Yields:
        Nothing: after the block it is as before.

    Examples:
        >>> from createos_nb.cli import main
        >>> from createos_nb.cli.current_client import working_on
        >>> with working_on(createos_nb.simulate("bad-release")):
        ...     main(["status", "--csv"])
        project,app,environment,status,...
        0
    """
    token = _current.set(client)
    try:
        yield
    finally:
        _current.reset(token)
