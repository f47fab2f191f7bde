"""Exported frames come back as they were, and no spreadsheet executes what is in them."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import createos_nb
from createos_nb import InvalidInput, Secret, export, read_export
from createos_nb.dtypes import TEXT

KINDS = ["csv", "parquet"]
TIMES = st.datetimes(datetime(1500, 1, 1), datetime(9000, 1, 1))
AWKWARD = st.sampled_from("=+-@'\t\r\n\",; ＝\0N")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | AWKWARD, max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
INT64, FLOATS = st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False)
#: dtype, values, and whether there may be gaps
DTYPES: dict[str, tuple[st.SearchStrategy[Any], bool]] = {
    "str": (TEXTS, True),
    "string": (TEXTS, True),
    "Int64": (INT64, True),
    "UInt64": (st.integers(0, 2**64 - 1), True),
    "Int8": (st.integers(-128, 127), True),
    "int64": (INT64, False),
    "uint8": (st.integers(0, 255), False),
    "Float64": (FLOATS, True),
    "float64": (FLOATS, True),
    "Float32": (st.floats(allow_nan=False, width=32), True),
    "float32": (st.floats(allow_nan=False, width=32), True),
    "boolean": (st.booleans(), True),
    "bool": (st.booleans(), False),
    "datetime64[us, UTC]": (TIMES.map(lambda one: one.replace(tzinfo=UTC)), True),
    "datetime64[us]": (TIMES, True),
    "datetime64[s]": (TIMES.map(lambda one: one.replace(microsecond=0)), True),
    "datetime64[ns, UTC]": (
        st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)).map(lambda one: one.replace(tzinfo=UTC)),
        True,
    ),
    "timedelta64[us]": (st.timedeltas(timedelta(days=-9999), timedelta(days=9999)), True),
    "object": (st.lists(JSON, max_size=3) | st.dictionaries(TEXTS, JSON, max_size=3) | TEXTS | st.booleans(), True),
    "category": (TEXTS, True),
}


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    """A frame of up to four columns of any dtype that is kept."""
    size = draw(st.integers(0, 4))
    names = draw(st.lists(TEXTS, min_size=1, max_size=4, unique=True))
    columns: dict[str, pd.Series] = {}
    for name in names:
        dtype = draw(st.sampled_from(sorted(DTYPES)))
        values, gaps = DTYPES[dtype]
        drawn = draw(st.lists(st.none() | values if gaps else values, min_size=size, max_size=size))
        if dtype == "object":
            held = np.empty(size, dtype=object)
            held[:] = drawn
            columns[name] = pd.Series(held)
        else:
            columns[name] = pd.Series(drawn, dtype=TEXT if dtype == "str" else dtype)
    return pd.DataFrame(columns)


def same(found: pd.DataFrame, frame: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found, frame, check_exact=True, check_column_type=False)
    for name in frame:  # which `assert_frame_equal` does not tell apart
        if frame[name].dtype == object or str(frame[name].dtype) == "str":
            for one, other in zip(found[name], frame[name], strict=True):
                assert type(one) is type(other)


@pytest.mark.parametrize("kind", KINDS)
@given(frame=frames())
@example(frame=pd.DataFrame({"text": pd.Series(["\0", "a\0b", None, ""], dtype=TEXT)}))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_frame_comes_back_as_it_was(kind: str, frame: pd.DataFrame, tmp_path: Path) -> None:
    same(read_export(export(frame, tmp_path / f"frame.{kind}")), frame)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "index",
    [
        pd.RangeIndex(2),
        pd.RangeIndex(5, 7),
        pd.RangeIndex(0, 4, 2),
        pd.RangeIndex(2, name="n"),
        pd.Index(["=a", ""], name="path"),
        pd.Index(["a", "b"]),
        pd.date_range("2026-03-02", periods=2, freq="5min", tz="UTC", name="time", unit="us"),
        pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["x", None]),
        pd.Index([3, 1], dtype="Int64", name="=n"),
    ],
    ids=str,
)
def test_the_index_comes_back(kind: str, index: pd.Index, tmp_path: Path) -> None:
    frame = pd.DataFrame({"v": pd.array([1, None], dtype="Int64")}, index=index)
    found = read_export(export(frame, tmp_path / f"frame.{kind}"))
    pd.testing.assert_frame_equal(found, frame)
    assert found.index.names == index.names
    if isinstance(index, pd.DatetimeIndex):
        assert found.index.freq == index.freq


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_frame_says_of_itself_comes_back(kind: str, tmp_path: Path) -> None:
    with createos_nb.simulate() as client:
        frame = client.deployments.list("storefront")
        traffic = client.analytics.requests_over_time("storefront", "production", start="-2h")
    for one in (frame, traffic, frame.head(0)):
        found = read_export(export(one, tmp_path / f"frame.{kind}"))
        pd.testing.assert_frame_equal(found, one)
        assert found.attrs == json.loads(json.dumps(one.attrs))
        assert len(one.attrs) > 3


@pytest.mark.parametrize("kind", KINDS)
def test_categories_keep_their_order_and_those_that_nobody_has(kind: str, tmp_path: Path) -> None:
    ordered = pd.CategoricalDtype(["low", "=high", "never"], ordered=True)
    numbers = pd.CategoricalDtype([3, 1, 2])
    frame = pd.DataFrame(
        {
            "level": pd.Series(["=high", None, "low"], dtype=ordered),
            "number": pd.Series([1, None, 3], dtype=numbers),
            "day": pd.Series(pd.to_datetime(["2026-03-02", "2026-03-01", None])).astype("category"),
        }
    )
    found = read_export(export(frame, tmp_path / f"frame.{kind}"))
    pd.testing.assert_frame_equal(found, frame)
    assert found["level"].cat.ordered


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "UTC+05:30"])
@pytest.mark.parametrize("kind", KINDS)
def test_times_of_other_zones_come_back_also_where_clocks_are_set_back(kind: str, zone: str, tmp_path: Path) -> None:
    start = pd.Timestamp("2026-10-24T22:00Z")
    times = pd.Series(pd.date_range(start, periods=40, freq="30min", unit="us").tz_convert(zone))
    frame = pd.DataFrame({"time": times})
    pd.testing.assert_frame_equal(read_export(export(frame, tmp_path / f"frame.{kind}")), frame)


# --- spreadsheets -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "'=1", "=cmd|' /C calc'!A0", '=HYPERLINK("x")'],
)
def test_no_cell_of_a_csv_begins_like_a_formula(text: str, tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            text: pd.Series([text, "plain"], dtype=TEXT),
            "object": [text, [text]],
            "category": pd.Series([text, None], dtype="category"),
            "string": pd.Series([text, None], dtype="string"),
        },
        index=pd.Index([text, "b"], name="@index"),
    )
    path = export(frame, tmp_path / "frame.csv")
    with open(path, newline="", encoding="utf-8") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert len(cells) == 15
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝"))]
    pd.testing.assert_frame_equal(read_export(path), frame)


def test_numbers_below_zero_stay_numbers_for_a_spreadsheet(tmp_path: Path) -> None:
    path = export(pd.DataFrame({"n": [-1], "x": [-1.5]}), tmp_path / "frame.csv")
    assert path.read_text() == "n,x\n-1,-1.5\n"


def test_texts_in_parquet_are_as_they_are(tmp_path: Path) -> None:
    path = export(pd.DataFrame({"=path": pd.Series(["=1+1", "'x"], dtype=TEXT)}), tmp_path / "frame.parquet")
    assert pd.read_parquet(path)["=path"].tolist() == ["=1+1", "'x"]


def test_a_text_that_is_empty_is_another_than_one_that_is_missing(tmp_path: Path) -> None:
    frame = pd.DataFrame({"some": pd.Series(["", None, "x"], dtype=TEXT), "all": pd.Series(["", "x", ""], dtype=TEXT)})
    found = read_export(export(frame, tmp_path / "frame.csv"))
    assert found["some"].isna().tolist() == [False, True, False]
    assert found["all"].tolist() == ["", "x", ""]


# --- secrets and values -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_secrets_stay_masked(kind: str, tmp_path: Path) -> None:
    frame = pd.DataFrame({"v": [{"A": Secret("hidden-value")}, Secret("hidden-value"), [Secret("hidden-value")]]})
    frame.attrs["key"] = Secret("hidden-value")
    path = export(frame, tmp_path / f"frame.{kind}")
    for file in tmp_path.iterdir():
        assert b"hidden-value" not in file.read_bytes()
    assert read_export(path)["v"].tolist() == [{"A": "••••••"}, "••••••", ["••••••"]]


@pytest.mark.parametrize("kind", KINDS)
def test_values_that_json_has_no_form_for_become_texts_and_gaps(kind: str, tmp_path: Path) -> None:
    values = [{"n": np.int64(5), "x": float("nan"), "i": float("inf"), "t": pd.Timestamp("2026-03-02"), "g": pd.NA}]
    frame = pd.DataFrame({"v": values})
    expected = {"n": 5, "x": None, "i": "inf", "t": "2026-03-02 00:00:00", "g": None}
    path = export(frame, tmp_path / f"frame.{kind}")
    assert read_export(path)["v"].iloc[0] == expected


def test_the_dtypes_beside_a_csv_are_json_that_every_reader_takes(tmp_path: Path) -> None:
    frame = pd.DataFrame({"v": pd.Series(["x"], dtype=TEXT)})
    frame.attrs = {"nan": float("nan"), "inf": float("inf"), "set": {1}, 5: (1, 2)}

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    export(frame, tmp_path / "frame.csv")
    facts = json.loads((tmp_path / "frame.dtypes.json").read_text(), parse_constant=refuse)
    assert facts == {
        "dtypes": {"v": "str"},
        "index": [],
        "attrs": {"nan": None, "inf": "inf", "set": [1], "5": [1, 2]},
    }


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_write_that_fails_leaves_the_old_files_and_nothing_else(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = export(pd.DataFrame({"v": [1]}), tmp_path / f"frame.{kind}")
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}

    def fail(self: pd.DataFrame, to: Path, **options: Any) -> None:
        Path(to).write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, f"to_{kind}", fail)
    with pytest.raises(InvalidInput, match="can't be written: No space left on device"):
        export(pd.DataFrame({"v": [2]}), path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_file_gets_the_rights_of_any_other(tmp_path: Path) -> None:
    path = export(pd.DataFrame({"v": [1]}), tmp_path / "new" / "frame.csv")
    (tmp_path / "other").write_text("")
    assert os.stat(path).st_mode == os.stat(tmp_path / "other").st_mode


@pytest.mark.parametrize(
    ("frame", "name", "said"),
    [
        (pd.DataFrame({"v": [1]}), "frame.xlsx", r"frame\.xlsx: export writes \.csv or \.parquet"),
        (pd.Series([1]), "frame.csv", "takes a DataFrame, not Series"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "frame.csv", "different names: a"),
        (pd.DataFrame([[1, 2]], columns=[1, "1"]), "frame.csv", "different names: 1"),
        (pd.DataFrame({"a": [1]}, index=pd.Index([1], name="a")), "frame.csv", "different names: a"),
        (pd.DataFrame(index=range(3)), "frame.csv", "needs a frame with columns"),
        (pd.DataFrame({("a", "b"): [1]}), "frame.csv", "columns of one level"),
        (
            pd.DataFrame({"p": pd.period_range("2026", periods=2, freq="D")}),
            "frame.csv",
            r"'p' is of dtype period\[D\]",
        ),
        (pd.DataFrame({"c": [1j]}), "frame.parquet", "dtype complex128"),
    ],
)
def test_a_frame_that_no_file_keeps_is_refused_and_nothing_is_written(
    frame: Any, name: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match=said):
        export(frame, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_export_did_not_write_is_refused(tmp_path: Path) -> None:
    path = export(pd.DataFrame({"v": [1]}), tmp_path / "frame.csv")
    for content, said in (("v\nx\n", "other values"), ("w\n1\n", "other columns"), ('v\n"1\n', "can't be read")):
        path.write_text(content)
        with pytest.raises(InvalidInput, match=said):
            read_export(path)
    (tmp_path / "frame.dtypes.json").write_text("[]")
    with pytest.raises(InvalidInput, match="was not written by export"):
        read_export(path)
    (tmp_path / "frame.dtypes.json").unlink()
    with pytest.raises(InvalidInput, match=r"frame\.dtypes\.json is missing"):
        read_export(path)
    pd.DataFrame({"v": [1]}).to_parquet(tmp_path / "other.parquet")
    with pytest.raises(InvalidInput, match="was not written by export"):
        read_export(tmp_path / "other.parquet")
    (tmp_path / "no.parquet").write_text("PAR1")
    for name in ("no.parquet", "gone.parquet", "gone.csv"):
        with pytest.raises(InvalidInput):
            read_export(tmp_path / name)
    with pytest.raises(InvalidInput, match=r"read_export reads \.csv or \.parquet"):
        read_export(tmp_path / "frame.xlsx")


def test_half_a_surrogate_pair_comes_back_out_of_json(tmp_path: Path) -> None:
    frame = pd.DataFrame({"v": [["\ud800", "é"]]})
    assert read_export(export(frame, tmp_path / "frame.csv"))["v"].tolist() == [["\ud800", "é"]]


def test_without_pyarrow_csv_works_and_parquet_says_what_to_install(tmp_path: Path) -> None:
    program = f"""
import sys
class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "pyarrow":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, NotInstalled())
import pandas as pd
import createos_nb
from createos_nb.dtypes import TEXT
frame = pd.DataFrame({{"v": pd.Series(["=x", None, ""], dtype=TEXT), "n": pd.array([1, None, 2], dtype="Int64")}})
path = createos_nb.export(frame, {str(tmp_path / "frame.csv")!r})
pd.testing.assert_frame_equal(createos_nb.read_export(path), frame)
try:
    createos_nb.export(frame, {str(tmp_path / "frame.parquet")!r})
except createos_nb.ConfigurationError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert "pip install 'createos-nb[parquet]'" in done.stdout
