"""Signals in build logs: why a build ended, in the words of many package managers, compilers and builders."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from createos_nb.causes import Cause

_NAME: Final = r"[\"'`]?\b(?P<variable>[A-Z][A-Z0-9_]{2,})[\"'`]?"


@dataclass(frozen=True)
class BuildSignal:
    """Why a build ended.

    Attributes:
        cause: the word for it.
        line: the line that says so.
        variable: the variable that is missing, or that would hold a token; "" if none is named.
        package: the package that could not be read; "" if none is named.
        port: the port that the program listens on; 0 if none is named.
        directories: where the program lies in the repository, as far as the log says.
    """

    cause: Cause
    line: str
    variable: str = ""
    package: str = ""
    port: int = 0
    directories: tuple[str, ...] = ()


#: What ends a build, the most exact first; the first that a line matches names the cause.
_PATTERNS: Final[tuple[tuple[Cause, str], ...]] = (
    ("build_timeout", r"(?i)\bbuild\b.{0,40}\b(?:took longer than|exceeded|timed? ?out after|time limit)"),
    (
        "private_package",
        rf"(?i:package (?P<package>\S+) is private)(?:.*?{_NAME} (?i:is not set))?",
    ),
    (
        "private_package",
        r"(?i)\bE401\b|\bE403\b|\b40[13] (?:unauthorized|forbidden|error)|authentication token not provided"
        r"|credentials not correct|could not read username|terminal prompts disabled|authentication required"
        r"|invalid credentials|- 40[13]$|permission denied \(publickey\)",
    ),
    ("wrong_port", r"(?i:health check)\b.*\blistens on \S*?:(?P<port>\d{2,5})"),
    ("missing_variable", rf"{_NAME}:? (?i:is not set|must be set|is not defined|is required|is missing)"),
    ("missing_variable", rf"(?i:missing|required|undefined).{{0,24}}(?i:env)\w*[\w ]{{0,12}}[:=]?\s*{_NAME}"),
    ("missing_variable", r"KeyError: ['\"](?P<variable>[A-Z][A-Z0-9_]{2,})['\"]"),
    ("missing_variable", r"(?i:environment variable) " + _NAME + r" (?i:not|is not|was not)"),
    (
        "monorepo_path",
        r"(?i:no \S+ in directory \S+; it is in): (?P<directories>/[^;]*)",
    ),
    (
        "monorepo_path",
        r"(?i)\bdirectory\b.{0,60}\b(?:does not exist|not found|no such)|no such file or directory.*package\.json"
        r"|\bno (?:package\.json|go\.mod|requirements\.txt|Cargo\.toml|pyproject\.toml)\b",
    ),
    (
        "out_of_memory",
        r"(?i)heap out of memory|\bOOM-?killed|cannot allocate memory|signal: killed|exit code:? 137\b",
    ),
)
_COMPILED: Final = [(cause, re.compile(pattern)) for cause, pattern in _PATTERNS]
_ERROR: Final = re.compile(r"(?i)^\s*(?:error\b|ERR!|fatal\b|failed\b)|\berror:|\bnot found\b|\bfailed\b")
_PACKAGE: Final = re.compile(r"(?P<package>@[\w.-]+/[\w.-]+(?:@[\w.^~-]+)?)|requirement (?P<other>[\w.\[\]=<>-]+)")
_VARIABLES_THAT_ARE_NONE: Final = frozenset({"ERROR", "HTTP", "HTTPS", "JSON", "NODE_ENV", "RUN", "FROM", "GET"})


def read_build(texts: Iterable[str]) -> BuildSignal:
    """Return why a build ended.

    Args:
        texts: The lines of its log, from first to last.

    Returns:
        The most exact cause that a line names; `build_failed` with the last error otherwise.

    Examples:
        >>> from createos_nb.diagnostics.evidence.build_signals import read_build
        >>> read_build(["$ npm ci", "ERROR: package @juniper/pricing is private and NPM_TOKEN is not set"]).cause
        'private_package'
    """
    lines = [str(text) for text in texts]
    matches: dict[Cause, list[tuple[str, re.Match[str]]]] = {}
    for line in lines:
        for cause, pattern in _COMPILED:
            match = pattern.search(line)
            if match is None or match.groupdict().get("variable") in _VARIABLES_THAT_ARE_NONE:
                continue
            matches.setdefault(cause, []).append((line, match))
            break
    for cause, _ in _COMPILED:
        if cause in matches:
            return _signal(cause, matches[cause])
    errors = [line for line in lines if _ERROR.search(line)]
    package = next((found for line in errors if (found := _PACKAGE.search(line))), None)
    named = (package.group("package") or package.group("other")) if package else ""
    return BuildSignal("build_failed", (errors or lines or [""])[-1].strip(), package=named or "")


def _signal(cause: Cause, matches: list[tuple[str, re.Match[str]]]) -> BuildSignal:
    groups: dict[str, str] = {}
    for _, match in matches:
        groups |= {name: value for name, value in match.groupdict().items() if value}
    package = groups.get("package", "")
    if cause == "private_package" and not package:
        found = next((found for line, _ in matches if (found := _PACKAGE.search(line))), None)
        package = (found.group("package") or found.group("other") or "") if found else ""
    # the last line of a build's log is the platform's own sentence, where it has one
    line = matches[-1][0]
    return BuildSignal(
        cause,
        line.strip(),
        variable=groups.get("variable", ""),
        package=package,
        port=int(groups.get("port", 0)),
        directories=tuple(part.strip() for part in groups.get("directories", "").split(",") if part.strip()),
    )
