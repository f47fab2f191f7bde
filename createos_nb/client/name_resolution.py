"""Names instead of ids: at most one look-up for each resource, cached until it turns out stale."""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from createos_nb.display import is_missing
from createos_nb.errors import AmbiguousName, InvalidInput, UnknownName
from createos_nb.process import ProcessBound

_UUID: Final = re.compile(r"^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$")
_MOST_STEPS: Final = 64

#: Gives rows (decoded, wire names) of an operation that lists: all of them, or one page from an offset with the total.
ReadRows = Callable[..., list[dict[str, Any]]]
ReadPage = Callable[[str, int], tuple[list[dict[str, Any]], int]]

#: resource → (operation that lists it, wire field of its own name, wire field of its id)
LISTED: Final[Mapping[str, tuple[str, str, str]]] = {
    "project": ("ListProjects", "uniqueName", "id"),
    "environment": ("ListProjectEnvironments", "uniqueName", "id"),
    "domain": ("ListDomains", "name", "id"),
    "app": ("ListApps", "name", "id"),
    "api_key": ("ListAPIKeys", "name", "id"),
    "cronjob": ("ListCronjobs", "name", "id"),
    "webhook": ("ListWebhookEndpoints", "url", "id"),
    "installation": ("ListConnectedGithubAccounts", "username", "installationId"),
}
IN_PROJECT: Final = frozenset({"environment", "deployment", "domain", "cronjob"})
_WORDS: Final = {
    "api_key": "API key",
    "cronjob": "cron job",
    "webhook": "webhook endpoint",
    "installation": "GitHub account",
}


def is_id(value: object) -> bool:
    """Return whether a text has the form of the platform's ids."""
    return isinstance(value, str) and _UUID.match(value) is not None


class CacheHit:
    """A flag: some id of a call comes from the cache, and may be stale."""

    def __init__(self) -> None:
        self.hit = False


