"""Access logs are read as a person would count them; what can't be read is counted, never fatal."""

from __future__ import annotations

import gzip
import io
import random
import re
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from createos_nb.simulator.traffic import Recorded, Segment, Traffic, read_access_log
from createos_nb.simulator.traffic.access_log import EXAMPLES, LONGEST_LINE
from createos_nb.simulator.traffic.sample_log import BEGIN, sample_log

ROOT = Path(__file__).parents[3]


def line(
    client: str = "192.0.2.1",
    stamp: str = "05/Jan/2026:10:05:03 +0000",
    request: str = "GET /a HTTP/1.1",
    status: str = "200",
    size: str = "12",
    tail: str = ' "-" "agent/1"',
) -> bytes:
    return f'{client} - - [{stamp}] "{request}" {status} {size}{tail}\n'.encode()


def one(data: bytes, *, query: bool = False) -> tuple[int, str, str, int, int, str, str]:
    log = read_access_log(data, query=query)
    assert (log.lines, log.malformed) == (1, {})
    e = log.events
    return (
        int(e.time[0]),
        e.method[0],
        e.path[0],
        int(e.status[0]),
        int(e.size[0]),
        e.clients[int(e.client[0])],
        e.agents[int(e.agent[0])],
    )


NOON = int(datetime(2026, 1, 5, 10, 5, 3, tzinfo=UTC).timestamp()) * 1_000_000


def test_a_combined_line_gives_all_its_fields() -> None:
    assert one(line()) == (NOON, "GET", "/a", 200, 12, "192.0.2.1", "agent/1")


def test_a_common_line_has_no_agent() -> None:
    assert one(line(tail="")) == (NOON, "GET", "/a", 200, 12, "192.0.2.1", "")


def test_fields_after_the_agent_are_left_out() -> None:
    assert one(line(tail=' "-" "agent/1" 0.004 "shop.example.com"')) == one(line())
    assert one(line(tail=" 0.004")) == one(line(tail=""))


@pytest.mark.parametrize(
    ("stamp", "shift"),
    [
        ("05/Jan/2026:10:05:03 -0730", 7.5 * 3600),
        ("05/Jan/2026:10:05:03 +0545", -5.75 * 3600),
        ("05/JAN/2026:10:05:03 +00:00", 0),
        ("5/Jan/2026:10:05:03 +0000", 0),
        ("05/Jan/2026:10:05:60 +0000", 57),
        ("05/Jan/2026:10:05:03.250 +0000", 0.25),
    ],
)
def test_times_are_utc_whatever_their_zone(stamp: str, shift: float) -> None:
    assert one(line(stamp=stamp))[0] == NOON + round(shift * 1_000_000)


@pytest.mark.parametrize(
    ("request_line", "method", "path"),
    [
        ("GET /", "GET", "/"),
        ("get /x HTTP/1.0", "get", "/x"),
        ("GET /a?b=c&d=e HTTP/1.1", "GET", "/a"),
        ("GET /a#b HTTP/1.1", "GET", "/a"),
        ("GET /a b c HTTP/1.1", "GET", "/a b c"),
        ("GET http://example.com/a?b HTTP/1.1", "GET", "/a"),
        ("GET http://example.com?b HTTP/1.1", "GET", "/"),
        ("OPTIONS * HTTP/1.1", "OPTIONS", "*"),
        ("CONNECT example.com:443 HTTP/1.1", "CONNECT", "example.com:443"),
        ('GET /say-\\"hi\\" HTTP/1.1', "GET", '/say-"hi"'),
        ("GET /back\\\\slash HTTP/1.1", "GET", "/back\\slash"),
        ("-", "-", "-"),
        ("\\x16\\x03\\x01\\x02", "-", "\\x16\\x03\\x01\\x02"),
        ("", "-", ""),
        ("PROPFIND /dav HTTP/2", "PROPFIND", "/dav"),
    ],
)
def test_requests_of_every_kind_are_taken_apart(request_line: str, method: str, path: str) -> None:
    assert one(line(request=request_line))[1:3] == (method, path)


def test_the_query_string_stays_if_it_is_asked_for() -> None:
    assert one(line(request="GET /a?b=c HTTP/1.1"), query=True)[2] == "/a?b=c"


@pytest.mark.parametrize("client", ["2001:db8::1", "::ffff:192.0.2.1", "host.example.com"])
def test_clients_may_be_addresses_of_both_kinds_or_names(client: str) -> None:
    assert one(line(client=client))[5] == client


def test_a_size_that_was_not_written_is_unknown_and_a_user_may_have_spaces() -> None:
    assert one(line(size="-"))[4] == -1
    assert one(b'192.0.2.1 - ann lee [05/Jan/2026:10:05:03 +0000] "GET / HTTP/1.1" 200 5\n')[3:5] == (200, 5)


