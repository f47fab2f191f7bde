"""History: the account's memory. Asked once and kept, in Parquet files that others can read.

Needs the extra `history`.
"""

from __future__ import annotations

from createos_nb.history.datasets import DATASETS, Dataset
from createos_nb.history.errors import HistoryBusy, HistoryDamaged, HistoryError, HistoryTooNew
from createos_nb.history.history import History
from createos_nb.history.moment import Moment
from createos_nb.history.opening import open
from createos_nb.history.sync import SyncResult

__all__ = [
    "DATASETS",
    "Dataset",
    "History",
    "HistoryBusy",
    "HistoryDamaged",
    "HistoryError",
    "HistoryTooNew",
    "Moment",
    "SyncResult",
    "open",
]
