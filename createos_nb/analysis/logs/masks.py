"""What varies in the lines of a log: secrets taken out, variables named by their type, requests recognized."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

import msgspec

from createos_nb.redaction import MASK

#: Characters of a line that are looked at.
MOST_READ: Final = 1_000

_METHODS: Final = "GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|CONNECT|TRACE"
#: A request and how it was answered, as servers and gateways write it.
_REQUEST: Final = re.compile(rf'\b({_METHODS})\s+(\S+)(\s+HTTP/[\d.]+)?("?)\s+([1-5]\d\d)\b')
#: The same in columns, as gin and fiber write it.
_COLUMNS: Final = re.compile(rf'\|\s*([1-5]\d\d)\s*\|.*\|\s*({_METHODS})\b[\s|]*"?(/\S*?)"?(?=\s|$)')
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_PAIR: Final = re.compile(r'([A-Za-z_][\w.-]*)=("(?:[^"\\]|\\.)*"|[^\s"]*)')
_LOGFMT: Final = re.compile(r"(?:^|\s)(?:msg|message|event)=")

_SECRET: Final = re.compile(
    r"""((?:pass(?:word|wd|phrase)?|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|authorization|credentials?
        |cookie)["']?\s*[=:]\s*["']?(?:bearer\s+|basic\s+)?)[^\s"',;&}\])]{3,}
    |(\b(?:bearer|basic)\s+)[\w.~+/=<>-]{12,}|(\b(?:skp|sk|ghp|gho|xox[bp])[-_])\w{8,}|(://[^/\s:@]*:)[^@\s/]+(?=@)""",
    re.IGNORECASE | re.VERBOSE,
)

#: Types of variables, by the name that stands for them, those that are told by more first.
_VARIABLES: Final = re.compile(
    r"""
    (?P<keep>\b(?:[Ee]rrno|[Ee]xit\ (?:code|status)|[Ss]ignal|code:?|status:?|HTTP)[ =]\d{1,3}\b)
    |(?P<time>\d{4}[-/]\d\d[-/]\d\d(?:(?:[T ]|\ -\ )\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|\ ?[+-]\d\d:?\d\d)?)?
        |\d{1,2}/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d(?:\ [+-]\d{4})?|\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b)
    |(?P<url>\b[a-z][a-z0-9+.-]{1,20}://[^\s"'<>)\]]+)
    |(?P<email>\b[\w.+-]+@(?:[\w-]+\.)+[A-Za-z]{2,}\b)
    |(?P<id>\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b|\b0x[0-9a-fA-F]+\b
        |\b(?=[a-fA-F]*\d)(?=\d*[a-fA-F])[0-9a-fA-F]{7,}\b|\b(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{16,}\b)
    |(?P<ip>\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b|(?<![\w:])\[?(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}\]?(?![\w]))
    |(?P<path>(?<![\w<.])/(?:[\w.@%+~=:,\[\]*-]+/?)*(?:\?[^\s"']*)?)
    |(?P<size>\b\d+(?:\.\d+)?\ ?(?:[KMGT]i?B|bytes)\b)
    |(?P<duration>\b\d+(?:\.\d+)?\ ?(?:ns|us|µs|ms|s|sec|seconds|minutes|min|h)\b)
    |(?P<number>(?<![A-Za-z_])\d+(?:[.,]\d+)*(?![A-Za-z_]))
    """,
    re.VERBOSE,
)
_MESSAGES: Final = ("msg", "message", "event", "log", "text")
_ERRORS: Final = ("error", "err", "exception", "exc_info", "cause")


class Masked(NamedTuple):
    """A line with its variables named.

    Attributes:
        text: Constants and variables.
        status: Of the answer, where the line tells of a request; else 0.
        method: Of that request.
    """

    text: str
    status: int = 0
    method: str = ""


def redacted(text: str) -> str:
    """Return a line without what looks like a secret: values of passwords and tokens, keys, credentials of URLs."""
    return _SECRET.sub(lambda match: next(part for part in match.groups() if part) + MASK, text)


def masked(text: str) -> Masked:
    """Return a line with its variables named; of JSON and logfmt, its message."""
    text = text.strip()
    fields = None
    if text.startswith("{"):
        fields = _json(text)
    elif "=" in text and _LOGFMT.search(text):
        fields = dict(_PAIR.findall(text[: 4 * MOST_READ]))
    if fields and (structured := _of_fields(fields)):
        return structured
    return _of_text(text)


def _of_text(text: str) -> Masked:
    if match := _REQUEST.search(text, 0, MOST_READ):
        method, _, version, quote, status = match.groups()
        before, after = text[: match.start()], text[match.end() :]
        if '"' in after:
            after = _QUOTED.sub('"<text>"', after)
        request = f"{method} <path>{version or ''}{quote} {status}"
        return Masked(_spaced(f"{_named(before)}{request}{_named(after[:MOST_READ])}"), int(status), method)
    text = text[:MOST_READ]
    if match := _COLUMNS.search(text):
        # the path alone, before the rest: what stands in it is no variable of its own
        rest = f"{text[: match.start(3)]}<path>{text[match.end(3) :]}".replace(f"| {match[1]} |", "|  |", 1)
        return Masked(_spaced(_named(rest).replace("|  |", f"| {match[1]} |", 1)), int(match[1]), match[2])
    return Masked(_spaced(_named(text)))


def _of_fields(fields: dict[str, Any]) -> Masked | None:
    """The message of a structured line, and its error; None where it has no message and tells of no request."""
    message = next((value for name in _MESSAGES if isinstance(value := fields.get(name), str) and value), "")
    error = next((_error_text(fields[name]) for name in _ERRORS if fields.get(name)), "")
    status, method = str(fields.get("status") or fields.get("status_code") or ""), str(fields.get("method") or "")
    text = " ".join(part for part in (_unquoted(message), f"error={_unquoted(error)}" if error else "") if part)
    if method in _METHODS.split("|") and status.isdigit() and 100 <= int(status) < 600:
        return Masked(_spaced(f"{_named(text[:MOST_READ])} {method} <path> {status}"), int(status), method)
    return _of_text(text) if text else None


def _json(text: str) -> dict[str, Any] | None:
    try:
        decoded = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return decoded if isinstance(decoded, dict) else None


def _error_text(error: Any) -> str:
    if isinstance(error, dict):
        return str(error.get("message") or error.get("msg") or error.get("type") or "")
    return str(error).split("\n", 1)[0]


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _named(text: str) -> str:
    return _VARIABLES.sub(lambda match: match[0] if match.lastgroup == "keep" else f"<{match.lastgroup}>", text)


def _spaced(text: str) -> str:
    return " ".join(text.split())
