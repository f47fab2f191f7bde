"""Frames keep their promises: same columns and dtypes when empty, nothing lost that is not declared, no secret."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import msgspec
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect
from pandas.testing import assert_frame_equal

from createos_nb import contract
from createos_nb.contract.analytics import Overview
from createos_nb.contract.operation import NumberedPage, Operation, Page, Record, Rows
from createos_nb.frames import Builder, frame_of, reader, schema
from createos_nb.frames.read import DecodedRows
from createos_nb.redaction import MASK, wrap_secrets

LISTS = [one for one in contract.OPERATIONS.values() if isinstance(one.answer, Record | Rows | Page | NumberedPage)]
BY_RESOURCE = {one.answer.of: one for one in LISTS if not getattr(one.answer, "bare", None)}
RESOURCES = sorted(BY_RESOURCE, key=lambda of: of.__name__)
NAMES = [of.__name__ for of in RESOURCES]

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
MOMENTS = st.datetimes(pd.Timestamp("1970-01-02"), pd.Timestamp("2100-01-01")).map(lambda d: d.isoformat() + "Z")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


def value_of(kind: inspect.Type) -> st.SearchStrategy[Any]:
    if isinstance(kind, inspect.Metadata):
        return MOMENTS if (kind.extra_json_schema or kind.extra or {}).get("kind") == "time" else value_of(kind.type)
    if isinstance(kind, inspect.UnionType):
        return st.one_of([value_of(one) for one in kind.types])
    if isinstance(kind, inspect.StructType):
        return row_of(kind.cls)
    simple: dict[type, st.SearchStrategy[Any]] = {
        inspect.NoneType: st.none(),
        inspect.StrType: TEXT,
        inspect.IntType: st.integers(-(2**63), 2**63 - 1),
        inspect.FloatType: st.floats(allow_nan=False, allow_infinity=False),
        inspect.BoolType: st.booleans(),
        inspect.AnyType: JSON,
    }
    if type(kind) in simple:
        return simple[type(kind)]
    if isinstance(kind, inspect.DictType):
        return st.dictionaries(TEXT, value_of(kind.value_type), max_size=3)
    if isinstance(kind, inspect.ListType):
        return st.lists(value_of(kind.item_type), max_size=3)
    raise AssertionError(kind)


@cache
def row_of(of: type[msgspec.Struct]) -> st.SearchStrategy[dict[str, Any]]:
    """Rows that the declaration accepts, any field missing or null."""
    times = {column.wire[-1] for column in schema(of).columns if column.kind == "time" and len(column.wire) == 1}
    fields = {
        one.encode_name: (st.none() | MOMENTS) if one.encode_name in times else value_of(one.type)
        for one in inspect.type_info(of).fields
    }
    return st.fixed_dictionaries({}, optional=fields)


def wrapped(one: Operation, rows: list[Any]) -> bytes:
    answer = one.answer
    if isinstance(answer, Record):
        (value,) = rows
        value = {answer.inside: value} if answer.inside else value
    elif isinstance(answer, Page):
        value = {answer.rows: rows, "pagination": {"total": len(rows), "limit": 20, "offset": 0, "count": len(rows)}}
    elif isinstance(answer, Rows) and answer.inside:
        value = {answer.inside: rows}
    else:
        value = rows
    return json.dumps(value).encode()


def built(found: Any, of: Any) -> pd.DataFrame:
    builder = Builder(of)
    found.into(builder)
    return builder.frame()


# --- rows that are mere texts


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b'["project.create", "scan.failed"]', ["project.create", "scan.failed"]),
        (b"[]", []),
        (b"null", []),
        (b'["a", null, {"name": "b"}]', ["a", None, {"name": "b"}]),
    ],
)
def test_a_mere_text_is_the_only_field_of_its_row(payload: bytes, expected: list[Any]) -> None:
    one = contract.find("ListWebhookActions")
    frame = built(reader(one).read(payload), one.answer.of)
    assert list(frame.columns) == ["event"]
    assert [None if value is pd.NA or value != value else value for value in frame["event"]] == expected


# --- the promises


@pytest.mark.parametrize("of", RESOURCES, ids=NAMES)
def test_an_empty_frame_has_the_columns_and_dtypes_of_the_reference(of: Any) -> None:
    frame = frame_of(of)
    expected = {column.name: column.dtype for column in schema(of).columns if column.into is None}
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == expected
    assert list(frame.columns) == list(expected)
    assert frame.columns.is_unique
    nothing = frame_of(of, raw=[{}])
    assert nothing.dtypes.equals(frame.dtypes)
    assert frame_of(of, [of()]).dtypes.equals(frame.dtypes)


@pytest.mark.parametrize("of", RESOURCES, ids=NAMES)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_what_fits_the_declaration_has_its_dtypes_on_both_roads(of: Any, data: st.DataObject) -> None:
    one = BY_RESOURCE[of]
    rows = data.draw(st.lists(row_of(of), min_size=1, max_size=1 if isinstance(one.answer, Record) else 4))
    body = wrapped(one, rows)
    read = reader(one)
    fast, slow = read.read(body), read._slow(body)
    assert slow.raw is not None
    if fast.raw is None and of is not Overview:  # whose lists of objects are taken apart by its noun
        assert_frame_equal(built(fast, of), built(slow, of))
    frame = built(read.read(body), of)
    assert frame.dtypes.equals(frame_of(of).dtypes)
    assert len(frame) == len(rows)


@pytest.mark.parametrize("of", RESOURCES, ids=NAMES)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_a_value_of_another_type_survives_and_harms_no_other_column(of: Any, data: st.DataObject) -> None:
    columns = [c for c in schema(of).columns if c.kind not in ("state", "map", "secret") and len(c.wire) == 1]
    filled = {c.into for c in schema(of).columns}  # gaps that a second spelling fills
    columns = [c for c in columns if c.into is None and c.name not in filled]
    if not columns:
        return  # all of its columns are hidden, or inside other objects
    column = data.draw(st.sampled_from(columns))
    row, odd = data.draw(row_of(of)), data.draw(JSON)
    frame = built(reader(BY_RESOURCE[of])._slow(wrapped(BY_RESOURCE[of], [{**row, column.wire[0]: odd}])), of)
    plain = built(reader(BY_RESOURCE[of])._slow(wrapped(BY_RESOURCE[of], [row])), of)
    others = [name for name in plain.columns if name not in (column.name, column.name.replace("status", "state"))]
    assert_frame_equal(frame[others], plain[others])
    held = frame[column.name].array[0]
    if column.kind == "time" and isinstance(held, pd.Timestamp):
        assert pd.Timestamp(odd).tz_convert("UTC") == held if "Z" in odd else True
    elif odd is None or odd == "":
        assert odd == held or pd.isna(held)
    else:
        assert held == odd


@settings(max_examples=30, deadline=None)
@given(
    extra=st.dictionaries(TEXT.filter(lambda name: name not in ("a", "b")), JSON, max_size=4),
    row=row_of(contract.find("GetProject").answer.of),
)
def test_fields_that_the_contract_does_not_know_come_at_the_end(extra: dict[str, Any], row: dict[str, Any]) -> None:
    of = contract.find("GetProject").answer.of
    known = {column.wire[0] for column in schema(of).columns}
    new = {name: value for name, value in extra.items() if name not in known}
    frame = frame_of(of, raw=[{**row, **new}, row])
    names = schema(of).names
    assert list(frame.columns[: len(names)]) == names
    assert frame.columns.is_unique
    assert len(frame.columns) == len(names) + len(new)
    assert frame.iloc[0, len(names) :].tolist() == list(wrap_secrets(json.loads(json.dumps(new))).values())
    assert all(value is None for value in frame.iloc[:, len(names) :].astype(object).to_numpy()[1])


# --- words, gaps, maps


@pytest.mark.parametrize("of", RESOURCES, ids=NAMES)
def test_a_status_that_is_in_no_list_survives_beside_its_word(of: Any) -> None:
    for column in schema(of).columns:
        if column.kind != "state":
            continue
        row: Any = "defragmenting"
        for part in reversed(column.wire):
            row = {part: row}
        status = next(c.name for c in schema(of).columns if c.path == column.path and c.kind != "state")
        frame = frame_of(of, raw=[row])
        assert (frame[status][0], frame[column.name][0]) == ("defragmenting", "defragmenting")
        assert list(frame.columns).index(column.name) == list(frame.columns).index(status) + 1


def test_wire_word_and_peoples_word_stand_side_by_side(wire: Any) -> None:
    words = ["queue", "building", "deploying", "deployed", "build_error", "error", "crashing", "sleeping", "cancelled"]
    rows = [{"id": wire.uuid(n), "status": word} for n, word in enumerate([*words, "terminating", None])]
    client, _ = wire.client(lambda request: wire.page(rows, request))
    frame = client.deployments.list(wire.uuid(1, 9))
    assert frame["status"].tolist()[:-1] == [*words, "terminating"]
    people = "queued building deploying deployed failed failed failed sleeping cancelled terminating"
    assert frame["state"].tolist()[:-1] == people.split()
    assert frame[["status", "state"]].iloc[-1].isna().all()


def test_null_where_an_object_belongs_is_a_row_of_gaps(wire: Any) -> None:
    rows = [{"id": "1", "source": None, "extra": None, "settings": None}, {"id": "2", "source": {"branch": "main"}}]
    client, _ = wire.client(lambda request: wire.page(rows, request))
    frame = client.deployments.list(wire.uuid(1, 9))
    assert frame["source_branch"].tolist()[1] == "main"
    assert frame.loc[0, ["source_branch", "endpoint", "settings_port", "run_envs"]].isna().all()


def test_an_object_where_a_text_belongs_and_a_text_where_an_object_belongs_survive(wire: Any) -> None:
    rows = [{"id": "1", "source": "github", "status": {"now": "building"}, "versionNumber": "seven", "createdAt": 17}]
    client, _ = wire.client(lambda request: wire.page(rows, request))
    frame = client.deployments.list(wire.uuid(1, 9))
    row = frame.iloc[0]
    assert row["status"] == row["state"] == {"now": "building"}
    assert (row["version_number"], row["created_at"], row["source"]) == ("seven", 17, "github")
    assert list(frame.columns)[-1] == "source"


def test_nested_fields_that_are_new_are_named_behind_their_parents() -> None:
    of = contract.find("ListDeployments").answer.of
    frame = frame_of(of, raw=[{"source": {"branch": "main", "signedBy": "key"}, "newField": [1], "project_id": "x"}])
    assert list(frame.columns)[-3:] == ["source_signed_by", "new_field", "project_id_2"]
    assert frame.iloc[0, -3:].tolist() == ["key", [1], "x"]


def test_two_new_fields_that_are_one_name_in_ours_are_both_kept() -> None:
    frame = frame_of(contract.find("ListApps").answer.of, raw=[{"fooBar": 1, "foo_bar": 2, "foo-bar": 3}])
    assert frame.iloc[0, -3:].to_dict() == {"foo_bar": 1, "foo_bar_2": 2, "foo_bar_3": 3}


def test_a_map_keeps_its_keys_and_shows_no_value() -> None:
    variables = {"snake_case": "hush", "camelCase": "hush", "x-y z": "hush", "": "hush"}
    of = contract.find("ListProjectEnvironments").answer.of
    frame = frame_of(of, raw=[{"settings": {"runEnvs": variables}}])
    assert frame["run_envs"][0] == dict.fromkeys(variables, MASK)
    assert "hush" not in frame.to_string() + frame.to_csv() + frame.to_json(date_format="iso") + frame.to_html()


@pytest.mark.parametrize(
    "odd", ["hush", ["hush"], [{"name": "A", "value": "hush"}], {"A": {"b": "hush"}}, {"A": ["hush"]}, 4711]
)
def test_variables_of_another_shape_are_hidden_whole(odd: Any) -> None:
    of = contract.find("ListProjectEnvironments").answer.of
    for raw in ({"settings": {"runEnvs": odd}}, {"settings": {"runEnvs": odd}, "new": {"buildVars": odd}}):
        shown = frame_of(
            of, raw=[reader(contract.find("ListProjectEnvironments"))._slow(json.dumps([raw]).encode()).raw[0]]
        )
        assert "hush" not in shown.to_string()
        assert "4711" not in shown.to_string()


@pytest.mark.parametrize("unknown", [{}, {"newField": 1}], ids=["fast", "slow"])
def test_variables_inside_a_free_map_are_masked_on_both_roads(unknown: dict[str, Any], wire: Any) -> None:
    """A template's configuration holds the variables of the project that it was made from."""
    row = {
        "id": wire.uuid(1),
        "projectConfiguration": {"settings": {"runEnvs": {"A": "hush"}, "port": 80}},
        "environmentConfiguration": {"list": [{"headers": {"Authorization": "hush"}, "token": "hush"}]},
        **unknown,
    }
    client, _ = wire.client(wire.ok(row))
    shown = client.templates.get(wire.uuid(1))
    assert "hush" not in repr(shown) + shown.to_frame().to_html()
    assert shown["project_configuration"]["settings"]["port"] == 80
    assert list(shown["project_configuration"]["settings"]["runEnvs"]) == ["A"]


