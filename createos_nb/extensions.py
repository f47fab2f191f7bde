"""Extensions: what other packages add to this one, by entry points.

A package names an object under a group, such as `createos_nb.runbooks`; its name there is the extension's. One that
can't be used is given with the reason, and costs no other. A name that is taken is refused: no extension shadows what
is built in, or another extension. `docs/extensions.md` shows each group.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Final

from createos_nb.display import strip_control_chars

#: The groups of entry points by kind, and what an entry point of each names.
GROUPS: Final[Mapping[str, str]] = {
    "runbooks": "a function of the client and names that returns a Plan",
    "recipes": "a createos_nb.recipes.Pattern",
    "diagnosis_rules": "a module with `find`",
    "practices": "a module with GROUP, SEVERITY, SCOPE, ASKS and `look`",
    "scenarios": "the path of a scenario file",
    "notifiers": "a function that takes a createos_nb.notify.Message",
    "history_sources": "a function of the client that returns a frame of events",
}
#: What this package names itself, in its own metadata, is built in.
_OWN: Final = "createos-nb"
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_LONGEST_REASON: Final = 300


@dataclass(frozen=True)
class Extension:
    """What a package adds.

    Attributes:
        name: Its name, as the package writes it.
        package: Name and version of the package, such as "acme-tools 1.2"; "" where that is not known.
        value: The object that it names; None where it can't be used.
        problem: Why it can't be used; "" where it can.
        is_refused: Its name is taken or can't be a name: it must not be called by it.
    """

    name: str
    package: str
    value: Any
    problem: str = ""
    is_refused: bool = False

    @property
    def label(self) -> str:
        """Return its name; where that is refused, with its package."""
        return f"{self.name!r} of {self.package or 'a package'}" if self.is_refused else self.name


def installed(kind: str, taken: Iterable[str] = (), check: Callable[[Any], str] | None = None) -> tuple[Extension, ...]:
    """Return the extensions of a kind, by name, loaded.

    Args:
        kind: One of `GROUPS`.
        taken: The names that are built in; "-" and "_", capitals and small letters are the same in names.
        check: Says of an object what is wrong with it; "" for nothing.

    Returns:
        Those that can be used and those that can't, each with its reason.

    Examples:
        >>> from createos_nb import extensions
        >>> [extension.package.split()[0] for extension in extensions.installed("history_sources")]
        ['createos-nb', 'createos-nb']
    """
    return tuple(_extension(point, problem, check) for point, problem in _points(kind, taken))


def find(
    kind: str, name: str, taken: Iterable[str] = (), check: Callable[[Any], str] | None = None
) -> Extension | None:
    """Return the extension of a name, loaded; others are not loaded.

    Args:
        kind: One of `GROUPS`.
        name: Its name; "-" and "_", capitals and small letters are the same.
        taken: The names that are built in.
        check: Says of an object what is wrong with it; "" for nothing.

    Returns:
        The extension, usable or with its problem; None where no package names one.

    Examples:
        >>> from createos_nb import extensions
        >>> extensions.find("history_sources", "journal").problem, extensions.find("runbooks", "no-such")
        ('', None)
    """
    for point, problem in _points(kind, taken):
        if key_of(point.name) == key_of(name):
            return _extension(point, problem, check)
    return None


def names(kind: str, taken: Iterable[str] = ()) -> list[str]:
    """Return the names of the extensions of a kind; nothing is loaded, so that some may turn out not to be usable.

    Args:
        kind: One of `GROUPS`.
        taken: The names that are built in.

    Returns:
        The names, sorted.

    Examples:
        >>> from createos_nb import extensions
        >>> extensions.names("history_sources")
        ['journal', 'webhook']
    """
    return [point.name for point, problem in _points(kind, taken) if not problem]


def key_of(name: str) -> str:
    """Return what a name is compared by.

    Args:
        name: A name.

    Returns:
        It in small letters, with "_" for "-".

    Examples:
        >>> from createos_nb.extensions import key_of
        >>> key_of("Set-Variables")
        'set_variables'
    """
    return name.strip().lower().replace("-", "_")


def problems(extensions: Iterable[Extension]) -> dict[str, str]:
    """Return the reasons of those that can't be used, by label.

    Args:
        extensions: As `installed` returns them.

    Returns:
        Reasons, each with the package.

    Examples:
        >>> from createos_nb import extensions
        >>> extensions.problems([extensions.Extension("failover", "acme-tools 1.2", None, "No module named 'acme'")])
        {'failover': "No module named 'acme' (acme-tools 1.2)"}
    """
    found = {}
    for one in extensions:
        if one.problem:
            package = f" ({one.package})" if one.package and not one.is_refused else ""
            found[one.label] = one.problem + package
    return found


def _points(kind: str, taken: Iterable[str]) -> Iterator[tuple[EntryPoint, str]]:
    """Yield the entry points of a kind by name, each with the reason why its name is refused, or ""."""
    assert kind in GROUPS, kind
    points = entry_points_of(f"createos_nb.{kind}")
    built_in = {key_of(name) for name in taken} | {key_of(point.name) for point in points if _is_own(point)}
    others = Counter(key_of(point.name) for point in points if not _is_own(point))
    for point in points:
        key = key_of(point.name)
        if _is_own(point):
            yield point, ""
        elif not _NAME.fullmatch(point.name):
            yield point, "a name has letters, digits, - and _, and begins with a letter"
        elif key in built_in:
            yield point, f"the name {point.name!r} is taken by what is built in: another name is needed"
        elif others[key] > 1:
            packages = {_package(point) or "a package" for point in points if key_of(point.name) == key}
            yield point, f"several name it, so that none is used: {', '.join(sorted(packages))}"
        else:
            yield point, ""


def _extension(point: EntryPoint, problem: str, check: Callable[[Any], str] | None) -> Extension:
    if problem:
        return Extension(point.name, _package(point), None, problem, is_refused=True)
    try:
        value = point.load()
        problem = check(value) if check is not None else ""
    except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever somebody else's module raises on import
        value, problem = None, f"{type(error).__name__}: {error}"
    if problem:
        reason = strip_control_chars(problem.replace("\n", " "))[:_LONGEST_REASON]
        return Extension(point.name, _package(point), None, reason)
    return Extension(point.name, _package(point), value)


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else ""


def _is_own(point: EntryPoint) -> bool:
    return point.dist is not None and key_of(point.dist.name) == key_of(_OWN)


def entry_points_of(group: str) -> tuple[EntryPoint, ...]:
    """Return the entry points of a group by name; they are read again once a package was installed.

    Args:
        group: Name of the group.

    Returns:
        The entry points.

    Examples:
        >>> from createos_nb.extensions import entry_points_of
        >>> [point.value for point in entry_points_of("console_scripts") if point.name == "createos-nb"]
        ['createos_nb.cli:main']
    """
    return _read(group, tuple((path, _changed(path)) for path in sys.path))


@lru_cache(maxsize=32)
def _read(group: str, where: tuple[tuple[str, int], ...]) -> tuple[EntryPoint, ...]:
    return tuple(sorted(entry_points(group=group), key=lambda point: (point.name, _package(point))))


def _changed(path: str) -> int:
    """When a folder of packages has changed: what is installed into it changes it."""
    try:
        return Path(path or ".").stat().st_mtime_ns
    except OSError:
        return 0
