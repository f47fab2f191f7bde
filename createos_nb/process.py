"""Objects of one process: an error where one is copied, pickled, or used in a forked child."""

from __future__ import annotations

import os
import threading
from typing import Any, ClassVar, NoReturn

from createos_nb.errors import ConfigurationError, InvalidInput


class ProcessBound:
    """Holds connections, locks or a key: a copy would share the ones and spread the other."""

    #: What to do where another one is needed.
    _instead: ClassVar[str] = "open another client with connect() or simulate() where one is needed"

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise InvalidInput(
            f"a {type(self).__name__} can't be pickled or copied: it belongs to this process; {self._instead}"
        )


class Owner:
    """The process that something was made in.

    Examples:
        >>> from createos_nb.process import Owner
        >>> Owner().here
        True
    """

    def __init__(self) -> None:
        self._pid = os.getpid()

    @property
    def here(self) -> bool:
        """Return whether this is the process, and no fork of it."""
        return os.getpid() == self._pid

    def check(self) -> None:
        """Check that this is the process: copies of locks and connections are useless in another one.

        Raises:
            ConfigurationError: This is a fork of it.

        Examples:
            >>> from createos_nb.process import Owner
            >>> Owner().check()
        """
        if not self.here:
            raise ConfigurationError(
                f"this client was opened in process {self._pid}, and this one is a fork of it: open another client "
                "here, with connect() or simulate()"
            )


class ForkLock:
    """A lock of the whole process, held by `with fork_lock.held:`.

    A fork copies a lock as it is: in the child it is a new one, that nobody holds. The system's own lock is what is
    held: an interrupt between two lines of a lock that is written in Python would leave it held for ever.

    Examples:
        >>> from createos_nb.process import ForkLock
        >>> lock = ForkLock()
        >>> with lock.held:
        ...     lock.held.locked()
        True
    """

    def __init__(self) -> None:
        self._renew()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._renew)

    def _renew(self) -> None:
        self.held = threading.Lock()
