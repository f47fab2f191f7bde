"""Names instead of ids: at most one lookup for each noun, remembered until it turns out stale."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from createos_nb.errors import AmbiguousName, InvalidInput, UnknownName

_UUID: Final = re.compile(r"^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$")
_MOST_TRIES: Final = 12

#: Gives rows (decoded, wire names) of an operation that lists: all of them, or one page from an offset with the total.
ReadRows = Callable[..., list[dict[str, Any]]]
ReadPage = Callable[[str, int], tuple[list[dict[str, Any]], int]]

#: noun → (operation that lists it, wire field of its own name, wire field of its id)
LISTED: Final[Mapping[str, tuple[str, str, str]]] = {
    "project": ("ListProjects", "uniqueName", "id"),
    "environment": ("ListProjectEnvironments", "uniqueName", "id"),
    "domain": ("ListDomains", "name", "id"),
    "app": ("ListApps", "name", "id"),
    "api_key": ("ListAPIKeys", "name", "id"),
    "cronjob": ("ListCronjobs", "name", "id"),
    "installation": ("ListConnectedGithubAccounts", "username", "installationId"),
}
IN_PROJECT: Final = frozenset({"environment", "deployment", "domain", "cronjob"})
_WORDS: Final = {"api_key": "API key", "cronjob": "cron job", "installation": "GitHub account"}


def is_id(value: object) -> bool:
    """Whether a text has the form of the platform's ids."""
    return isinstance(value, str) and _UUID.match(value) is not None


class Names:
    """Resolves names to ids for one client. Safe from several threads."""

    def __init__(self, rows: ReadRows, page: ReadPage) -> None:
        self._rows, self._page = rows, page
        self._known: dict[tuple[str, str], dict[str, list[str]]] = {}
        self._lock = threading.RLock()

    def id_of(self, noun: str, value: Any, project: str | None = None, where: str = "") -> tuple[str, bool]:
        """The id that a name or id stands for, and whether it comes from memory.

        Raises `UnknownName`, `AmbiguousName`, or `InvalidInput` for what can be neither.
        """
        word = _WORDS.get(noun, noun)
        if noun == "service":
            return self._plain(word, value), False
        if noun == "deployment":
            return self._deployment(value, project, where)
        if noun == "installation" and (isinstance(value, int) or (isinstance(value, str) and value.isdigit())):
            return str(value), False
        text = self._plain(word, value)
        if is_id(text):
            return text, False
        scope = project if noun in IN_PROJECT else None
        with self._lock:
            remembered = self._known.get((noun, scope or ""), {}).get(text)
            if remembered:
                return self._one(word, text, remembered, where), True
            found = self._look_up(noun, text, scope)
        if text not in found:
            raise UnknownName(word, text, found, where)
        return self._one(word, text, found[text], where), False

    def forget(self) -> None:
        """Forget what is remembered: an id turned out stale."""
        with self._lock:
            self._known.clear()

    def learn(self, noun: str, rows: Iterable[Mapping[str, Any]], project: str | None = None) -> dict[str, list[str]]:
        """Remember the names of rows that were read anyway."""
        _, name, key = LISTED[noun]
        found: dict[str, list[str]] = {}
        for row in rows:
            if row.get(name) is not None and row.get(key) is not None:
                found.setdefault(str(row[name]), []).append(str(row[key]))
        with self._lock:
            self._known.setdefault((noun, project or ""), {}).update(found)
        return found

    def _look_up(self, noun: str, text: str, project: str | None) -> dict[str, list[str]]:
        operation = LISTED[noun][0]
        if noun == "project":
            found = self.learn(noun, self._rows(operation, name=text)) if len(text) <= 100 else {}
            if text in found:
                return found
            return self.learn(noun, self._rows(operation))
        values = {"project_id": project} if noun in IN_PROJECT else {}
        return self.learn(noun, self._rows(operation, **values), project)

    def _deployment(self, value: Any, project: str | None, where: str) -> tuple[str, bool]:
        if is_id(value):
            return str(value), False
        if isinstance(value, bool) or not (isinstance(value, int) or (isinstance(value, str) and value.isdigit())):
            raise InvalidInput(f"a deployment is named by its version number or id, not by {value!r}")
        version = int(value)
        scope = ("deployment", project or "")
        with self._lock:
            remembered = self._known.get(scope, {}).get(str(version))
            if remembered:
                return remembered[0], True
            return self._find_version(version, project or "", where), False

    def _find_version(self, version: int, project: str, where: str) -> str:
        """Versions are listed newest first and without many gaps: a page near the right place is soon found."""
        offset = 0
        seen: dict[int, str] = {}
        for _ in range(_MOST_TRIES):
            rows, total = self._page(project, offset)
            here = {row["versionNumber"]: str(row["id"]) for row in rows if isinstance(row.get("versionNumber"), int)}
            seen |= here
            self._known.setdefault(("deployment", project), {}).update({str(v): [one] for v, one in here.items()})
            if version in here:
                return here[version]
            if not here or min(here) < version < max(here):
                break
            step = min(here) - version if version < min(here) else -(version - max(here))
            further = offset + step + (0 if step < 0 else len(rows) // 2)
            further = max(0, min(further, max(total - 1, 0)))
            if further == offset:
                break
            offset = further
        raise UnknownName("deployment", version, sorted(seen, reverse=True), where)

    @staticmethod
    def _plain(word: str, value: Any) -> str:
        if not isinstance(value, str) or not value:
            raise InvalidInput(f"a {word} is named by its name or id, not by {value!r}")
        return value

    @staticmethod
    def _one(word: str, name: str, ids: list[str], where: str) -> str:
        if len(ids) > 1:
            raise AmbiguousName(word, name, ids, where)
        return ids[0]
