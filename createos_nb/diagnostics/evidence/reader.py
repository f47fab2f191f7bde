"""Reading one part of the evidence: what can't be read is kept with the reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import pandas as pd

from createos_nb.errors import CreateOSError, UnknownName

Value = TypeVar("Value")

#: How far back requests and logs are read: in buckets of a minute this is one request.
WINDOW: Final = pd.Timedelta("24h")


class Reader:
    """Reads; `missing` holds what could not be read, by name, with the reason."""

    def __init__(self) -> None:
        self.missing: dict[str, str] = {}

    def read(self, what: str, read: Callable[[], Value]) -> Value | None:
        """Return what is read, None where that fails.

        Args:
            what: Its name, for `missing`.
            read: Reads it.

        Returns:
            The value.

        Raises:
            UnknownName: A name does not exist: that is no failure to read, and the caller's to know.
        """
        try:
            return read()
        except UnknownName:
            raise
        except CreateOSError as error:
            self.missing[what] = str(error).split("\n", 1)[0]
            return None
