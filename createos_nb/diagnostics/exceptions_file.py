"""Accepted exceptions from practices: a TOML file beside the code, as linters have one; each with its reason."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, Literal

from createos_nb.errors import ConfigurationError

#: The file that is looked for, from the working directory upward.
FILE: Final = "createos-nb.toml"
_TABLE: Final = "exceptions"
_FIELDS: Final = ("code", "where", "reason", "until")
_FORM: Final = f'[[{_TABLE}]] with code = "two_replicas", where = "storefront/production", reason = "why it is so"'


@dataclass(frozen=True)
class AcceptedException:
    """A practice that is accepted as it is, at some places.

    Attributes:
        code: of the practice.
        where: the place, as the frame names it; "*" stands for any letters.
        reason: why.
        until: the last day on which it counts; None for good.
    """

    code: str
    where: str
    reason: str
    until: date | None = None

    def __str__(self) -> str:
        return f"{self.code} at {self.where}"

    def matches(self, code: str, where: str) -> bool:
        """Return whether it is about a practice at a place."""
        return code == self.code and fnmatchcase(where, self.where)

    def has_ended(self, today: date) -> bool:
        """Return whether its last day is over."""
        return self.until is not None and today > self.until


@dataclass(frozen=True)
class ExceptionsFile:
    """A file of accepted exceptions; `path` is "" where there is none."""

    path: str = ""
    exceptions: Sequence[AcceptedException] = ()


def read_exceptions(given: str | os.PathLike[str] | Literal[False] | None = None) -> ExceptionsFile:
    """Read the accepted exceptions.

    Args:
        given: The file; None for the nearest `createos-nb.toml` from the working directory upward, if there is one;
            False for none.

    Returns:
        The exceptions in the order of the file.

    Raises:
        ConfigurationError: The file can't be read, or an exception in it has no reason, no code, or an unknown field.
    """
    if given is False:
        return ExceptionsFile()
    path = _nearest() if given is None else Path(given).expanduser()
    if path is None:
        return ExceptionsFile()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"the exceptions {path} can't be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"the exceptions {path} can't be read: the file is not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is no TOML: {error}") from None
    if unknown := sorted(set(document) - {_TABLE}):
        raise ConfigurationError(f"{path} has {', '.join(unknown)}, but it holds only {_FORM}")
    tables = document.get(_TABLE, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigurationError(f"{path} must hold its exceptions as {_FORM}")
    return ExceptionsFile(str(path), tuple(_exception(path, number, table) for number, table in enumerate(tables, 1)))


def _nearest() -> Path | None:
    here = Path.cwd()
    return next((file for folder in (here, *here.parents) if (file := folder / FILE).is_file()), None)


def _exception(path: Path, number: int, table: dict[str, Any]) -> AcceptedException:
    code, where, reason, until = (table.get(name) for name in _FIELDS)
    which = f"{path}: exception {number}" + (f" ({code})" if isinstance(code, str) else "")
    if unknown := sorted(set(table) - set(_FIELDS)):
        raise ConfigurationError(f"{which} has {', '.join(unknown)}; there is: {', '.join(_FIELDS)}")
    if not isinstance(code, str) or not code.strip():
        raise ConfigurationError(f"{which} names no practice: {_FORM}")
    if not isinstance(reason, str) or not reason.strip():
        raise ConfigurationError(f'{which} has no reason: say why it is accepted, reason = "…"')
    if where is not None and (not isinstance(where, str) or not where.strip()):
        raise ConfigurationError(f'{which}: where is a place such as "storefront/production", or "storefront/*"')
    if until is not None and (isinstance(until, datetime) or not isinstance(until, date)):
        raise ConfigurationError(f"{which}: until is a day without quotes, such as until = 2027-03-01")
    return AcceptedException(code.strip(), "*" if where is None else where.strip(), reason.strip(), until)