def test_bytes_that_are_not_utf_8_survive_as_escapes() -> None:
    data = line(request="GET /caf\u00e9 HTTP/1.1").replace("é".encode(), b"\xe9")
    assert one(data)[2] == "/caf\\xe9"
    assert one(line(request="GET /café HTTP/1.1"))[2] == "/café"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"hello\n", "format"),
        (line()[:40] + b"\n", "format"),
        (line(stamp="31/Feb/2026:10:05:03 +0000"), "time"),
        (line(stamp="05/Foo/2026:10:05:03 +0000"), "time"),
        (line(stamp="05/Jan/2026:24:05:03 +0000"), "time"),
        (line(stamp="05/Jan/2026:10:05:03"), "time"),
        (line(stamp="05/Jan/0001:00:00:03 +0900"), ""),
        (line(status="000"), "status"),
        (line(status="600"), "status"),
        (line(status="20x"), "status"),
        (line(size="1k"), "size"),
        (line(size="9" * 30), "size"),
        (b"x" * (LONGEST_LINE + 1) + b"\n", "too long"),
    ],
)
def test_a_line_that_can_not_be_read_is_counted_by_its_reason(data: bytes, reason: str) -> None:
    log = read_access_log(line() + b"\n\r\n" + data + line())
    assert log.lines == 3
    assert log.malformed == ({reason: 1} if reason else {})
    assert len(log.events) == (2 if reason else 3)
    if reason:
        assert log.examples == ((4, reason, data.decode().rstrip("\n")[:200]),)


def test_a_huge_line_is_never_held_in_memory_and_its_neighbours_are_read() -> None:
    class Endless(io.RawIOBase):
        """Two good lines with 200 MB of one line between them."""

        def __init__(self) -> None:
            self.parts = iter([line(), *(b"y" * (1 << 20) for _ in range(200)), b"\n", line()])
            self.largest = 0

        def read(self, size: int = -1) -> bytes:  # type: ignore[override]  # a plain read is all that is asked for
            return next(self.parts, b"")

    log = read_access_log(Endless())  # type: ignore[arg-type]  # likewise
    assert (log.lines, log.malformed, len(log.events)) == (3, {"too long": 1}, 2)


def test_a_line_that_would_make_a_careless_pattern_take_forever_is_refused_at_once() -> None:
    for evil in ("[" * 60_000, '"' * 60_000, '"\\' * 30_000, "1 - - [" * 9_000, "a " * 30_000):
        assert read_access_log(evil.encode()).malformed == {"format": 1}


def test_examples_of_malformed_lines_are_few() -> None:
    log = read_access_log(b"bad\n" * 500)
    assert log.malformed == {"format": 500}
    assert len(log.examples) == EXAMPLES


