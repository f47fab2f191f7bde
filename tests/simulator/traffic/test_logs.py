"""Runtime logs come from the same requests, and hold the cause of each failure."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from createos_nb.simulator.traffic import Behavior, Failing, LogLine, Profile, Segment, Traffic
from createos_nb.simulator.traffic.log_templates import FRAMEWORKS, RUNTIMES, failure, template_for
from createos_nb.simulator.traffic.profile import FLAT_DAY, FLAT_WEEK

T = 1_767_571_200
PROFILE = Profile(rpm=120, day=FLAT_DAY, week=FLAT_WEEK, overdispersion=0, jitter=0)
LINE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (INFO|WARN|ERROR) (.*)")
ACCESS = {
    "express": re.compile(r"(?P<method>[A-Z]+) (?P<path>\S+) (?P<status>\d{3}) \d+ ms - (?:\d+|-)"),
    "nextjs": re.compile(r" (?P<method>[A-Z]+) (?P<path>\S+) (?P<status>\d{3}) in \d+ms"),
    "fastapi": re.compile(r'INFO:     \S+:0 - "(?P<method>[A-Z]+) (?P<path>\S+) HTTP/1\.1" (?P<status>\d{3}) .*'),
    "flask": re.compile(
        r'\S+ - - \[[^\]]+\] "(?P<method>[A-Z]+) (?P<path>\S+) HTTP/1\.1" (?P<status>\d{3}) \S+ "-" ".*"'
    ),
    "gin": re.compile(
        r'\[GIN\] \S+ - \S+ \| (?P<status>\d{3}) \| +\d+ms \| +\S+ \| (?P<method>[A-Z]+) +"(?P<path>\S+)"'
    ),
    "actix": re.compile(r'\S+ "(?P<method>[A-Z]+) (?P<path>\S+) HTTP/1\.1" (?P<status>\d{3}) .*'),
}
ACCESS["static"] = ACCESS["flask"]
GATEWAY = re.compile(r"gateway: (?P<method>[A-Z]+) (?P<path>\S+) (?P<status>\d{3}) .* \(client \S+\)")
RUNTIME = {"express": "node:20", "nextjs": "node:22", "fastapi": "python:3.12", "flask": "python:3.11"}
RUNTIME |= {"gin": "golang:1.22", "actix": "rust:1.75", "static": "static"}


def logs(segment: Segment, start: int, end: int) -> list[LogLine]:
    return Traffic(5, "e", PROFILE, [segment], created=T).logs(start, end)


def texts(segment: Segment, start: int = T, end: int = T + 3600) -> str:
    return "\n".join(line.text for line in logs(segment, start, end))


@pytest.mark.parametrize("kind", ACCESS)
def test_each_request_has_exactly_one_access_line_in_its_programs_words(kind: str) -> None:
    behavior = Behavior(errors=(Failing(status=500, share=0.1),), crash_after=200)
    framework = "" if kind == "static" else kind
    segment = Segment(start=T, behavior=behavior, runtime=RUNTIME[kind], framework=framework)
    traffic = Traffic(5, "e", PROFILE, [segment], created=T)
    found = []
    for row in traffic.logs(T, T + 900):
        match = ACCESS[kind].fullmatch(row.text) or GATEWAY.fullmatch(row.text)
        if match:
            found.append((row.time // 1000, match["method"], match["path"], int(match["status"])))
    events = traffic.events(T, T + 900)
    known = zip((events.time // 1000).tolist(), events.method, events.path, events.status.tolist(), strict=True)
    assert sorted(found) == sorted(known)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(offset=st.integers(-600, 73 * 3600), first=st.integers(0, 900), second=st.integers(0, 900))
def test_two_windows_side_by_side_hold_the_lines_of_their_union(
    story: SimpleNamespace, offset: int, first: int, second: int
) -> None:
    traffic = story.story()
    a = story.BEGIN + offset
    b, c = a + first, a + first + second
    assert traffic.logs(a, b) + traffic.logs(b, c) == traffic.logs(a, c)


@pytest.mark.parametrize("hours", [12.8, 19.03, 32.5, 36.0, 45.1])
@pytest.mark.grid(2)
def test_no_line_is_lost_or_doubled_where_windows_meet(story: SimpleNamespace, hours: float) -> None:
    """Windows that meet at the second of something that happens, and within a minute whose losses are told once."""
    traffic = story.story()
    a, c = story.at(hours), story.at(hours, 400)
    whole = traffic.logs(a, c)
    told = [line for line in whole if line.time % 1_000_000 == 0 or line.text.startswith("platform")]
    happens = sorted({line.time // 1_000_000 for line in told})
    for b in (*happens, *(t + 1 for t in happens), *range(a + 7, c, 31)):
        assert traffic.logs(a, b) + traffic.logs(b, c) == whole


def test_lines_begin_with_their_time_and_are_in_order() -> None:
    rows = [str(line) for line in logs(Segment(start=T), T, T + 300)]
    matches = [LINE.fullmatch(row) for row in rows]
    assert all(matches)
    stamps = [match[1] for match in matches if match]
    assert stamps == sorted(stamps)
    assert stamps[0] == "2026-01-05T00:00:00.000Z"


def test_a_start_says_version_and_port_and_is_dated_from_when_it_goes_live() -> None:
    segment = Segment(start=T, launched=T - 20, version=9, port=3000)
    rows = logs(segment, T - 30, T + 1)
    assert [row.text for row in rows][:1] == ["platform: replica 1/1: starting version 9 (node:20), PORT=3000"]
    assert rows[0].time == T * 1_000_000
    listening = next(row for row in rows if row.text == "listening on 0.0.0.0:3000")
    assert listening.time == T * 1_000_000


@pytest.mark.parametrize("replicas", [1, 3])
def test_a_wrong_port_is_told_by_what_the_app_and_the_health_check_say(replicas: int) -> None:
    segment = Segment(start=T, behavior=Behavior(listens=3000), port=8080, replicas=replicas)
    said = texts(segment, T, T + 61)
    assert said.count("listening on 0.0.0.0:3000") == replicas
    assert said.count("health check failed: connection to port 8080 refused; the app listens on 0.0.0.0:3000") == 2
    assert re.search(r"gateway: GET \S+ 502 connect to port 8080: connection refused", said)


@pytest.mark.parametrize(
    ("runtime", "cause", "told"),
    [
        ("node:20", "missing-variable:DATABASE_URL", "Missing required environment variable DATABASE_URL"),
        ("node:20", "missing-module:express", "Cannot find module 'express'"),
        ("python:3.12", "missing-variable:DATABASE_URL", "KeyError: 'DATABASE_URL'"),
        ("python:3.12", "missing-module:httpx", "ModuleNotFoundError: No module named 'httpx'"),
        ("golang:1.22", "missing-variable:DATABASE_URL", "environment variable DATABASE_URL is not set"),
        ("golang:1.22", "connection-refused:db:5432", "dial tcp db:5432: connect: connection refused"),
        ("static", "port-in-use:80", "bind() to 0.0.0.0:80 failed"),
        ("rust:1.75", "missing-variable:X", "X must be set"),
        ("bun:1.1", "missing-module:x", 'Cannot find module "x"'),
        ("node:20", "it just {broke}", "it just {broke}"),
    ],
)
@pytest.mark.parametrize("crash_after", [0, 45])
def test_a_crash_keeps_its_logs_and_they_hold_the_cause(runtime: str, cause: str, told: str, crash_after: int) -> None:
    segment = Segment(start=T, runtime=runtime, behavior=Behavior(crash_after=crash_after, crash=cause))
    said = texts(segment)
    assert told in said
    assert "process ended with exit code 1; restart 1 in 10 s" in said
    assert "restart 2 in 20 s" in said


@pytest.mark.parametrize("hours", [6, pytest.param(30, marks=pytest.mark.slow)])
def test_a_healthy_deployment_never_complains(hours: int) -> None:
    for memory in (500, 1024):
        rows = logs(Segment(start=T, memory=memory), T, T + hours * 3600)
        assert {row.level for row in rows if "gateway" in row.text or "heap" in row.text} == set()
        assert not any("platform" in row.text for row in rows[1:])


def test_a_leak_is_told_before_it_kills_and_when_it_does() -> None:
    said = texts(Segment(start=T, memory=512, behavior=Behavior(memory=200, leak=624)))
    assert said.index("heap used 449 MB, 87 % of the container's 512 MB") < said.index("OOMKilled")
    assert "OOMKilled, memory limit of 512 MB exceeded (exit code 137); restart in 10 s" in said


def test_memory_under_load_is_told_with_the_programs_last_words() -> None:
    segment = Segment(start=T, runtime="python:3.12", behavior=Behavior(memory=480, memory_per_rpm=1.0))
    said = texts(segment, T, T + 300)
    assert "MemoryError" in said
    assert "OOMKilled, memory limit of 500 MB exceeded under load" in said
    # Once a minute, not once for each request that was lost.
    assert said.count("OOMKilled") == 5


def test_throttling_is_told_once_a_minute() -> None:
    said = texts(Segment(start=T, behavior=Behavior(cpu_ms=1000)), T, T + 300)
    assert said.count("CPU throttled at the limit of 200 millicores") == 5
    assert "504 no answer within 30 s" in said


def test_each_error_of_the_program_has_its_trace() -> None:
    errors = (Failing(status=500, share=0.2, cause="timeout:payments"), Failing(status=404, share=0.1, cause="no"))
    segment = Segment(start=T, runtime="python:3.12", framework="django", behavior=Behavior(errors=errors))
    traffic = Traffic(5, "e", PROFILE, [segment], created=T)
    said = "\n".join(line.text for line in traffic.logs(T, T + 600))
    assert said.count("TimeoutError: payments") == traffic.statuses(T, T + 600)[500] > 50


def test_a_deployment_has_its_own_lines_only() -> None:
    segments = [Segment(start=T, end=T + 100, deployment="a"), Segment(start=T + 100, deployment="b")]
    traffic = Traffic(5, "e", PROFILE, segments, created=T)
    everything = traffic.logs(T - 60, T + 200)
    mine, others = (traffic.logs(T - 60, T + 200, deployment) for deployment in ("a", "b"))
    # Before the first there is nothing live, and the gateway alone speaks.
    assert mine + others == [line for line in everything if line.time >= T * 1_000_000]
    assert max(line.time for line in mine) < (T + 100) * 1_000_000 <= min(line.time for line in others)


def test_a_deployment_that_is_live_nowhere_has_its_start() -> None:
    lone = Traffic(5, "d", None, [Segment(start=T, deployment="d")])
    assert [line.text for line in lone.logs(T - 60, T + 60)][-1] == "listening on 0.0.0.0:8080"


def test_sleep_is_told_and_what_was_not_live_is_told() -> None:
    traffic = Traffic(5, "e", PROFILE, [Segment(start=T + 60, asleep=True)], created=T)
    said = [line.text for line in traffic.logs(T, T + 120)]
    assert "platform: idle, going to sleep" in said
    assert any(" 404 no deployment is live" in text for text in said)
    assert any(" 503 the deployment sleeps" in text for text in said)


def test_every_runtime_and_framework_has_words_for_every_kind_of_failure() -> None:
    kinds = set(template_for("node").failure)
    voices = [*RUNTIMES.values(), *FRAMEWORKS.values()]
    for speaker in voices:
        assert set(speaker.failure) == kinds
        for kind in kinds - {"out-of-memory"}:
            assert any("det{a}il" in row for row in failure(speaker, f"{kind}:det{{a}}il"))
        for status in (500, 502, 503, 504, 507):
            assert failure(speaker, "", status)


def test_an_image_speaks_as_its_name_suggests() -> None:
    assert template_for("image:nginx:latest") is template_for("static")
    assert template_for("image:ghcr.io/org/python-app:1") is template_for("python:3.12", "flask")
    assert template_for("image:registry.example.com/shop:v3") is template_for("golang:1.22")


def test_the_last_words_name_the_runtimes_version() -> None:
    said = texts(Segment(start=T, runtime="node:22", behavior=Behavior(crash_after=0)))
    assert "Node.js v22.12.0" in said


def test_an_unknown_runtime_speaks_all_the_same() -> None:
    assert "listening on" in texts(Segment(start=T, runtime="cobol:85"), T, T + 1)
