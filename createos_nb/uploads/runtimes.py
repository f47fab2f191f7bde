"""Versions of runtimes: which of those that a platform offers a project asks for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_COMPARATOR: Final = re.compile(r"(?P<op>>=|<=|===|==|!=|~=|>|<|=|\^|~)?\s*v?(?P<version>\d+(?:\.(?:\d+|[xX*]))*)")


def version_of(runtime: str) -> tuple[int, ...]:
    """Return the version of a runtime as numbers; () where its name holds none.

    Examples:
        >>> from createos_nb.uploads.runtimes import version_of
        >>> version_of("python:3.12"), version_of("static")
        ((3, 12), ())
    """
    return _numbers(runtime.partition(":")[2])


def newest(runtimes: Sequence[str], wanted: str = "") -> str | None:
    """Return the newest of some runtimes that a range of versions allows; None where it allows none.

    Args:
        runtimes: such as "node:20", all of one language.
        wanted: a range as `requires-python`, `engines` of a package.json or a version file write it; "" for any.

    Examples:
        >>> from createos_nb.uploads.runtimes import newest
        >>> newest(["node:18", "node:20", "node:22"], ">=18 <21"), newest(["python:3.11"], "==3.12.*")
        ('node:20', None)
    """
    fitting = [runtime for runtime in runtimes if allows(wanted, version_of(runtime))]
    return max(fitting, key=version_of, default=None)


def allows(wanted: str, version: tuple[int, ...]) -> bool:
    """Return whether a range allows a version, as far as both say; a runtime's patch is never known.

    Examples:
        >>> from createos_nb.uploads.runtimes import allows
        >>> allows("^18 || ^20", (20,)), allows(">=3.11,<3.12", (3, 12)), allows("20.11.1", (20,))
        (True, False, True)
    """
    return any(
        all(_holds(found["op"] or "=", found["version"], version) for found in _COMPARATOR.finditer(alternative))
        for alternative in wanted.split("||")
    )


def _holds(operator: str, text: str, version: tuple[int, ...]) -> bool:
    stated = _numbers(text)
    size = min(len(stated), len(version))
    there, limit = version[:size], stated[:size]
    match operator:
        case ">=":
            return there >= limit
        case ">":
            return there > limit if len(stated) <= len(version) else there >= limit
        case "<=":
            return there <= limit
        case "<":
            # "<3.12.4" may allow a 3.12, "<3.12.0" does not
            return there < limit or (there == limit and any(stated[size:]))
        case "!=":
            return there != limit or len(stated) > len(version)
        case "^":
            return version[:1] == stated[:1] and there >= limit
        case "~" | "~=":
            whole = max(1, len(stated) - 1) if operator == "~=" else min(2, len(stated))
            return version[:whole] == stated[: min(whole, len(version))] and there >= limit
        case _:
            return there == limit


def _numbers(text: str) -> tuple[int, ...]:
    numbers = []
    for part in text.split("."):
        if not part.isdigit():
            break
        numbers.append(int(part))
    return tuple(numbers)
