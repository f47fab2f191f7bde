"""A tester that makes requests up from the schema, right ones and wrong ones, against the served world.

No answer is a 500, none has a status, a type or a body that the contract does not know, and no request that breaks the
contract is accepted, nor one that was right before a field was added that the contract does not know. Business rules (a
name that is taken, a moment in the past) may refuse what the schema allows.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings

from createos_nb.contract import OPERATIONS
from createos_nb.contract.openapi import document
from createos_nb.simulator import Server, World, open_world, serve
from tests.contract import openapi
from tests.simulator.conftest import Api

NOBODY = "00000000-0000-4000-8000-000000000000"
#: What people send in maps of their own comes back in these.
FREE = frozenset({"Settings", "Editable"})


MORE = "colourOfIt"
"""A field that no operation has."""
#: The objects in bodies that have declared fields.
OBJECTS = {p.wire for one in OPERATIONS.values() for p in one.at("body") if p.fields is not None}


def repeatable(examples: int) -> settings:
    """So many examples, the same ones each time."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def ids(world: World) -> dict[str, list[Any]]:
    """Ids that paths may name: some that there are, and one that there is not."""
    state = world.state
    names = ("storefront", "landing-pages", "edge-gateway", "chat-bot")
    projects = [one for one in state.projects.values() if one.name in names]
    found: dict[str, list[Any]] = {
        "project_id": [one.id for one in projects],
        "deployment_id": [key for one in projects for key in list(world.deployments(one))[-3:]],
        "environment_id": [key for one in projects for key in list(one.environments)[:2]],
        "domain_id": [key for one in projects for key in one.domains],
        "cronjob_id": [key for one in projects for key in one.cronjobs],
        "app_id": list(state.apps),
        # The first one is what the tester itself asks with.
        "api_key_id": list(state.keys)[1:],
        "template_id": list(state.templates),
        "purchase_id": list(state.purchases),
        "webhook_endpoint_id": list(state.webhooks),
    }
    assert all(found.values()), found
    found = {name: [*known, NOBODY] for name, known in found.items()}
    return {**found, "installation_id": [*(one.installation for one in state.github), 1]}


def declared(served: Server) -> dict[str, Any]:
    """The document that is served; rows of answers have no field that is not declared."""
    answer = httpx.get(f"{served.url}/openapi.json")
    assert answer.status_code == 200
    whole: dict[str, Any] = answer.json()
    assert whole["servers"] == [{"url": served.url}]
    asked = {kind.__name__ for one in OPERATIONS.values() for p in one.parameters if p.fields for kind in p.fields.of}
    for name, schema in whole["components"]["schemas"].items():
        if schema.get("type") == "object" and name not in asked | FREE:
            schema.setdefault("additionalProperties", False)
    return whole


def contract(served: Server) -> dict[str, Any]:
    """The contract's own schema, each answer in its envelope."""
    dialect = served.world.dialect
    whole = openapi.document()
    ours = document(dialect=dialect)
    # what is not declared here is not served: `tests/contract/test_contract.py` says which operations these are
    known = {
        path: {method: one for method, one in methods.items() if one["operationId"] in OPERATIONS}
        for path, methods in whole["paths"].items()
    }
    whole["paths"] = {path: methods for path, methods in known.items() if methods}
    for path, methods in whole["paths"].items():
        for method, operation in methods.items():
            one = OPERATIONS[operation["operationId"]]
            mine = ours["paths"][path][method]
            operation["responses"] = {
                code: _wrapped(response, one.enveloped or dialect == "production", dialect)
                if code.startswith("2")
                else mine["responses"][code]
                for code, response in operation["responses"].items()
            }
            if "requestBody" in operation:
                operation["requestBody"] = closed(openapi.operations()[one.name]["requestBody"])
    whole["security"] = []
    return whole


def closed(schema: Any) -> Any:
    """A schema whose objects have no fields but those that it names: others are refused, though it does not say so."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    whole = {key: part if key in ("allOf", "if", "then") else closed(part) for key, part in schema.items()}
    return {"additionalProperties": False, **whole} if isinstance(whole.get("properties"), dict) else whole


def _wrapped(response: dict[str, Any], enveloped: bool, dialect: str) -> dict[str, Any]:
    payload = response["content"]["application/json"]["schema"]
    mark: dict[str, Any] = {"status": {"const": "success"}} if dialect == "production" else {"success": {"const": True}}
    whole = {"type": "object", "properties": {**mark, "data": payload}, "required": [*mark, "data"]}
    return {"description": "", "content": {"application/json": {"schema": whole if enveloped else payload}}}


def prepared(whole: dict[str, Any], world: World) -> dict[str, Any]:
    """A schema whose paths lead to what there is."""
    known = ids(world)
    for methods in whole["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "path":
                    parameter["schema"] = {"enum": known[parameter["name"]]}
    return whole


@pytest.fixture(params=["production", "documented"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A world with room for much, which begins with a webhook."""
    room: dict[str, Any] = {
        "apps": 1_000,
        "api_keys": 1_000,
        "projects": 1_000,
        "environments": 1_000,
        "uploads": 9_999,
        "webhook_endpoints": 1_000,
    }
    world = open_world("storefront", dialect=request.param, **room)
    Api(world)("CreateWebhookEndpoint", body={"url": "http://127.0.0.1:9/", "events": []})
    with serve(open_world(world.save(tmp_path / "world.state")), speed=60) as running:
        yield running


