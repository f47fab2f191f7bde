"""The access log of a made-up shop, as `data/access.log` holds it: one day, a bot on odd paths, a bad half-hour.

Written by the engine itself, from a seed. Addresses and hosts are those that are kept for documentation. A few lines
are damaged, as in every log that has travelled.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from createos_nb.simulator.traffic.behavior import Failing, Incident, Segment
from createos_nb.simulator.traffic.engine import Traffic
from createos_nb.simulator.traffic.profile import SCANNER, Bot, Page, Profile
from createos_nb.simulator.traffic.randomness import kind_of, mixed, uniform

BEGIN: Final = 1_772_409_600
"""2026-03-02 00:00:00 UTC, a Monday, in Unix seconds."""
DAY: Final = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WORDS = kind_of("words of the sample log")
_SEARCHES = ("cup", "apron", "board", "linen", "oak", "gift", "espresso", "sale", "blue", "wool")
_HOST = "https://shop.example.com"
_CHECK = Bot(
    name="check",
    rpm=0.2,
    pages=(Page(path="/healthz", ms=2, size=2),),
    client="192.0.2.250",
    agent="uptime-check/2.0",
)
_SCANNER = replace(SCANNER, rpm=2.5, duty=0.15)
_DAMAGED: Final = {
    211: "192.0.2.17 - - [02/Mar/2026:0",
    702: "-- MARK --",
    1203: '198.51.100.9 - - [31/Feb/2026:11:02:41 +0000] "GET /products HTTP/1.1" 200 22391 "-" "-"',
    1204: '198.51.100.9 - - [02/Mar/2026:11:02:41 +0000] "GET /products HTTP/1.1" two 22391 "-" "-"',
    1717: '203.0.113.5 - - [02/Mar/2026:14:20:07 +0000] "GET /cart HTTP/1.1" 200 6k "-" "-"',
    2310: "\x00\x00\x00\x00\x00\x00\x00\x00",
}
"""Damaged lines by the number of requests before them."""


def _traffic() -> Traffic:
    burst = Incident(
        name="payments",
        start=BEGIN + 51_720,
        end=BEGIN + 54_060,
        failing=(
            Failing(status=500, share=0.55, path="/checkout"),
            Failing(status=503, share=0.35, path="/api/*"),
            Failing(status=500, share=0.3),
        ),
    )
    profile = Profile(rpm=1.9, clients=700, overdispersion=0.4, bots=(_SCANNER, _CHECK))
    return Traffic(2026, "sample log", profile, [Segment(start=BEGIN)], [burst], created=BEGIN)


def sample_log() -> bytes:
    """The log in combined format."""
    events = _traffic().events(BEGIN, BEGIN + DAY)
    lines: list[str] = []
    paths, methods = events.path, events.method
    visited: dict[int, str] = {}
    for i, (time, status, size) in enumerate(
        zip(events.time.tolist(), events.status.tolist(), events.size.tolist(), strict=True)
    ):
        if i in _DAMAGED:
            lines.append(_DAMAGED[i])
        client = int(events.client[i])
        number = int(uniform(mixed(_WORDS, i, 0), 1000)[0])
        path, agent = paths[i], events.agents[int(events.agent[i])]
        page = path
        if path == "/search":
            path += f"?q={_SEARCHES[number % 10]}"
        visitor = agent.startswith("Mozilla/5.0 (") and "compatible" not in agent
        referrer = f"{_HOST}{visited[client]}" if visitor and client in visited else "-"
        if visitor and methods[i] == "GET" and not page.startswith(("/assets", "/api")):
            visited[client] = page
        moment = _EPOCH + timedelta(microseconds=time)
        clock = f"{moment:%d}/{_MONTHS[moment.month - 1]}/{moment:%Y:%H:%M:%S} +0000"
        lines.append(
            f'{events.clients[client]} - - [{clock}] "{methods[i]} {path} HTTP/1.1" '
            f'{status} {size or "-"} "{referrer}" "{agent}"'
        )
    return ("\n".join(lines) + "\n").encode()
