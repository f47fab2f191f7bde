"""Rows as structs: what fits is there, what does not is left out and named, secrets stay secret."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from createos_nb.contract import find
from createos_nb.contract.deployments import Deployment
from createos_nb.contract.domains import Domain
from createos_nb.contract.environments import Environment
from createos_nb.contract.projects import Project
from createos_nb.contract.row import Row
from createos_nb.errors import InvalidResponse
from createos_nb.frames.structs import struct_of, structs_of
from createos_nb.redaction import Secret
from tests.frames.test_build import JSON, RESOURCES

ROW = {"id": "d1", "versionNumber": 12, "status": "deployed", "settings": {"port": 80}, "source": {"branch": "main"}}


def test_a_row_that_fits_is_whole() -> None:
    row, unread = struct_of(Deployment, ROW)
    assert (row.id, row.version_number, row.status, unread) == ("d1", 12, "deployed", ())
    assert row.settings is not None
    assert row.settings.port == 80
    assert row.source is not None
    assert row.source.branch == "main"


@pytest.mark.parametrize(
    ("field", "odd", "unread"),
    [
        ("id", 7, "id"),
        ("id", ["d1"], "id"),
        ("versionNumber", "12", "versionNumber"),
        ("versionNumber", True, "versionNumber"),
        ("versionNumber", 12.5, "versionNumber"),
        ("versionNumber", 2**63, "versionNumber"),
        ("versionNumber", 1e300, "versionNumber"),
        ("status", {"word": "deployed"}, "status"),
        ("settings", "none", "settings"),
        ("settings", {"port": "http", "runtime": "node:20"}, "settings.port"),
        ("settings", {"runEnvs": ["A=1"]}, "settings.runEnvs"),
        ("source", {"branch": 3}, "source.branch"),
    ],
)
def test_what_does_not_fit_is_none_and_named_and_the_rest_is_there(field: str, odd: Any, unread: str) -> None:
    row, names = struct_of(Deployment, {**ROW, field: odd})
    assert names == (unread,)
    whole = msgspec.to_builtins(struct_of(Deployment, ROW)[0])
    read = msgspec.to_builtins(row)
    assert {name: value for name, value in read.items() if name != field} == {
        name: value for name, value in whole.items() if name != field
    }


@pytest.mark.parametrize("row", [None, 5, "deployed", [], True])
def test_what_is_no_row_at_all_is_an_empty_one(row: Any) -> None:
    assert struct_of(Deployment, row) == (Deployment(), ("the row",))


def test_whole_floats_are_whole_numbers_and_unknown_fields_have_no_place() -> None:
    row, unread = struct_of(Deployment, {**ROW, "versionNumber": 12.0, "colour": "red"})
    assert (row.version_number, row.status, unread) == (12, "deployed", ())


def test_a_map_of_somebodys_own_keeps_its_names_and_its_secrets() -> None:
    variables = {"apiKey": Secret("s3cret-value"), "API_KEY": Secret("other"), "x-y": Secret("")}
    row, unread = struct_of(Environment, {"id": "e1", "settings": {"runEnvs": variables, "odd": 1}})
    assert row.settings is not None
    assert row.settings.run_envs == variables
    assert all(isinstance(value, Secret) for value in row.settings.run_envs.values())
    assert "s3cret" not in repr(row)
    assert unread == ()


def test_names_that_the_wire_writes_otherwise_are_read() -> None:
    row, unread = struct_of(Domain, {"id": "d", "records": {"txt_records": [{"name": "a"}], "a_records": ["10.0.0.1"]}})
    assert row.records is not None
    assert row.records.a_records == ["10.0.0.1"]
    assert unread == ()


def test_rows_are_found_in_pages_and_arrays_and_records() -> None:
    page = {"data": [ROW, 3], "pagination": {"total": 2}}
    assert [row.id for row, _ in structs_of(find("ListDeployments"), Deployment, page)] == ["d1", None]
    assert [row.id for row, _ in structs_of(find("ListDomains"), Domain, [{"id": "d"}])] == ["d"]
    assert structs_of(find("ListDomains"), Domain, None) == []
    assert [row.id for row, _ in structs_of(find("GetProject"), Project, {"id": "p"})] == ["p"]


@pytest.mark.parametrize("payload", [None, [], "p", 3])
def test_what_holds_no_record_is_an_error_of_its_own(payload: Any) -> None:
    with pytest.raises(InvalidResponse):
        structs_of(find("GetProject"), Project, payload)


@pytest.mark.parametrize("of", RESOURCES, ids=[of.__name__ for of in RESOURCES])
@given(JSON)
@settings(max_examples=15, deadline=None)
def test_no_json_breaks_it(of: type[Row], value: Any) -> None:
    names = [field.encode_name for field in msgspec.structs.fields(of)]
    for row in (value, dict.fromkeys(names, value)):
        assert isinstance(struct_of(of, row)[0], of)
