"""Records looked up from here: each name asked once of each name server, and each record judged by the answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import pandas as pd

from createos_nb.client.dns import network
from createos_nb.client.dns.judgement import Answer, RecordLookup, judge
from createos_nb.client.dns.simulated import ask_world
from createos_nb.dtypes import TEXT
from createos_nb.http.pagination import map_concurrently

if TYPE_CHECKING:
    from createos_nb.client.dns.records import WantedRecord
    from createos_nb.client.session import Session

#: Seconds that a name server is waited for.
PATIENCE: Final = 5.0
_AT_A_TIME: Final = 8
_COLUMNS: Final = ("type", "name", "host", "wanted", "found", "state", "complete", "detail")


def look_up(
    session: Session,
    domain: str,
    records: Sequence[WantedRecord],
    *,
    nameservers: Sequence[str] | None = None,
    seconds: float = PATIENCE,
) -> list[RecordLookup]:
    """Look up the records of a domain; on a simulator its world answers.

    Raises:
        MissingExtra: the extra `dns` is not installed, and no simulator answers.
    """
    names: list[tuple[str, str]] = list(dict.fromkeys((record.name, record.type) for record in records))
    if not names:
        return []
    if session.transport.simulated:
        transport = session.transport
        answers = {name: ask_world(transport, name[0], name[1], nameservers, seconds) for name in names}
    else:
        answers = _from_network(domain, names, nameservers, seconds)
    return [
        judge(record, answers[record.name, record.type], [other.value for other in records if other[:2] == record[:2]])
        for record in records
    ]


def _from_network(
    domain: str, names: Sequence[tuple[str, str]], nameservers: Sequence[str] | None, seconds: float
) -> dict[tuple[str, str], list[Answer]]:
    servers, unreached = network.servers_for(domain, nameservers, seconds)
    asked = [(name, server) for name in names for server in servers]
    replies = map_concurrently(lambda one: network.ask(one[1], *one[0], seconds), asked, _AT_A_TIME)
    answers: dict[tuple[str, str], list[Answer]] = {name: [] for name in names}
    for (name, _), answer in zip(asked, replies, strict=True):
        answers[name].append(answer)
    return {name: [*given, *unreached] for name, given in answers.items()}


def records_frame(records: Sequence[WantedRecord]) -> pd.DataFrame:
    """Return records as a frame: type, name, host, value."""
    return pd.DataFrame(list(records), columns=["type", "name", "host", "value"], dtype=TEXT)


def lookups_frame(lookups: Sequence[RecordLookup]) -> pd.DataFrame:
    """Return what was looked up as a frame; see `client.domains.look_up`."""
    rows = []
    for one in lookups:
        found = one.found
        text = None if found is None else ", ".join(found) if found else ""
        record = one.record
        rows.append((*record[:3], record.value, text, one.state, one.complete, one.detail))
    frame = pd.DataFrame(rows, columns=list(_COLUMNS))
    frame = frame.astype({**dict.fromkeys(_COLUMNS, TEXT), "complete": "bool"})
    frame.attrs["complete"] = bool(frame["complete"].all())
    return frame


def lookups_text(lookups: Sequence[RecordLookup]) -> str:
    """Return what was looked up in a sentence for each record."""
    return "; ".join(f"{one.record}: {_words(one)}" for one in lookups)


def _words(one: RecordLookup) -> str:
    if one.state == "unknown":
        return f"not known: {one.detail}"
    return "as wanted" if one.state == "set" and one.complete else one.detail
