"""`columns` says what the frames of the client really have."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import createos_nb
from createos_nb.contract.operation import OPERATIONS, Operation, Record, Text
from createos_nb.frames.composed import DECLARED, EXTENDED, OWN

COLUMNS = createos_nb.columns()
ENDPOINT = "https://hooks.example.com/createos"
ARGUMENTS = {
    "project": "storefront",
    "environment": "production",
    "deployment": 15,
    "app": "Shop",
    "cronjob": "refresh-stock",
    "installation": "juniper-goods",
    "repository": "juniper-goods/storefront",
    "branch": "main",
    "unique_name": "preview",
    "webhook_endpoint": ENDPOINT,
}
#: What a call takes in place of those.
OTHER = {"deployments.download": {"project": "landing-pages", "deployment": 3}}
READS = [operation for operation in OPERATIONS.values() if operation.effect == "read"]


@pytest.fixture(scope="module")
def client() -> Any:
    client = createos_nb.simulate()
    client.webhooks.create(url=ENDPOINT)
    return client


def documented(call: str) -> dict[str, str]:
    rows = COLUMNS[COLUMNS["call"] == call]
    return dict(zip(rows["column"], rows["dtype"], strict=True))


def actual(frame: pd.DataFrame) -> dict[str, str]:
    columns = frame.reset_index() if frame.index.name else frame
    return {str(name): str(dtype) for name, dtype in columns.dtypes.items()}


@pytest.mark.parametrize("operation", READS, ids=lambda operation: operation.call)
def test_every_list_and_record_has_the_documented_columns(client: Any, operation: Operation) -> None:
    known = ARGUMENTS | OTHER.get(operation.call, {})
    known["template"] = client.templates.list_my()["id"].iloc[0]
    known["purchase"] = client.templates.purchases()["id"].iloc[0]
    arguments = {p.name: known[p.name] for p in operation.arguments if p.required}
    answer = getattr(getattr(client, operation.resource), operation.call_name)(**arguments)
    if operation.call == "analytics.overview":  # its parts have the columns of the calls of their names
        assert all(documented(f"analytics.{part}") for part in answer)
    elif isinstance(operation.answer, Record):
        assert list(answer.index) == list(documented(operation.call))
    else:
        assert not isinstance(operation.answer, Text)
        assert actual(answer) == documented(operation.call)


@pytest.mark.parametrize("call", [*EXTENDED, *DECLARED, *OWN])
def test_composed_tables_have_the_documented_columns(client: Any, call: str) -> None:
    arguments = {
        "deployments.upload_plan": [{"index.html": "x"}],
        "security.findings": ["storefront", 15],
        "webhooks.deliveries": [ENDPOINT],
    }
    function = client
    for name in call.split("."):
        function = getattr(function, name)
    assert actual(function(*arguments.get(call, []))) == documented(call)
    rows = createos_nb.columns(call)
    assert (rows["meaning"].str.len() > 0).all()