def test_both_spellings_of_a_repository_are_read() -> None:
    one = contract.find("ListGithubRepositories")
    for row in ({"fullName": "o/r", "defaultBranch": "main"}, {"full_name": "o/r", "default_branch": "main"}):
        for more in ({}, {"new": 1}):
            frame = built(reader(one).read(json.dumps([{"id": 1, **row, **more}]).encode()), one.answer.of)
            assert frame.loc[0, ["full_name", "default_branch"]].tolist() == ["o/r", "main"]
            assert "full_name_again" not in frame.columns


def test_dns_records_are_shown_as_they_came() -> None:
    one = contract.find("ListDomains")
    records = {"txt_records": [{"name": "_v", "value": "x"}], "a_records": ["192.0.2.1"]}
    frame = built(reader(one).read(json.dumps([{"records": records}, {"records": None}]).encode()), one.answer.of)
    assert frame["records_txt_records"].tolist() == [[{"name": "_v", "value": "x"}], None]
    assert frame["records_a_records"].tolist() == [["192.0.2.1"], None]


# --- rows


def test_rows_that_are_no_objects_are_kept_in_a_column_of_their_own() -> None:
    frame = frame_of(contract.find("ListApps").answer.of, raw=["text", {"id": "1"}, None, 5])
    assert frame["value"].tolist() == ["text", None, None, 5]
    assert frame["id"].tolist()[1] == "1"


def test_rows_are_given_to_a_builder_once_and_then_let_go() -> None:
    of = contract.find("ListApps").answer.of
    found = DecodedRows([of(id=str(number)) for number in range(20_000)])
    assert built(found, of)["id"].tolist() == [str(number) for number in range(20_000)]
    assert len(found) == 0


def test_many_rows_are_built_chunk_by_chunk_and_new_fields_in_the_middle_find_their_rows() -> None:
    of = contract.find("ListDeployments").answer.of
    builder = Builder(of)
    for number in range(20_000):
        if number in (0, 9_000, 19_999):
            builder.add_raw([{"versionNumber": number, "seen": number}])
        else:
            builder.add([of(version_number=number)])
    frame = builder.frame()
    assert frame["version_number"].tolist() == list(range(20_000))
    assert frame["seen"].dropna().to_dict() == {0: 0, 9_000: 9_000, 19_999: 19_999}
    assert str(frame["version_number"].dtype) == "Int64"
