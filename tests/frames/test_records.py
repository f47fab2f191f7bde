"""A record is a row with a name, and every answer says what was asked, when, where, and whether it is complete."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from createos_nb import contract
from createos_nb.errors import IncompleteWarning
from createos_nb.frames import frame_of, record_of
from createos_nb.redaction import Secret


@pytest.mark.parametrize(
    ("get", "listed"),
    [
        (lambda c, i: c.projects.get(i(1)), lambda c, i: c.projects.list()),
        (lambda c, i: c.deployments.get(i(1), i(2)), lambda c, i: c.deployments.list(i(1))),
        (lambda c, i: c.cronjobs.get(i(1), i(2)), lambda c, i: c.cronjobs.list(i(1))),
        (lambda c, i: c.templates.get(i(1)), lambda c, i: c.templates.list_my()),
        (lambda c, i: c.environments.get(i(1), i(2)), lambda c, i: c.environments.list(i(1))),
    ],
    ids=["projects", "deployments", "cronjobs", "templates", "environments"],
)
def test_a_record_has_the_labels_of_its_list(get: Any, listed: Any, wire: Any) -> None:
    row = {"id": wire.uuid(2), "name": "one", "uniqueName": "shop", "newField": {"a": 1}}

    def handle(request: Any) -> Any:
        if "limit" in request.url.params:
            return wire.page([row], request, "templates" if "templates" in request.url.path else "data")
        single = request.url.path.endswith((wire.uuid(1), wire.uuid(2)))
        return wire.ok(row if single else [row])

    client, _ = wire.client(handle)
    record, table = get(client, wire.uuid), listed(client, wire.uuid)
    assert isinstance(record, pd.Series)
    assert list(record.index) == list(table.columns)
    assert record["new_field"] == {"a": 1}
    assert record["id"] == wire.uuid(2)
    for label, value in record.items():
        in_table = table[label].array[0]
        assert value is in_table or value == in_table or (pd.isna(value) and pd.isna(in_table))


def test_a_records_name_is_its_own() -> None:
    of = contract.find("GetProject").answer.of
    assert record_of(frame_of(of, raw=[{"uniqueName": "shop"}])).name == "shop"
    assert record_of(frame_of(of, raw=[{}])).name is None


def test_a_new_keys_secret_is_there_and_does_not_show(wire: Any) -> None:
    client, _ = wire.client(wire.ok({"id": wire.uuid(1), "secret": "skp_new_0123"}))
    made = client.api_keys.create(name="shop", expiry_at="+90d")
    assert isinstance(made["secret"], Secret)
    assert made["secret"].reveal() == "skp_new_0123"
    assert "skp_new" not in repr(made) + str(made.to_dict()) + made.to_frame().to_html() + made.to_string()


def test_a_frame_says_what_was_asked_when_and_where_in_plain_json(wire: Any) -> None:
    client, _ = wire.client(wire.ok([{"id": wire.uuid(2)}]))
    frame = client.environments.list(wire.uuid(1))
    assert json.loads(json.dumps(frame.attrs)) == frame.attrs
    assert frame.attrs == {
        "operation": "ListProjectEnvironments",
        "asked": {"project": wire.uuid(1)},
        "at": "2026-03-02T09:00:00Z",
        "where": "PLATFORM https://api.test · account not asked yet",
        "complete": True,
    }


def test_no_answer_can_overwrite_what_a_frame_says_of_itself(wire: Any) -> None:
    said = {"categoryCounts": [], "total": 7, "complete": "maybe", "where": "elsewhere", "operation": "x", "frame": 1}
    client, _ = wire.client(wire.ok(said))
    frame = client.templates.counts()
    assert frame.attrs["total"] == 7
    assert frame.attrs["complete"] is True
    assert frame.attrs["operation"] == "ListProjectTemplateCounts"
    assert "elsewhere" not in frame.attrs["where"]


def test_a_tree_that_was_cut_short_is_marked(wire: Any) -> None:
    client, _ = wire.client(wire.ok({"sha": "x", "tree": [{"path": "a", "type": "blob"}], "truncated": True}))
    with pytest.warns(IncompleteWarning, match=r"github\.content") as caught:
        frame = client.github.content("4711", repository="o/r", branch="main")
    assert frame.attrs["complete"] is False
    assert [one.filename for one in caught] == [__file__]


def test_no_keys_at_all_is_an_empty_frame(wire: Any) -> None:
    client, _ = wire.client(wire.fail(404, "no api keys"))
    frame = client.api_keys.list()
    assert len(frame) == 0
    assert frame.dtypes.equals(frame_of(contract.find("ListAPIKeys").answer.of).dtypes)
    assert frame.attrs["complete"] is True
