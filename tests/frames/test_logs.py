"""Logs as frames: what terminals would act on is taken out or spelled out, and no line is lost."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from createos_nb import errors
from createos_nb.display import strip_control_chars
from createos_nb.frames.logs import COLUMNS, runtime_log_frame
from createos_nb.log_text import level_of

DTYPES = {"time": "datetime64[us, UTC]", "line_number": "Int64", "stage": "str", "level": "str", "text": "str"}


def assert_promised(frame: pd.DataFrame) -> None:
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == DTYPES
    assert tuple(frame.columns) == COLUMNS


def logs(wire: Any, payload: Any) -> pd.DataFrame:
    client, _ = wire.client(wire.ok(payload))
    frame = client.deployments.logs(wire.uuid(1), wire.uuid(2))
    assert isinstance(frame, pd.DataFrame)
    return frame


@pytest.mark.parametrize("text", ["", "\n", "one", "2026-03-02T09:00:00Z one", None])
def test_a_log_has_its_columns_and_dtypes_whatever_it_holds(text: str | None, wire: Any) -> None:
    assert_promised(logs(wire, text))


def test_lines_are_numbered_and_timed() -> None:
    frame = runtime_log_frame(
        "2026-03-02T09:00:00.123456789Z started\n"
        "[2026-03-02T10:00:01+01:00] INFO ready\n"
        "2026-03-02 09:00:02,5Z done\n"
        "no time at all\n"
    )
    assert_promised(frame)
    assert frame["line_number"].tolist() == [1, 2, 3, 4]
    assert frame["text"].tolist() == ["started", "INFO ready", "done", "no time at all"]
    assert frame["time"].tolist()[:3] == [
        pd.Timestamp("2026-03-02T09:00:00.123456Z"),
        pd.Timestamp("2026-03-02T09:00:01Z"),
        pd.Timestamp("2026-03-02T09:00:02.5Z"),
    ]
    assert frame["time"].isna().tolist() == [False, False, False, True]


@pytest.mark.parametrize("odd", ["2026-13-45T99:99:99Z", "2026-02-30T09:00:00Z", "2026-03-02T09:00:60Z"])
def test_what_looks_like_a_time_and_is_none_stays_in_its_line_and_harms_no_other(odd: str) -> None:
    frame = runtime_log_frame(f"{odd} hello\n2026-03-02T09:00:00Z ready")
    assert_promised(frame)
    assert frame["text"].tolist() == [f"{odd} hello", "ready"]
    assert frame["time"].isna().tolist() == [True, False]


def test_only_ends_of_lines_end_lines() -> None:
    frame = runtime_log_frame("one\r\ntwo\nthree\rfour\n\nsix\x0bsix\x0csix\x1csix\x85six\u2028six\n")
    assert frame["text"].tolist()[:5] == ["one", "two", "three", "four", ""]
    assert len(frame) == 6


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[1;38;5;196mbold\x1b[m", "bold"),
        ("\x1b[2K\x1b[1Gprogress", "progress"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;https://x.test\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("bell\x07", "bell\\x07"),
        ("null\x00", "null\\x00"),
        ("delete\x7f", "delete\\x7f"),
        ("csi\x9b31m", "csi\\x9b31m"),
        ("left\u202eto right", "left\\u202eto right"),
        ("an \x1b escape", "an \\x1b escape"),
        ("tab\tstays", "tab\tstays"),
        ("é ü 漢字 🙂", "é ü 漢字 🙂"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("end of line\r\n", "end of line"),
        ("two\nlines", "two\\nlines"),
    ],
)
def test_nothing_that_a_terminal_would_act_on_is_left(text: str, shown: str) -> None:
    assert strip_control_chars(text) == shown


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_a_clean_line_has_no_control_characters(text: str) -> None:
    assert not {c for c in strip_control_chars(text) if (ord(c) < 32 and c != "\t") or 127 <= ord(c) < 160}
    frame = runtime_log_frame(text)
    assert_promised(frame)
    assert len(frame) == len(text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")) - (not text)


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("INFO ready", "info"),
        ("[WARNING] slow", "warn"),
        ("WARN slow", "warn"),
        ("ERR no", "error"),
        ("2026 ERROR no", "error"),
        ("CRITICAL down", "fatal"),
        ("PANIC", "fatal"),
        ("NOTICE hello", "info"),
        ('{"level":"error","msg":"no"}', "error"),
        ('{"level" : "warning"}', "warn"),
        ("time=1 level=debug msg=x", "debug"),
        ("Traceback (most recent call last):", "error"),
        ("ValueError: no", "error"),
        ("npm ERR! no", "error"),
        ("panic: runtime error", "error"),
        ("information about errors", None),
        ("GET /error 200", None),
        ("x" * 1000 + " ERROR", None),
        ("", None),
    ],
)
def test_a_level_is_read_where_the_line_says_so(text: str, level: str | None) -> None:
    assert level_of(text) == level


def test_log_lines_as_an_array_are_lines_too(wire: Any) -> None:
    assert logs(wire, ["one", "two"])["text"].tolist() == ["one", "two"]


@pytest.mark.parametrize("odd", [{"logs": "text"}, 5, True, [1], [["a"]]])
def test_a_log_of_another_shape_is_an_error_instead_of_an_empty_log(odd: Any, wire: Any) -> None:
    with pytest.raises(errors.InvalidResponse, match="GetDeploymentLogs"):
        logs(wire, odd)


def test_a_build_log_has_level_and_clean_text(wire: Any) -> None:
    rows: list[Any] = [
        {
            "ts": "2026-03-02T09:00:00Z",
            "lineNumber": 1,
            "stage": "build",
            "log": "\x1b[32mINFO ok\x1b[0m\r\n",
            "deploymentId": "d",
        },
        {"ts": None, "lineNumber": 2, "stage": "build", "log": None},
        {"lineNumber": 3, "log": 4711, "colour": "red"},
    ]
    client, _ = wire.client(wire.ok(rows))
    frame = client.deployments.build_logs(wire.uuid(1), wire.uuid(2))
    assert list(frame.columns[:5]) == list(COLUMNS)
    assert frame["text"].tolist()[::2] == ["INFO ok", "4711"]
    assert frame["level"].tolist()[0] == "info"
    assert frame.loc[1, ["time", "level", "text"]].isna().all()
    assert frame["colour"].tolist() == [None, None, "red"]
    empty, _ = wire.client(wire.ok([]))
    assert empty.deployments.build_logs(wire.uuid(1), wire.uuid(2)).dtypes[:5].map(str).to_dict() == DTYPES


def test_what_was_asked_is_in_the_attrs(wire: Any) -> None:
    client, seen = wire.client(wire.ok("line"))
    frame = client.environments.logs(wire.uuid(1), wire.uuid(2), start="-1h", level=["WARN", "error"], search="LINE")
    assert int(seen[0].url.params["since-seconds"]) == 3636  # a hundredth more, which tells whether it is whole
    asked = {"start": "-1h", "level": "WARN, error", "search": "LINE"}
    assert frame.attrs["asked"] == {"project": wire.uuid(1), "environment": wire.uuid(2), **asked}
    assert json.dumps(frame.attrs)
