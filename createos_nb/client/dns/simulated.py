"""Name servers of a simulated world: it tells what each answers, and no network is used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

import msgspec

from createos_nb.client.dns.judgement import Answer, Outcome
from createos_nb.errors import InvalidResponse
from createos_nb.http.failures import NoReply
from createos_nb.http.urls import read_url

if TYPE_CHECKING:
    from createos_nb.http.transport import Transport

_PATH: Final = "/~/dns.simulator.invalid/resolve"


class _Row(msgspec.Struct):
    server: str
    outcome: str
    values: list[str] = []
    cname: str = ""
    seconds: float = 0


class _Rows(msgspec.Struct):
    answers: list[_Row]


def ask_world(
    transport: Transport, name: str, type: str, nameservers: Sequence[str] | None, seconds: float
) -> list[Answer]:
    """Ask the name servers of the world that answers at the transport's base URL."""
    query = urlencode([("name", name), ("type", type), *(("server", server) for server in nameservers or ())])
    reply = transport.ask(read_url(f"{transport.base}{_PATH}?{query}"))
    if isinstance(reply, NoReply):
        return [Answer("the simulator", "no answer", reason=reply.reason)]
    try:
        rows = msgspec.json.decode(reply.content, type=_Rows)
    except msgspec.DecodeError:
        raise InvalidResponse(f"this simulator can't tell what name servers answer: {reply.status_code}") from None
    return [_answer(row, seconds) for row in rows.answers]


def _answer(row: _Row, seconds: float) -> Answer:
    late = row.seconds >= seconds
    if late or row.outcome == "timeout":
        return Answer(row.server, "no answer", reason=f"timeout after {seconds:g} s")
    outcomes: dict[str, Outcome] = {"found": "found", "no record": "no record", "no such name": "no such name"}
    outcome = outcomes.get(row.outcome)
    if outcome is None:
        return Answer(row.server, "no answer", reason=row.outcome.upper())
    return Answer(row.server, outcome, tuple(row.values), row.cname)
