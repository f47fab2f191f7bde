"""Which lines of a log are asked for: a level, and a text or a regular expression."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import pandas as pd

from createos_nb.errors import InvalidInput
from createos_nb.log_text import LEVELS, first_lines, level_name
from createos_nb.naming import nearest

#: What `search=` takes.
Search: TypeAlias = "str | re.Pattern[str] | None"
#: What `level=` takes.
Level: TypeAlias = "str | Iterable[str] | None"
#: Before the text of a regular expression.
REGEX: Final = "re:"
_SEARCH_HINT: Final = "give a part of the line, 're:' before a regular expression, or re.compile(...)"


@dataclass(frozen=True)
class LogFilter:
    """The lines that are asked for; without levels and a pattern, all.

    Attributes:
        levels: Levels that a line may have.
        pattern: What the text of a line holds.
    """

    levels: frozenset[str] | None = None
    pattern: re.Pattern[str] | None = None

    @property
    def all_lines(self) -> bool:
        """Whether nothing is left out."""
        return self.levels is None and self.pattern is None

    def matches(self, lines: pd.DataFrame) -> pd.Series[bool]:
        r"""Return which lines of a log match.

        Args:
            lines: A log, with the columns `time`, `level` and `text`.

        Returns:
            True or False for each line; a line of a stack trace has the level of the line that began it.

        Examples:
            >>> from createos_nb.frames import log_filter, runtime_log_frame
            >>> log = runtime_log_frame("ERROR no route\n    at find (/app/a.js:1:2)\nINFO ok")
            >>> log_filter(level="WARN").matches(log).to_list()
            [True, True, False]
        """
        matches = np.ones(len(lines), dtype=bool)
        if self.levels is not None:
            matches &= event_levels(lines).isin(self.levels).to_numpy(dtype=bool)
        if self.pattern is not None:
            search = self.pattern.search
            found = (isinstance(text, str) and search(text) is not None for text in lines["text"])
            matches &= np.fromiter(found, dtype=bool, count=len(lines))
        return pd.Series(matches, index=lines.index, dtype=bool)


def event_levels(lines: pd.DataFrame) -> pd.Series[str]:
    """Return the level of each line; a line that goes on with another and says none has that one's."""
    levels = lines["level"]
    texts = ["" if not isinstance(text, str) else text for text in lines["text"]]
    first = first_lines(texts, lines["time"].notna(), [level if isinstance(level, str) else None for level in levels])
    inherited = levels.take(first).set_axis(levels.index)
    return levels.where(levels.notna(), inherited)


def log_filter(level: Level = None, search: Search = None, *, name: str = "logs") -> LogFilter:
    """Return the filter that `level=` and `search=` ask for.

    Args:
        level: One level, for it and what is worse; several, for exactly these.
        search: A part of a line, in any case; behind `re:` a regular expression, in any case; or a compiled one.
        name: What the error calls the call.

    Returns:
        The filter.

    Raises:
        InvalidInput: There is no such level, or the expression can't be read.

    Examples:
        >>> from createos_nb.frames import log_filter
        >>> sorted(log_filter(level="warning").levels)
        ['error', 'fatal', 'warn']
    """
    return LogFilter(_levels(level, name), _pattern(search, name))


def _levels(level: Level, name: str) -> frozenset[str] | None:
    if level is None:
        return None
    if isinstance(level, str):
        return frozenset(LEVELS[LEVELS.index(_level(level, name)) :])
    if not isinstance(level, Iterable):
        raise InvalidInput(f"{name}: level={level!r} is no level: give one of {', '.join(LEVELS)}, or several")
    levels = frozenset(_level(word, name) for word in level)
    if not levels:
        raise InvalidInput(f"{name}: level= names no level, so no line could match: leave it out for all lines")
    return levels


def _level(word: object, name: str) -> str:
    level = level_name(word) if isinstance(word, str) else None
    if level is None:
        hint = nearest(word.lower(), LEVELS) if isinstance(word, str) else ""
        raise InvalidInput(f"{name}: level={word!r} is no level{hint}; there are {', '.join(LEVELS)}")
    return level


def _pattern(search: object, name: str) -> re.Pattern[str] | None:
    if search is None:
        return None
    if isinstance(search, re.Pattern):
        if isinstance(search.pattern, bytes):
            raise InvalidInput(f"{name}: search= is an expression of bytes, and lines are text: {_SEARCH_HINT}")
        return search
    if not isinstance(search, str):
        raise InvalidInput(f"{name}: search= can't be of type {type(search).__name__}: {_SEARCH_HINT}")
    if not search.removeprefix(REGEX):
        raise InvalidInput(f"{name}: search={search!r} is empty: {_SEARCH_HINT}")
    if not search.startswith(REGEX):
        return re.compile(re.escape(search), re.IGNORECASE)
    try:
        return re.compile(search.removeprefix(REGEX), re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise InvalidInput(
            f"{name}: search={search!r} is no regular expression that can be read: {error}\n"
            "→ without 're:' the text is searched for as it stands"
        ) from None
