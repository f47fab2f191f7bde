"""What a line of a runtime log says of a failure, in the words of many languages, frameworks and of the platform."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal

from createos_nb.log_text import level_name, without_level

Kind = Literal[
    "missing_variable",
    "port",
    "out_of_memory",
    "memory_pressure",
    "crash",
    "throttled",
    "no_answer",
    "refused",
    "reset",
    "dependency",
    "exception",
    "start",
    "asleep",
]

_NAME: Final = r"(?P<detail>[A-Z][A-Z0-9_]{2,})"
_TARGET: Final = r"(?P<detail>[^\s,;)'\"]+(?: [a-z][^\s,;)'\"]*){0,3})"

#: The first that matches names the line. A group `detail` says what is missing, which host, which port.
_PATTERNS: Final[Mapping[Kind, tuple[str, ...]]] = {
    "missing_variable": (
        r"(?i:missing|required|undefined|unset|no)\b.{0,24}(?i:environment|env)\b[\w ]{0,12}[:=]?"
        rf"\s*[\"'`]?\b{_NAME}\b",
        rf"(?i:environment|env)\w*\s+(?i:variable|var)\s+[\"'`]?{_NAME}[\"'`]?"
        r"\s+(?i:is |was |must |not |missing|required)",
        rf"[\"'`]?{_NAME}[\"'`]?:? "
        r"(?i:must be set|is not set|not set|is not defined in|is required|is missing|has to be set)",
        rf"KeyError: ['\"]{_NAME}['\"]",
        rf"(?i:environment variable not found|NotPresent|missing env\w*)\W+{_NAME}\b",
        r"unknown \"(?P<detail>[A-Za-z]\w+)\" variable",
    ),
    "port": (
        r"(?:app|process|program|it) listens on \S*?:(?P<detail>\d{2,5})\b",
        r"(?:EADDRINUSE|[Aa]ddress already in use)\D*?(?:\S*:)?(?P<detail>\d{2,5})?\b",
    ),
    "out_of_memory": (
        r"OOM-?[Kk]illed",
        r"(?i)\bout of memory\b|heap limit allocation failed|\bMemoryError\b|\bOutOfMemoryError\b",
        r"memory allocation of \d+ bytes failed|exited on signal 9\b|exit code 137\b",
    ),
    "memory_pressure": (r"(?i)\b(?:heap|memory|rss)\b.{0,40}?\b(?P<detail>\d{1,3})(?:\.\d+)? ?%",),
    "crash": (
        r"process (?:ended|exited) with (?:exit )?(?:code|status) (?P<detail>[1-9]\d*)",
        r"(?i)CrashLoopBackOff|back-off restarting",
    ),
    "throttled": (r"(?i)\bcpu throttl",),
    "no_answer": (
        r"(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) \S+ 504 ",
        r"^gateway: .*no answer within",
    ),
    "refused": (r"^gateway: .*connection refused",),
    "reset": (r"^gateway: .*connection reset|^gateway: .*closed the connection",),
    "dependency": (
        rf"(?i:timeout of \d+ ?ms exceeded): {_TARGET}",
        r"HTTPS?ConnectionPool\(host='(?P<detail>[^']+)'",
        rf"(?:\bTimeoutError|ConnectTimeout|ReadTimeout|deadline exceeded[^:]*|timed out(?: \([^)]*\))?): {_TARGET}",
        r"(?:error sending request for url|request to|calling|fetch(?:ing)?) \(?(?:https?://)?(?P<detail>[\w-]+(?:\.[\w-]+)+)",
        r"(?:ECONNREFUSED|ETIMEDOUT|ECONNRESET|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH) (?P<detail>\S+)",
        rf"(?:Connection refused|ConnectionRefusedError)(?:[^:]*: \[Errno \d+\] Connection refused)?: {_TARGET}",
        r"dial tcp (?:lookup )?(?P<detail>[\w.-]+(?::\d+)?)",
        r"connect\(\) failed \([^)]*\) to (?P<detail>\S+)",
        r"Connection ?[Rr]efused.*\((?P<detail>[^)]+)\)",
        r"\b(?P<detail>[\w-]+(?:\.[\w-]+)+(?::\d+)?) (?:answered|responded|returned|replied)"
        r"(?: with)?(?: status)? 5\d\d",
        r"\b5\d\d\b.{0,40}\bfrom (?:https?://)?(?P<detail>[\w-]+(?:\.[\w-]+)+)",
        # an address in an error, unless it is where to read more
        r"(?<!see )(?<!visit )(?<!at )https?://(?!docs\.|help\.|errors?\.|support\.)(?P<detail>[\w-]+(?:\.[\w-]+)+)(?!/docs)",
        r"(?i)(?:could not|unable to|failed to) (?:connect|reach|resolve)(?: to)?:? (?P<detail>[\w.-]+)",
    ),
    "start": (r"starting version (?P<detail>\d+)",),
    "asleep": (r"going to sleep|scaled to zero",),
}
_COMPILED: Final = [(kind, re.compile(pattern)) for kind, patterns in _PATTERNS.items() for pattern in patterns]
#: Lines of a trace below its first: they repeat what that has said.
_CONTINUATION: Final = re.compile(
    r"^\s+\S|^Traceback \(most recent|^goroutine \d|^Node\.js v|^Bun v|^note: |^Require stack|^runtime stack|^- /"
    r"|\bException (?:on|in) |startup failed|failed to boot|Shutting down|: exiting$"
    r"|^main\.|^thread '|^runtime\."
    r"|^exit status|^<---|^oh no|^\t|^\[Recovery\]|\[(?:GET|POST|PUT|PATCH|DELETE|HEAD) /"
)
ACCESS: Final = re.compile(r"\b(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)\b[ |\"]+/\S*")
_VARIABLE_PARTS: Final = re.compile(r"0x[0-9a-f]+|[0-9a-f]{8,}|\d+(?:\.\d+)*")
#: Names that look like variables and are none.
_NO_VARIABLES: Final = frozenset({"NODE_ENV", "HTTP", "HTTPS", "ERROR", "INFO", "WARN", "GET", "POST", "PUT", "JSON"})


def classify(text: str, level: str = "error") -> tuple[Kind, str] | None:
    """Return what a line of a log says, and of what; None where it says nothing of a failure.

    Args:
        text: The line, without its time.
        level: Its level; lines below a warning count only where they tell of starts.

    Returns:
        Kind and detail.

    Examples:
        >>> from createos_nb.diagnostics.evidence.log_lines import classify
        >>> classify("Error: Missing required environment variable PAYMENTS_URL")
        ('missing_variable', 'PAYMENTS_URL')
        >>> classify("Error: timeout of 5000ms exceeded: payments.example.com")
        ('dependency', 'payments.example.com')
    """
    text = without_level(text)
    loud = level_name(level)
    severe = loud in ("warn", "error", "fatal")
    told = text.startswith(("platform:", "gateway:"))
    for kind, pattern in _COMPILED:
        if not severe and kind not in ("start", "asleep", "port"):
            continue
        match = pattern.search(text)
        if match is None or (kind == "missing_variable" and match.group("detail") in _NO_VARIABLES):
            continue
        detail = match.groupdict().get("detail") or ""
        if kind == "dependency" and (told or _CONTINUATION.match(text) or detail.startswith("upstream ")):
            continue
        return kind, detail.rstrip(".:") if kind == "dependency" else detail
    if loud not in ("error", "fatal") or told:
        return None
    if _CONTINUATION.search(text) or ACCESS.search(text) or not text.strip():
        return None
    return "exception", _VARIABLE_PARTS.sub("#", text.strip())[:160]
