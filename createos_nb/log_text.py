"""What a line of a log says by itself: its level, and whether it goes on with what the line before began."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

#: Levels from quiet to loud.
LEVELS: Final = ("trace", "debug", "info", "warn", "error", "fatal")
#: What loggers write for them, in lower case; numbers are those of pino and bunyan.
_NAMES: Final = {
    **{level: level for level in LEVELS},
    "warning": "warn",
    "err": "error",
    "critical": "fatal",
    "crit": "fatal",
    "panic": "fatal",
    "notice": "info",
    "emerg": "fatal",
    "alert": "fatal",
    "verbose": "debug",
    "information": "info",
    "severe": "error",
    "fail": "error",
    "emergency": "fatal",
    "parse": "fatal",
    "note": "info",
    "deprecated": "info",
    "trce": "trace",
    "vrb": "trace",
    "dbug": "debug",
    "dbg": "debug",
    "inf": "info",
    "wrn": "warn",
    "ftl": "fatal",
    "t": "trace",
    "d": "debug",
    "i": "info",
    "w": "warn",
    "e": "error",
    "f": "fatal",
    "10": "trace",
    "20": "debug",
    "30": "info",
    "40": "warn",
    "50": "error",
    "60": "fatal",
    "100": "debug",
    "200": "info",
    "250": "info",
    "300": "warn",
    "400": "error",
    "500": "fatal",
    "550": "fatal",
    "600": "fatal",
}
_WORDS: Final = "TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|SEVERE|FATAL|CRITICAL|EMERGENCY|PANIC"
_LEVEL: Final = re.compile(
    rf"\b({_WORDS})\b|\b(VRB|DBG|INF|WRN|FTL)\]"
    r"|\"(?:(?:log\.)?[Ll]evel|@l|lvl|[Ss]everity(?:[Tt]ext)?|level_?name)\"\s*:\s*\"?(\w+)"
    r"|\b(?:level|lvl|severity)=\"?(\w+)"
    r"|\[(?:\w+:)?(emerg|alert|crit|error|warn|notice|info|debug|Error|Warning|Note)\]"
    r"|^(trce|dbug|debug|verbose|info|warn|warning|fail|error|crit|fatal): |^([IWEF])\d{4} \d\d:\d\d:\d\d\.\d"
    r"|\bPHP (Fatal|Parse|Warning|Notice|Deprecated)\b|^npm (error|warn) |^\(node:\d+\) (?:\[\w+\] )?\w*(Warning): "
)
_READ: Final = 400  # characters in which a line says its level
_EXCEPTION: Final = re.compile(
    r"^(?:Traceback \(most recent call last\)|[\w.$]*(?:Error|Exception)\b.*:|panic:|npm ERR!)"
)
#: The level before a line, with the one space behind it: what is indented stays so.
_PREFIX: Final = re.compile(rf"\[?(?:{_WORDS})\b\]?(?!=):? ?")

_TRACEBACK: Final = "Traceback (most recent call last)"
#: Lines that are part of a stack trace wherever they stand.
_FRAME: Final = re.compile(
    r"\s+at\s|\s+File \"|\s*Caused by:|\s*Suppressed:|\s*\.\.\. \d+ (?:more|common)|\s+from \S+:\d+|\s+\^+\s*$|\s+---"
    r"|\t/|\t\S+:\d+|\s+\d+: (?:0x)?\w|#\d+ +\S|- /|\s*(?:code|digest|errno|syscall): '|\s+\w+: '\w+',?$"
    r"|Require stack:|[Ss]tack (?:trace|backtrace):|runtime stack:|goroutine \d+ \[|created by \S+|note: run with"
    r"|During handling of the above|The above exception was|\S+\.\S+\((?:0x|\{0x|\.\.\.)"
    r"|exit status \d+$|Node\.js v\d|Bun v\d"
)
#: Lines of functions, as Go writes them, which only behind other lines of a trace are such.
_FUNCTION: Final = re.compile(r"[\w./*-]+\.(?:\(\*?\w+\)\.)?\w+\(.*\)(?:\s|$)")
_OPENS: Final = re.compile(r"panic:|fatal error:|goroutine \d+ \[|runtime stack:|created by ")
#: Lines behind which another traceback belongs to the one before.
_CHAINS: Final = re.compile(r"During handling of the above|The above exception was")
#: A line of .NET that says level and category; what is logged stands behind it, indented.
_HEADER: Final = re.compile(r"(?:trce|dbug|info|warn|fail|crit): \S+\[\d+\]\s*$")
_PANICKED: Final = re.compile(r"thread '.*' panicked at .*:$")


def level_of(text: str) -> str | None:
    """Return the level of a line.

    Args:
        text: The line.

    Returns:
        trace, debug, info, warn, error or fatal, or the logger's own word in lower case, where the line says so in a
        way that is common; else None.

    Examples:
        >>> from createos_nb.log_text import level_of
        >>> level_of("WARNING: pool is exhausted"), level_of('{"level":50,"msg":"lost"}'), level_of("GET / 200")
        ('warn', 'error', None)
    """
    if match := _LEVEL.search(text, 0, _READ):
        word = next(group for group in match.groups() if group).lower()
        return _NAMES.get(word, word)
    return "error" if _EXCEPTION.match(text) else None


def level_name(word: str) -> str | None:
    """Return the level that a word means.

    Args:
        word: The word, in any case, such as "WARNING".

    Returns:
        One of `LEVELS`; None for a word that means none.

    Examples:
        >>> from createos_nb.log_text import level_name
        >>> level_name("WARNING"), level_name("loud")
        ('warn', None)
    """
    return _NAMES.get(word.strip().lower())


def names_error(text: str) -> bool:
    """Return whether a line begins with the name of an error, as a runtime writes what was thrown.

    Args:
        text: The line.

    Returns:
        True or False.

    Examples:
        >>> from createos_nb.log_text import names_error
        >>> names_error("java.io.IOException: closed"), names_error("an error: closed")
        (True, False)
    """
    return _EXCEPTION.match(text) is not None


def is_header(text: str) -> bool:
    """Return whether a line says only who logs, and the lines behind it, which are indented, what is logged.

    Args:
        text: The line.

    Returns:
        True or False.

    Examples:
        >>> from createos_nb.log_text import is_header
        >>> is_header("warn: Shop.Orders.OrderService[60]"), is_header("warn: the pool is exhausted")
        (True, False)
    """
    return _HEADER.match(text) is not None


def without_level(text: str) -> str:
    """Return a line without the level that it begins with.

    Args:
        text: The line.

    Returns:
        The rest; what is indented behind the level stays so.

    Examples:
        >>> from createos_nb.log_text import without_level
        >>> without_level("ERROR     at handler (/app/routes.js:87:22)"), without_level("INFO:     ready")
        ('    at handler (/app/routes.js:87:22)', '    ready')
    """
    match = _PREFIX.match(text)
    return text[match.end() :] if match else text


def first_lines(texts: Sequence[str], timed: Iterable[bool], levels: Iterable[str | None]) -> list[int]:
    """Return, for each line, the position of the line that it belongs to: its own, unless it goes on with another.

    The frames of a stack trace, the cause behind "Caused by" and what a traceback ends with belong to the line that
    began it; where lines have times, so does a line with neither a time nor a level.

    Args:
        texts: The lines, in order.
        timed: Which of them have a time of their own.
        levels: What level each of them says, None where it says none.

    Returns:
        Positions.

    Examples:
        >>> from createos_nb.log_text import first_lines, level_of
        >>> lines = ["Error: lost", "    at fetch (/app/a.ts:52:17)", "GET / 200"]
        >>> first_lines(lines, [True] * 3, [level_of(line) for line in lines])
        [0, 0, 2]
    """
    times = list(timed)
    stamped = 2 * sum(times) >= len(times)
    first: list[int] = []
    traceback = trace = panicked = chained = headed = False  # what the line before is part of
    began: str | None = None  # level of the line that began it
    for position, (text, has_time, level) in enumerate(zip(texts, times, levels, strict=True)):
        line = without_level(text[:_READ])
        indented = line[:1] in (" ", "\t")
        if traceback:  # up to the first line that is not indented, which names the exception
            goes_on = True
            traceback = indented or not line
            trace = False
        elif headed and indented and level in (None, began):
            goes_on = True
        elif panicked:  # a panic of Rust has its message on the second line
            goes_on, panicked = True, False
        else:
            is_frame = _FRAME.match(line) is not None
            goes_on = (
                not line.strip()
                or is_frame
                or (trace and level in (None, began) and (indented or _FUNCTION.match(line) is not None))
                or (stamped and not has_time and (level is None or names_error(line)))
            )
            trace = is_frame or (trace and goes_on) or _OPENS.match(line) is not None
        if line.startswith(_TRACEBACK):
            traceback = True
            goes_on = chained or (stamped and not has_time)
        chained = _CHAINS.match(line) is not None or (chained and not line.strip())
        headed = is_header(text) or (headed and goes_on)
        panicked = panicked or (not goes_on and _PANICKED.match(line) is not None)
        if goes_on and first:
            first.append(first[-1])
        else:
            first.append(position)
            began = level
    return first