def schema_of(served: Server, whole: dict[str, Any]) -> Any:
    """A schema whose requests, those of the tester's own checks too, go to the served world."""
    schema = schemathesis.openapi.from_dict(whole)
    schema.config.update(base_url=served.url)
    return schema


def drive(served: Server, whole: dict[str, Any], examples: int) -> set[int]:
    """So many right and so many wrong requests for each operation; the statuses that came."""
    from schemathesis import GenerationMode
    from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

    schema = schema_of(served, prepared(whole, served.world))
    statuses: set[int] = set()
    asked: set[str] = set()
    for result in schema.get_all_operations():
        served.world.reset()  # what the last operation deleted is there again
        operation = result.ok()
        one = OPERATIONS[operation.definition.raw["operationId"]]
        asked.add(one.name)
        # Without a declared 400 the platform passes over what it can't use.
        left_out = [positive_data_acceptance, *([] if 400 in one.failures else [negative_data_rejection])]
        statuses |= ask(served, operation.as_strategy(generation_mode=GenerationMode.POSITIVE), left_out, examples)
        if one.at("query") or one.at("body") or one.at("file"):
            statuses |= ask(served, operation.as_strategy(generation_mode=GenerationMode.NEGATIVE), left_out, examples)
        if one.at("body"):
            refuses_more(served, operation.as_strategy(generation_mode=GenerationMode.POSITIVE), examples)
    assert asked == set(OPERATIONS)
    return statuses


def ask(served: Server, cases: Any, left_out: list[Any], examples: int) -> set[int]:
    """Some requests of one kind; the statuses that came."""
    statuses: set[int] = set()

    @given(case=cases)
    @repeatable(examples)
    def check(case: Any) -> None:
        answer = case.call(headers={"X-Api-Key": served.key})
        statuses.add(answer.status_code)
        # an empty value is one that was left out, whatever it was before it was written, such as an empty object
        assume("" not in httpx.URL(answer.request.url).params.values())
        case.validate_response(answer, excluded_checks=left_out)

    check()
    return statuses


def refuses_more(served: Server, cases: Any, examples: int) -> None:
    """Right requests with one field more, in the body and in each object in it, are refused by its name."""

    @given(case=cases)
    @repeatable(examples)
    def check(case: Any) -> None:
        assume(isinstance(case.body, dict))
        for body in with_more(case.body):
            case.body = body
            answer = case.call(headers={"X-Api-Key": served.key})
            assert answer.status_code == 400
            assert f"unknown field {MORE}" in answer.json()["message"]

    check()


def with_more(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A body with one field more, in turn in each of its objects that is no map of the user's own."""
    yield {**body, MORE: 1}
    for name in OBJECTS & body.keys():
        value = body[name]
        if isinstance(value, dict):
            yield {**body, name: {**value, MORE: 1}}
        elif isinstance(value, list) and value:
            yield {**body, name: [*value[:-1], {**value[-1], MORE: 1}]}


@pytest.mark.slow
@pytest.mark.grid(2)
def test_requests_made_from_the_declarations_get_answers_of_the_contract(served: Server) -> None:
    statuses = drive(served, declared(served), examples=2)
    assert {200, 400, 404, 422} <= statuses
    assert max(statuses) < 500


@pytest.mark.grid(2)
def test_requests_made_from_the_contract_get_its_answers(served: Server) -> None:
    statuses = drive(served, contract(served), examples=1)
    assert {200, 201, 400, 404} <= statuses
    assert max(statuses) < 500


@pytest.mark.slow
def test_many_requests_made_from_the_declarations_get_answers_of_the_contract(served: Server) -> None:
    assert max(drive(served, declared(served), examples=25)) < 500


@pytest.mark.slow
def test_many_requests_made_from_the_contract_get_its_answers(served: Server) -> None:
    assert max(drive(served, contract(served), examples=25)) < 500


def test_the_document_declares_every_operation_once() -> None:
    whole = document()
    operations = [one["operationId"] for methods in whole["paths"].values() for one in methods.values()]
    assert sorted(operations) == sorted(OPERATIONS)


def test_the_tester_would_see_an_answer_outside_the_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    """One field of another type in one answer is found."""
    from schemathesis.core.failures import FailureGroup

    world = open_world("storefront")
    handle = world.api.handle

    def wrong(*request: Any) -> Any:
        reply = handle(*request)
        return reply._replace(body=reply.body.replace(b'"username":"marlow"', b'"username":7'))

    monkeypatch.setattr(world.api, "handle", wrong)
    with serve(world, speed=0) as running:
        schema = schema_of(running, declared(running))
        case = schema["/v1/users/me"]["GET"].Case()
        with pytest.raises(FailureGroup, match="properties/username"):
            case.call_and_validate(headers={"X-Api-Key": running.key})
