"""Diagnoses that panels have just made: for a minute nothing is asked for twice, nor while one is being made."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final

import pandas as pd

from createos_nb.diagnostics import Diagnosis, diagnose
from createos_nb.http.log import LogEntry

if TYPE_CHECKING:
    from createos_nb.client.client import Client

_FRESH: Final = pd.Timedelta("1min")
Place = tuple[str, str]


class KeptDiagnoses:
    """Makes diagnoses, and keeps each for a minute of the platform's time. "" is the whole account, or project."""

    def __init__(self, client: Client) -> None:
        self._client, self._lock = client, threading.Lock()
        self._kept: dict[Place, Diagnosis] = {}
        self._making: dict[Place, Future[Diagnosis]] = {}

    def known(self, project: str, environment: str) -> Diagnosis | None:
        """Return the diagnosis that is not a minute old; None where there is none."""
        kept = self._kept.get((project, environment))
        if kept is None or kept.at is None or not pd.Timedelta(0) <= self._client.now - kept.at < _FRESH:
            return None
        return kept

    def keep(self, project: str, environment: str, diagnosis: Diagnosis | None) -> None:
        """Keep a diagnosis that was made elsewhere."""
        if diagnosis is not None:
            self._kept[project, environment] = diagnosis

    def get(
        self, project: str, environment: str, *, anew: bool = False, requests: list[LogEntry] | None = None
    ) -> Diagnosis:
        """Return what is known, what is being made just now, or a new diagnosis, always so with `anew`.

        `requests`: where those that it takes are noted, one after another.

        Raises `CreateOSError`.
        """
        place = (project, environment)
        with self._lock:
            making = self._making.get(place)
            known = None if anew else self.known(project, environment)
            if known is not None and making is None:
                return known
            mine: Future[Diagnosis] | None = None
            if making is None:
                mine = self._making[place] = Future()
        if making is not None:
            return making.result()
        assert mine is not None
        try:
            with self._client.transport.log.counting(requests):
                diagnosis = diagnose(self._client, project or None, environment or None)
            self.keep(project, environment, diagnosis)
            mine.set_result(diagnosis)
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._making[place]
        return diagnosis