class NameResolver(ProcessBound):
    """Resolves names to ids for one client. Safe from several threads."""

    def __init__(self, rows: ReadRows, page: ReadPage) -> None:
        self._rows, self._page = rows, page
        self._known: dict[tuple[str, str], dict[str, list[str]]] = {}
        self._lock = threading.Lock()
        # one look-up at a time for each resource of a project: other threads wait for it instead of asking again
        self._looking_up: defaultdict[tuple[str, str], threading.Lock] = defaultdict(threading.Lock)

    def id_of(
        self,
        resource: str,
        value: Any,
        project: str | None = None,
        where: str = "",
        cache: CacheHit | None = None,
    ) -> str:
        """Return the id that a name or id stands for; `cache` learns where it comes from memory.

        Raises:
            UnknownName: Nothing has that name or id.
            AmbiguousName: Several have that name.
            InvalidInput: It can be neither a name nor an id.
        """
        word = _WORDS.get(resource, resource)
        cache = cache or CacheHit()
        if resource == "service":
            return _name(word, value)
        if resource == "deployment":
            return self._deployment(value, project or "", where, cache)
        if resource == "installation" and (number := _number(value)) is not None:
            return str(number)
        text = _name(word, value)
        if is_id(text):
            return text
        cache_key = (resource, project or "" if resource in IN_PROJECT else "")
        with self._lock_of(cache_key):
            ids = self._cached(cache_key)
            if text in ids:
                cache.hit = True
            else:
                ids = self._look_up(cache_key, text)
        if text not in ids:
            raise UnknownName(word, text, ids, where)
        if len(ids[text]) > 1:
            raise AmbiguousName(word, text, ids[text], where)
        return ids[text][0]

    def names_of(self, resource: str, ids: Iterable[str]) -> dict[str, str]:
        """Return the names of some ids of what is in no project: from memory, or from one look-up if any is not known.

        One that there is not is left out.
        """
        cache_key = (resource, "")
        wanted = set(ids)
        with self._lock_of(cache_key):
            names = _names(self._cached(cache_key))
            if not wanted <= names.keys():
                names = _names(self._look_up(cache_key, ""))
        return {key: names[key] for key in wanted if key in names}

    def forget(self, resource: str | None = None) -> None:
        """Empty the cache, or what is in it of one resource: an id turned out stale, a name changed."""
        with self._lock:
            for key in [key for key in self._known if resource in (None, key[0])]:
                del self._known[key]

    def _lock_of(self, cache_key: tuple[str, str]) -> threading.Lock:
        with self._lock:
            return self._looking_up[cache_key]

    def _cached(self, cache_key: tuple[str, str]) -> dict[str, list[str]]:
        with self._lock:
            return dict(self._known.get(cache_key, {}))

    def _learn(self, cache_key: tuple[str, str], ids: dict[str, list[str]]) -> dict[str, list[str]]:
        with self._lock:
            self._known.setdefault(cache_key, {}).update(ids)
        return ids

    def _look_up(self, cache_key: tuple[str, str], text: str) -> dict[str, list[str]]:
        resource, project = cache_key
        operation, name, key = LISTED[resource]
        if resource == "project" and len(text) <= 100:  # the platform filters projects by a part of the name
            ids = self._learn(cache_key, _ids(self._rows(operation, name=text), name, key))
            if text in ids:
                return ids
        values = {"project_id": project} if resource in IN_PROJECT else {}
        return self._learn(cache_key, _ids(self._rows(operation, **values), name, key))

    def _deployment(self, value: Any, project: str, where: str, cache: CacheHit) -> str:
        if is_id(value):
            return str(value)
        version = _number(value)
        if version is None:
            nothing = ": is nothing live there?" if is_missing(value) else ""
            raise InvalidInput(f"a deployment is named by its version number or id, not by {value!r}{nothing}")
        cache_key = ("deployment", project)
        with self._lock_of(cache_key):
            if ids := self._cached(cache_key).get(str(version)):
                cache.hit = True
                return ids[0]
            ids_by_version: dict[int, str] = {}
            for _ in range(2):  # once more, for rows may have gone while they were searched
                if self._search(version, project, ids_by_version):
                    break
            self._learn(cache_key, {str(number): [id] for number, id in ids_by_version.items()})
        if version not in ids_by_version:
            raise UnknownName("deployment", version, sorted(ids_by_version, reverse=True), where)
        return ids_by_version[version]

    def _search(self, version: int, project: str, ids_by_version: dict[int, str]) -> bool:
        """Add versions to `ids_by_version` until the wanted one is there; True where it is, or can't be.

        Versions are listed newest first, so the right page is soon found: its place is guessed from the versions at
        hand, and every second time halfway between the pages that are known to lie before and behind it.
        """
        low, high = 0, None  # offsets: nothing before the one, and nothing from the other on, is wanted
        offset = 0
        for step in range(_MOST_STEPS):
            rows, total = self._page(project, offset)
            page = {row["versionNumber"]: str(row["id"]) for row in rows if type(row.get("versionNumber")) is int}
            ids_by_version |= page
            if version in page:
                return True
            if not offset and not rows:
                return total == 0
            invalid = not rows or not 0 <= offset + len(rows) <= total
            if invalid or not page or list(page) != sorted(page, reverse=True):  # in no order that could be searched
                every = self._rows("ListDeployments", project_id=project)
                ids_by_version |= {
                    row["versionNumber"]: str(row["id"]) for row in every if type(row.get("versionNumber")) is int
                }
                return True
            if min(page) < version < max(page):
                return True
            if version < min(page):
                low = offset + len(rows)
                guess = low + (min(page) - version - 1) - len(rows) // 2
            else:
                high = offset
                guess = offset - (version - max(page)) - len(rows) // 2
            last = (total if high is None else high) - 1
            if low > last:
                return False
            if step % 2:
                guess = (low + last) // 2
            offset = min(max(guess, low), max(low, last - len(rows) // 2))
        return False


def _ids(rows: Iterable[Mapping[str, Any]], name: str, key: str) -> dict[str, list[str]]:
    """Ids by name."""
    ids: dict[str, list[str]] = {}
    for row in rows:
        if row.get(name) is not None and row.get(key) is not None:
            ids.setdefault(str(row[name]), []).append(str(row[key]))
    return ids


def _names(ids: Mapping[str, list[str]]) -> dict[str, str]:
    """Names by id."""
    return {key: name for name, keys in ids.items() for key in keys}


def _name(word: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidInput(f"a {word} is named by its name or id, not by {value!r}")
    return value


def _number(value: Any) -> int | None:
    """A whole number, as people or numpy write it; None for anything else."""
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdecimal() and len(value) < 19 else None
    return int(value) if hasattr(value, "__index__") and not isinstance(value, bool) else None


def names_or_ids(argument: str, value: Any) -> list[Any]:
    """Names or ids as a list: one alone stands for itself.

    Raises:
        InvalidInput: It is neither a name nor an id.
    """
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping) or not hasattr(value, "__iter__"):
        raise InvalidInput(f"{argument} takes a name, an id, or a list of them, not a {type(value).__name__}")
    return list(value)
