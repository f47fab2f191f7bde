"""Redaction of the log records of HTTP libraries, which log whole addresses and headers.

Nothing hangs on the name of a logger, nor on a filter, which another logger's handler never asks: the records
themselves are made with dots, in the thread that sends, for as long as it sends.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Final

from createos_nb.redaction import MASK
from createos_nb.redactor import redact

#: Parameters of an address that open what lies behind it: a transfer's token, the signature of a signed address.
_OPENS: Final = re.compile(
    r"((?:^|[?&;])[^=&\s]*(?:token|sig|signature|credential|key|secret|password|auth|policy)[^=&\s]*=)[^&#\s\"'\\)]+",
    re.I,
)
#: A header as libraries log it.
_HEADER: Final = re.compile(r"\(b(['\"])([\w-]+)\1, (b'(?:[^'\\]|\\.)*'|b\"(?:[^\"\\]|\\.)*\")\)")
#: Headers that say nothing secret; of any other only the name is logged.
_HARMLESS: Final = re.compile(
    r"accept(-encoding|-ranges)?|age|allow|cache-control|connection|content-(encoding|language|length|type)|date|expires"
    r"|keep-alive|last-modified|retry-after|server(-timing)?|transfer-encoding|vary|x-createos-simulator"
    r"|x-ratelimit-(limit|remaining|reset)",
    re.I,
)

#: Bytes that came, as libraries quote them: to the end, for they may hold any sign.
_QUOTED: Final = re.compile(r"bytearray\(.*", re.S)

_local: Final = threading.local()
#: Secrets that no record of any thread may hold.
_everywhere: Final[set[str]] = set()


class RedactedLogging:
    """Within it, nothing that this thread logs holds the given secrets, a signature, or a header that may open.

    One within another adds its secrets.
    """

    __slots__ = ("_before", "_secrets")

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = secrets

    def __enter__(self) -> None:
        self._before = getattr(_local, "secrets", None)
        _local.secrets = (*(self._before or ()), *self._secrets)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _local.secrets = self._before


def redact_log_records() -> None:
    """Have records made as `RedactedLogging` says, unless they are already, whoever has changed that since."""
    former = logging.getLogRecordFactory()
    with RedactedLogging():
        probe = former("createos_nb", logging.DEBUG, __file__, 0, "?token=tried", (), None)
    if probe.getMessage() != "?token=tried":
        return

    def redacting_factory(*args: Any, **more: Any) -> logging.LogRecord:
        record = former(*args, **more)
        secrets = getattr(_local, "secrets", None)
        if secrets is not None or _everywhere:
            _mask(record, (*(secrets or ()), *_everywhere))
        return record

    logging.setLogRecordFactory(redacting_factory)


def never_log(secrets: Iterable[str]) -> None:
    """Keep secrets out of all that is logged from now on, in any thread and by any library."""
    redact_log_records()
    _everywhere.update(secrets)


def _mask(record: logging.LogRecord, secrets: Iterable[str]) -> None:
    try:
        message = record.getMessage()
    except (TypeError, ValueError, KeyError, AttributeError):  # whoever logs it would fail on it as well
        record.msg, record.args = MASK, ()
        return
    redacted = _OPENS.sub(rf"\g<1>{MASK}", _HEADER.sub(_header, redact(strip_quoted_bytes(message), secrets)))
    if redacted != message:
        record.msg, record.args = redacted, ()


def strip_quoted_bytes(message: str) -> str:
    """Remove the bytes that a library's message about a broken answer quotes: they may be of another answer."""
    return _QUOTED.sub(MASK, message)


def _header(match: re.Match[str]) -> str:
    return match[0] if _HARMLESS.fullmatch(match[2]) else f"(b'{match[2]}', {MASK})"