def test_gzip_is_told_by_its_bytes_and_its_damage_keeps_what_came_before(tmp_path: Path) -> None:
    data = b"".join(line(request=f"GET /{i} HTTP/1.1") for i in range(20_000))
    packed = gzip.compress(data)
    assert len(read_access_log(packed).events) == 20_000
    file = tmp_path / "log"
    file.write_bytes(packed)
    assert len(read_access_log(file).events) == 20_000
    assert len(read_access_log(str(file)).events) == 20_000
    with file.open("rb") as opened:
        assert len(read_access_log(opened).events) == 20_000
    half = read_access_log(packed[: len(packed) // 2])
    assert half.malformed == {"damaged gzip": 1}
    assert 5_000 < len(half.events) < 15_000
    broken = bytearray(packed)
    broken[len(packed) // 2] ^= 255
    assert "damaged gzip" in read_access_log(bytes(broken)).malformed


def test_two_gzips_one_after_the_other_are_one_log() -> None:
    assert len(read_access_log(gzip.compress(line()) + gzip.compress(line())).events) == 2


@pytest.mark.parametrize("data", [b"", b"\n\n", gzip.compress(b"", mtime=0)])
def test_an_empty_log_has_no_requests(data: bytes) -> None:
    log = read_access_log(data)
    assert (len(log.events), log.lines, log.malformed, log.examples) == (0, 0, {}, ())
    assert len(log.ending(1_000)) == 0


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_access_log(tmp_path / "nothing")


def test_lines_out_of_order_are_put_in_order() -> None:
    log = read_access_log(line(stamp="05/Jan/2026:10:05:09 +0000") + line(stamp="05/Jan/2026:10:05:01 +0000"))
    assert log.events.time.tolist() == [NOON - 2_000_000, NOON + 6_000_000]


def test_a_log_can_end_when_one_wants() -> None:
    log = read_access_log(line(stamp="05/Jan/2026:10:05:01 +0000") + line(stamp="05/Jan/2026:10:05:09 +0000"))
    assert log.ending(5_000).time.tolist() == [4_991_000_000, 4_999_000_000]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(st.binary(max_size=120)))
def test_no_bytes_are_fatal(lines: list[bytes]) -> None:
    data = b"\n".join(lines)
    log = read_access_log(data)
    if data[:2] != b"\x1f\x8b":
        assert log.lines == len([part for part in data.split(b"\n") if part.strip()])
    assert log.lines == len(log.events) + sum(log.malformed.values())


def counted(text: bytes) -> list[tuple[int, int]]:
    """(second, status) of each line, by another way of reading it."""
    found = []
    for row in text.decode("latin-1").splitlines():
        match = re.search(r"\[([^\]]+)\] \"[^\"]*(?:\\\"[^\"]*)*\" (\d{3}) (?:\d+|-) ", row)
        if match:
            try:
                moment = datetime.strptime(match[1], "%d/%b/%Y:%H:%M:%S %z")
            except ValueError:
                continue
            found.append((int(moment.timestamp()), int(match[2])))
    return found


def replayed(data: bytes) -> Traffic:
    return Traffic(1, "e", None, [Segment(start=0)], recorded=Recorded(read_access_log(data).events), created=1 << 40)


def check_replay(data: bytes) -> None:
    known = counted(data)
    traffic = replayed(data)
    first, last = min(known)[0], max(known)[0]
    assert traffic.statuses(first, last + 1) == dict(sorted(Counter(s for _, s in known).items()))
    hours = Counter(t // 3600 * 3600 for t, _ in known)
    series = traffic.series(first, last + 1, 3600)
    assert dict(zip(series.time.tolist(), series.total.tolist(), strict=True)) == {
        t: hours[t] for t in range(first // 3600 * 3600, last + 1, 3600)
    }
    assert traffic.rpm(first, last + 1)[0] == max(Counter(t // 60 for t, _ in known).values())


def test_a_replayed_log_is_the_traffic_even_before_the_environment_was_made() -> None:
    check_replay(sample_log())


def log_of_days() -> bytes:
    """Four days of a public server, in Combined format: bursts, a night without a line, other zones, odd requests."""
    chance = random.Random(7)
    agents = ["Mozilla/5.0 (X11; Linux x86_64)", 'says \\"hello\\"', "-", "caf\u00e9/1.0", "a [bracket] 200 9"]
    requests = [
        "GET / HTTP/1.1",
        "GET /blog/tags/puppet?page=2&flav=rss20 HTTP/1.1",
        "HEAD /a%20b HTTP/1.0",
        "OPTIONS * HTTP/1.1",
        'GET /\\"quoted\\" HTTP/1.1',
        "GET /r\u00e9sum\u00e9.pdf HTTP/1.1",
        "-",
    ]
    begin = datetime(2025, 12, 30, 10, 5, 3, tzinfo=UTC)
    lines = []
    for hour in range(96):
        for _ in range(0 if hour % 24 in (13, 14) else chance.randint(1, 40)):  # 23 and 0 o'clock
            zone = timezone(timedelta(minutes=chance.choice([0, 0, 0, 330, -480])))
            moment = (begin + timedelta(hours=hour, seconds=chance.randrange(3600))).astimezone(zone)
            status = chance.choices(
                ["200", "206", "301", "304", "403", "404", "416", "500"], [90, 3, 5, 20, 1, 6, 1, 1]
            )[0]
            lines.append(
                line(
                    chance.choice([f"203.0.113.{chance.randrange(256)}", "2001:db8::7", "crawler.example"]),
                    moment.strftime("%d/%b/%Y:%H:%M:%S %z"),
                    chance.choice(requests),
                    status,
                    "-" if status in ("301", "304") else str(chance.randrange(1_000_000)),
                    f' "http://example.com/?q=\\"x\\"" "{chance.choice(agents)}"',
                )
            )
    return b"".join(lines)


def test_a_log_of_several_days_is_replayed_as_it_is() -> None:
    data = log_of_days()
    assert len(counted(data)) == data.count(b"\n") > 1_500
    check_replay(data)
    assert len(read_access_log(gzip.compress(data)).events) == data.count(b"\n")


def test_the_sample_log_is_the_one_that_is_shipped_and_has_what_it_should() -> None:
    data = sample_log()
    assert (ROOT / "data" / "access.log").read_bytes() == data
    log = read_access_log(data)
    assert 2_000 <= log.lines <= 4_000
    assert log.malformed == {"format": 3, "time": 1, "status": 1, "size": 1}
    assert int(log.events.time[0]) // 86_400_000_000 == int(log.events.time[-1]) // 86_400_000_000 == BEGIN // 86_400
    allowed = re.compile(r"(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+|2001:db8:[0-9a-f:]+")
    assert all(allowed.fullmatch(client) for client in log.events.clients)
    assert any(":" in client for client in log.events.clients)
    bad = replayed(data)
    assert bad.statuses(BEGIN + 51_720, BEGIN + 54_060).get(500, 0) > 15
    assert bad.statuses(BEGIN, BEGIN + 51_720).get(500, 0) == 0
    assert "/wp-login.php" in log.events.path
