"""Why a history can't be opened, read or written.

CreateOSError
└── HistoryError        a history can't be opened, or is of another account or world
    ├── HistoryBusy     another process is writing to it; says which
    ├── HistoryDamaged  a file is missing, cut off or changed; says which, and what is lost with it
    └── HistoryTooNew   a newer version of this package wrote it
"""

from __future__ import annotations

from createos_nb.errors import CreateOSError


class HistoryError(CreateOSError):
    """A history can't be opened, read or written."""


class HistoryBusy(HistoryError):
    """Another process is writing to the history: nothing was asked, and nothing was changed."""


class HistoryDamaged(HistoryError):
    """Files of the history are missing, cut off or changed.

    Attributes:
        files: Their paths within the history.
    """

    def __init__(self, message: str, files: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.files = files


class HistoryTooNew(HistoryError):
    """A newer version of this package wrote the history: this one would not understand all of it."""
