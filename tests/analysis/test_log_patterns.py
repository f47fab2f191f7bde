"""Patterns of logs: what belongs together is counted together, and what a person on call must see stands first."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import createos_nb
from benchmarks.statistics.log_patterns import RUNTIMES, measured
from createos_nb import analysis
from createos_nb.frames import runtime_log_frame

COLUMNS = ["pattern", "level", "count", "first", "last", "quiet_count", "is_new", "example"]


def patterns(*lines: str, **arguments: Any) -> dict[str, int]:
    frame = analysis.log_patterns(list(lines), **arguments)
    return dict(zip(frame["pattern"], frame["count"].astype(int), strict=True))


# --- what stands first ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [None, 11, 12, 13])
@pytest.mark.grid(2)
def test_the_lines_that_name_a_slow_leak_stand_first_with_and_without_a_quiet_window(seed: int | None) -> None:
    client = createos_nb.simulate("slow-leak") if seed is None else createos_nb.simulate("slow-leak", seed=seed)
    log = client.environments.logs("storefront", "production", start="-12h")
    found = analysis.log_patterns(log)
    assert len(log) > 5_000
    assert "OOMKilled" in found["pattern"].iloc[0]
    assert found["pattern"].iloc[1] == "heap used <size>, <number> % of the container's <size>"
    assert found["count"].head(2).sum() <= 8
    warned = log[log["text"].str.contains("heap used", regex=False)]
    assert found["first"].iloc[1] == warned["time"].iloc[0]
    assert found["last"].iloc[1] == warned["time"].iloc[-1]
    # nothing was killed or warned of while the heap was still filling
    killed = log.loc[log["text"].str.contains("OOMKilled"), "time"].iloc[0]
    calm = warned[warned["time"] > killed]["time"].min()
    quiet = log[(log["time"] > killed + pd.Timedelta("5min")) & (log["time"] < calm)]
    compared = analysis.log_patterns(log, quiet)
    assert compared["pattern"].head(2).tolist() == found["pattern"].head(2).tolist()
    assert compared["is_new"].head(2).all()
    assert compared["quiet_count"].head(2).tolist() == [0, 0]


def test_what_fails_in_masses_stands_before_a_single_error() -> None:
    client = createos_nb.simulate("shared-incident")
    log = client.fleet.logs(start="-20min")
    found = analysis.log_patterns(log)
    assert found["pattern"].iloc[0] == "Error: timeout of <duration> exceeded: payments.example.com"


def lines_of(**counts: int) -> list[str]:
    texts = {
        "request": "INFO GET /cart/{n} 200 {n} ms",
        "failed": "ERROR GET /cart/{n} 503 {n} ms",
        "chronic": "ERROR cache miss storm in shard {n}",
        "fatal": "FATAL disk {n} is gone",
        "warn": "WARN certificate ends in {n} days",
        "note": "INFO feature {n} switched on",
    }
    lines = [(at / count, texts[name].format(n=at)) for name, count in counts.items() for at in range(count)]
    return [text for _, text in sorted(lines)]


def test_new_then_more_frequent_then_loud_then_the_rest() -> None:
    quiet = lines_of(request=2_000, chronic=8, warn=2)
    now = lines_of(request=2_000, chronic=9, warn=60, fatal=2, failed=30, note=3)
    found = analysis.log_patterns(now, quiet)
    first_words = [text.split(" <")[0] for text in found["pattern"]]
    assert first_words == ["disk", "GET", "certificate ends in", "feature", "cache miss storm in shard", "GET"]
    assert found["is_new"].tolist() == [True, True, False, True, False, False]
    assert found["quiet_count"].tolist() == [0, 0, 2, 0, 8, 2_000]


def test_without_a_quiet_window_nothing_is_called_new() -> None:
    now = lines_of(request=2_000, chronic=9, warn=2, fatal=1, failed=30)
    for quiet in (None, []):
        found = analysis.log_patterns(now, quiet)
        assert found["is_new"].isna().all()
        assert found["quiet_count"].isna().all() == (quiet is None)
        order = [text.split(" <")[0] for text in found["pattern"]]
        assert order == ["disk", "certificate ends in", "GET", "cache miss storm in shard", "GET"]


def test_trouble_in_a_line_without_a_level_is_loud() -> None:
    found = analysis.log_patterns([*["worker took job 7"] * 50, "connection to db-1 refused"])
    assert found["pattern"].iloc[0] == "connection to db-<number> refused"
    assert found["level"].isna().all()


# --- what belongs together --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["took 12 ms", "took 9.5 ms"], "took <duration>"),
        (["from 10.0.0.7:5432", "from 2001:db8::1"], "from <ip>"),
        (["job 6f1c2a3e-9d1b-4c55-8c0b-0f7a1d2e3f40", "job 0xDEADBEEF"], "job <id>"),
        (["read /etc/app/a.toml", "read /var/log/b"], "read <path>"),
        (["at 2026-03-02T09:00:00.123Z done", "at 2026-03-02 09:00:01 done"], "at <time> done"),
        (["mail to a.b@example.com", "mail to c@example.org"], "mail to <email>"),
        (["see https://a.test/x?y=1", "see http://b.test"], "see <url>"),
        (["user alice logged in", "user bob logged in"], "user <*> logged in"),
        (["\x1b[33mWARN\x1b[0m 3 retries", "WARN 4 retries"], "<number> retries"),
        (['{"level":"warn","msg":"slow query 12 ms","id":7}', '{"level":"warn","id":8,"msg":"slow query 9 ms"}'],
         "slow query <duration>"),
        (['level=warn msg="slow query 12 ms" id=7', 'level=warn msg="slow query 9 ms" id=a'], "slow query <duration>"),
        (['1.2.3.4 - - [02/Mar/2026:09:00:00 +0000] "GET /a HTTP/1.1" 200 12 "-" "curl/8"',
          '5.6.7.8 - - [02/Mar/2026:09:00:01 +0000] "GET /b?c=1 HTTP/1.1" 200 7 "http://x.test/" "Q/5.0 (X11) R/1"'],
         '<ip> - - [<time>] "GET <path> HTTP/1.1" 200 <number> "<text>" "<text>"'),
        (["取得 12 件", "取得 9 件"], "取得 <number> 件"),
    ],
)  # fmt: skip
def test_what_varies_is_named_by_its_type(lines: list[str], expected: str) -> None:
    assert patterns(*lines) == {expected: 2}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("GET /cart 200 3 ms", "GET /cart 503 3 ms"),
        ("GET /cart 200 3 ms", "POST /cart 200 3 ms"),
        ("exit code 137", "exit code 1"),
        ("WARN pool is full", "ERROR pool is full"),
        ("KeyError: 'a'", "ValueError: 'a'"),
        ("Error: lost", "Error: found"),
        ('{"msg":"GET served","method":"GET","status":200}', '{"msg":"GET served","method":"GET","status":500}'),
    ],
)
def test_what_differs_in_what_matters_stays_apart(one: str, other: str) -> None:
    assert sorted(analysis.log_patterns([one, other, one])["count"]) == [1, 2]


TRACES = {
    "python": (
        'Traceback (most recent call last):\n  File "/app/a.py", line 3, in f\n    g()\n'
        'KeyError: \'a\'\n\nDuring handling of the above exception, another exception occurred:\n\n'
        'Traceback (most recent call last):\n  File "/app/b.py", line 9, in h\nRuntimeError: no plan'
    ),
    "node": "TypeError: x is undefined\n    at f (/app/a.js:1:2)\n    at async g (/app/b.js:3:4) {\n  code: 'EFAIL'",
    "java": (
        'Exception in thread "main" java.lang.IllegalStateException: no pool\n\tat app.Main.run(Main.java:7)\n'
        "Caused by: java.io.IOException: closed\n\tat app.Pool.get(Pool.java:3)\n\t... 12 more"
    ),
    "go": "panic: no plan\n\ngoroutine 1 [running]:\nmain.load(...)\n\t/app/a.go:21\nmain.main()\n\t/app/b.go:9 +0x8d",
    "rust": "thread 'main' panicked at src/a.rs:1:2:\nno config\nnote: run with `RUST_BACKTRACE=1` to see more",
    "ruby": "app.rb:3:in `f': no plan (RuntimeError)\n\tfrom app.rb:9:in `main'",
    "csharp": "Unhandled exception. System.Exception: no plan\n   at App.F() in /app/a.cs:line 3\n   at App.Main()",
}  # fmt: skip


@pytest.mark.parametrize("language", TRACES)
@pytest.mark.parametrize("form", ["lines", "one text", "with times and levels"])
def test_a_stack_trace_counts_once(language: str, form: str) -> None:
    trace = TRACES[language]
    lines: Any = ["GET / 200 1 ms", *trace.split("\n"), "GET / 200 2 ms"]
    if form == "one text":
        lines = ["GET / 200 1 ms", trace, "GET / 200 2 ms"]
    elif form == "with times and levels":
        words = ["INFO", *["ERROR"] * (len(lines) - 2), "INFO"]
        stamps = [f"2026-03-02T09:00:0{min(at, 9)}Z" for at in range(len(lines))]
        stamped = [f"{stamp} {word} {text}" for stamp, word, text in zip(stamps, words, lines, strict=True)]
        lines = runtime_log_frame("\n".join(stamped))
    found = analysis.log_patterns(lines)
    assert found["count"].tolist() == [1, 2]
    assert found.attrs["events"] == 3


def test_two_tracebacks_with_other_errors_are_two_patterns() -> None:
    start = ["Traceback (most recent call last):", '  File "/app/a.py", line 3, in f']
    found = patterns(*start, "KeyError: 'a'", *start, "KeyError: 'b'", *start, "ValueError: no")
    assert sorted(found.values()) == [1, 2]
    assert any("ValueError: no" in pattern for pattern in found)


def test_what_was_thrown_is_named_beside_the_line_that_logs_it() -> None:
    log = runtime_log_frame(
        "2026-03-02T09:00:00Z ERROR request failed\njava.io.IOException: pool 7 is closed\n\tat a.B.c(B.java:1)\n"
        "2026-03-02T09:00:01Z ERROR request failed\njava.io.IOException: pool 8 is closed\n\tat a.B.c(B.java:1)\n"
        "2026-03-02T09:00:02Z INFO ready\n2026-03-02T09:00:03Z INFO ready\n2026-03-02T09:00:04Z INFO ready"
    )
    found = analysis.log_patterns(log)
    assert found["pattern"].iloc[0] == "request failed … java.io.IOException: pool <number> is closed"
    assert found["count"].tolist() == [2, 3]


def test_a_log_that_begins_in_a_trace_is_read_from_there() -> None:
    assert sum(patterns("    at f (/app/a.js:1:2)", "    at g (/app/b.js:3:4)", "ready").values()) == 2


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_lines_are_grouped_as_the_templates_they_were_written_from(runtime: str) -> None:
    right, _, joined = measured(RUNTIMES[runtime], seed=3)
    assert right > 0.98
    assert joined > 0.85


# --- secrets, bad input, what is missing ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "login with password=hunter2-of-mine failed",
        'sent {"api_key": "hunter2-of-mine"}',
        "Authorization: Bearer hunter2-of-mine",
        "connect postgres://shop:hunter2-of-mine@db/shop",
        "used skp_hunter2ofmine to ask",
        '{"msg":"token=hunter2-of-mine refused"}',
    ],
)
def test_what_looks_like_a_secret_is_shown_nowhere(line: str) -> None:
    found = analysis.log_patterns([line, "ready"])
    assert "hunter2" not in found.to_csv()
    assert "of-mine" not in found.to_csv()


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("one text", "lines can't be a str: give a log"),
        (7, "lines can't be a int"),
        ({"text": "a"}, "lines can't be a dict"),
        ([1, 2], "a line is text, not int"),
        (pd.DataFrame({"message": ["a"]}), "has a column text; this frame has message"),
        (pd.DataFrame({"text": ["a"], "time": ["now"]}), "column time is"),
    ],
)
def test_what_is_no_log_is_refused(lines: Any, message: str) -> None:
    with pytest.raises(analysis.FrameError, match=message):
        analysis.log_patterns(lines)
    with pytest.raises(analysis.FrameError, match=message.replace("lines", "quiet", 1)):
        analysis.log_patterns(["a"], lines)


def test_a_quiet_log_that_was_searched_for_something_else_is_refused() -> None:
    client = createos_nb.simulate()
    log = client.environments.logs("storefront", "production")
    searched = client.environments.logs("storefront", "production", level="ERROR")
    with pytest.raises(analysis.FrameError, match=r"read with level='ERROR'.*would look new"):
        analysis.log_patterns(log, searched)
    analysis.log_patterns(searched, log)


@pytest.mark.parametrize("empty", [[], [""], [None], pd.Series([], dtype=object), runtime_log_frame("")])
def test_an_empty_log_has_no_patterns(empty: Any) -> None:
    found = analysis.log_patterns(empty, empty)
    assert list(found.columns) == COLUMNS
    assert found.empty
    assert dict(found.dtypes.astype(str)) == dict(analysis.log_patterns(["a"]).dtypes.astype(str))


def test_what_may_be_missing_is_told() -> None:
    log = runtime_log_frame("2026-03-02T09:00:00Z INFO ready")
    log.attrs |= {"complete": True}
    quiet = log.copy()
    quiet.attrs = {"complete": False, "cut": "5,000 lines came"}
    found = analysis.log_patterns(log, quiet)
    assert found.attrs == {"lines": 1, "events": 1, "complete": False, "cut": {"quiet": "5,000 lines came"}}
    assert analysis.log_patterns(log).attrs["complete"] is True


def test_lines_that_come_with_a_gap_a_huge_line_or_odd_text_are_read() -> None:
    log = runtime_log_frame("2026-03-02T09:00:00Z INFO ready\nno time at all")
    log["gap"] = [False, True]
    assert analysis.log_patterns(log)["count"].tolist() == [1]
    odd = ["x" * 1_000_000, "{" * 50_000, "a.b@" * 20_000, "\x00\x07", "{}", "[]", "= = =", '{"msg": 1}', "\\", "<*>"]
    found = analysis.log_patterns(odd * 2)
    assert found["count"].sum() == len(odd) * 2
    assert found["example"].str.len().max() < 400


def test_the_input_stays_as_it_is() -> None:
    log = runtime_log_frame("2026-03-02T09:00:00Z INFO ready\n  on port 80")
    before, attrs = log.copy(), dict(log.attrs)
    analysis.log_patterns(log, log)
    pd.testing.assert_frame_equal(log, before)
    assert log.attrs == attrs


def test_the_order_of_equal_lines_is_kept_and_counts_add_up() -> None:
    rng = np.random.default_rng(5)
    words = ["alder", "birch", "cedar", "dogwood"]
    lines = [f"{words[rng.integers(4)]} {rng.integers(9)} {words[rng.integers(4)]}" for _ in range(500)]
    once, twice = analysis.log_patterns(lines), analysis.log_patterns(lines)
    pd.testing.assert_frame_equal(once, twice)
    assert once["count"].sum() == 500
