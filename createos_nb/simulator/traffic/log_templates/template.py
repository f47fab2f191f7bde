"""What a kind of program writes."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LogTemplate:
    """The log lines of a kind of program; every text is a template for `str.format`.

    Attributes:
        start: lines while it starts: (thousandths of the time that it takes, level, text).
        listen: the line that says that it listens, with {port}.
        access: the line of a request: {method} {path} {status} {reason} {ms} {size} {client} {agent} {clock} {date}.
        failure: lines of an error by kind, with {detail}.
        trace: lines that follow those of an error while a request is served, with {method} {path}.
        end: the last lines of a program that an error ended; {version} of the runtime.
        full: the line of a program that has filled {percent} of its memory limit {limit} (MB); {used} MB.
        default: text of an error of which no cause is known, by status.
    """

    start: tuple[tuple[int, str, str], ...]
    listen: str
    access: str
    failure: dict[str, tuple[str, ...]] = field(hash=False)
    trace: tuple[str, ...] = ()
    end: tuple[str, ...] = ()
    full: str = "memory {percent} % of {limit} MB ({used} MB)"
    default: dict[int, str] = field(default_factory=dict, hash=False)
