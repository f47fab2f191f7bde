"""What a line of a log says by itself."""

from __future__ import annotations

import pytest

from createos_nb.log_text import LEVELS, first_lines, level_name, level_of, without_level


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("2026/03/02 09:00:00 [error] 29#29: connect() failed", "error"),
        ("[emerg] 1#1: bind() failed", "fatal"),
        ('{"level":40,"msg":"slow"}', "warn"),
        ('{"severity":"CRITICAL","message":"gone"}', "fatal"),
        ("lvl=eror msg=odd", "eror"),
        ('ts=1 level="warning" msg=slow', "warn"),
        ("Traceback (most recent call last):", "error"),
        ("java.io.IOException: closed", "error"),
        ("an error like any other", None),
        ("I0304 13:56:00.000000       1 main.go:12] ready", "info"),
        ("E0304 13:56:00.000000       1 main.go:12] failed to list", "error"),
        ("[13:55:01 WRN] slow", "warn"),
        ("[13:55:01 FTL] gone", "fatal"),
        ("fail: Microsoft.AspNetCore.Server.Kestrel[13]", "error"),
        ("dbug: Microsoft.Hosting[0]", "debug"),
        ("error: connect ECONNREFUSED 10.0.0.1:5432", "error"),
        ("04-Mar-2026 13:56:00.000 SEVERE [main] org.apache.catalina", "error"),
        ("[Wed Mar 04 13:56:00 2026] [php:error] [pid 7] gone", "error"),
        ("[04-Mar-2026 13:56:00 UTC] PHP Fatal error:  Uncaught PDOException", "fatal"),
        ("PHP Warning:  Undefined array key", "warn"),
        ("2026-03-04T13:56:00Z 0 [Warning] [MY-010068] [Server] CA", "warn"),
        ('{"Level":"Error","MessageTemplate":"x"}', "error"),
        ('{"@l":"Warning","@m":"x"}', "warn"),
        ('{"message":"x","level":500,"level_name":"CRITICAL"}', "fatal"),
        ("npm error code E404", "error"),
        ("(node:1) [DEP0005] DeprecationWarning: Buffer()", "warn"),
        ("no error: all is well", None),
        ("the PHP Warner", None),
        ("GET /ERRORS 200", None),
    ],
)
def test_a_level_is_read_where_loggers_write_it(text: str, level: str | None) -> None:
    assert level_of(text) == level


def test_words_for_levels() -> None:
    assert [level_name(word) for word in (" Warn ", "ERR", "panic", "notice", "30", "loud")] == [
        "warn",
        "error",
        "fatal",
        "info",
        "info",
        None,
    ]
    assert all(level_name(level) == level for level in LEVELS)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("ERROR lost", "lost"),
        ("[WARN] lost", "lost"),
        ("ERROR   indented", "  indented"),
        ("INFO=1", "INFO=1"),
        ("ERRORS came", "ERRORS came"),
        ("no level", "no level"),
    ],
)
def test_the_level_before_a_line_is_taken_off(text: str, rest: str) -> None:
    assert without_level(text) == rest


def firsts(*lines: str, timed: bool = True) -> list[int]:
    return first_lines(lines, [timed] * len(lines), [level_of(line) for line in lines])


def test_a_line_that_is_indented_is_no_part_of_a_trace_by_that_alone() -> None:
    trace = ["ERROR Error: lost", "ERROR     at f (/app/a.js:1:2)"]
    assert firsts(*trace, "INFO  GET /cart 200 in 3ms", "INFO   ready") == [0, 0, 2, 3]


def test_a_line_without_a_time_goes_with_the_one_before_where_lines_have_times() -> None:
    lines = ["INFO a", "more of a", "INFO b"]
    assert first_lines(lines, [True, False, True], ["info", None, "info"]) == [0, 0, 2]
    assert first_lines(lines, [False] * 3, ["info", None, "info"]) == [0, 1, 2]
    thrown = ["ERROR failed", "java.io.IOException: closed", "\tat a.B.c(B.java:1)", "INFO b", "INFO c"]
    assert first_lines(thrown, [True, False, False, True, True], map(level_of, thrown)) == [0, 0, 0, 3, 4]


def test_the_first_line_belongs_to_itself_whatever_it_is() -> None:
    assert firsts("    at f (/app/a.js:1:2)", "    at g (/app/a.js:3:4)") == [0, 0]
    assert firsts("") == [0]
    assert firsts() == []
