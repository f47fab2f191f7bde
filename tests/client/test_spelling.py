"""`client.call` in the platform's spelling and in snake_case; fields that are not declared; `extra=`."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest

import createos_nb
from createos_nb import contract
from createos_nb.contract.operation import EXTRA, Operation
from createos_nb.errors import Invalid, InvalidInput, UnknownField
from createos_nb.naming import camel
from tests.contract.values import empty_answer, example_of

NAMES = sorted(contract.OPERATIONS)
WRITES = [name for name in NAMES if contract.OPERATIONS[name].effect != "read"]
READS = [name for name in NAMES if name not in WRITES]
WITH_EXTRA = [name for name in WRITES if not contract.OPERATIONS[name].upload]
#: Each object with declared fields that a body holds.
OBJECTS = [(name, p.key) for name in WRITES for p in contract.OPERATIONS[name].parameters if p.fields is not None]


def values_of(one: Operation, wire: Any, full: bool = False) -> dict[str, Any]:
    """Values of an operation, by the names that requests are built from."""
    return {p.key: example_of(p, full, wire)[1] for p in one.parameters if full or p.required}


def arguments_of(one: Operation, wire: Any) -> dict[str, Any]:
    """Arguments of the method of an operation."""
    needed = [p.name for p in one.signature.parameters.values() if p.default is p.empty]
    return {p.name: example_of(p, False, wire)[0] for p in one.arguments if p.name in needed}


def method(client: Any, one: Operation) -> Any:
    resource, call = one.call.split(".")
    return getattr(getattr(client, resource), call)


def sent(request: Any) -> tuple[str, str, list[tuple[str, str]], bytes]:
    """What a request says, without what differs from one to the next."""
    pairs = parse_qsl(request.url.query.decode(), keep_blank_values=True)
    body = b"a file" if "multipart" in request.headers.get("content-type", "") else request.content
    return request.method, request.url.path, sorted(pairs), body


# --- either spelling --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_takes_the_platforms_spelling_and_ours(name: str, wire: Any) -> None:
    one = contract.OPERATIONS[name]
    client, seen = wire.client(wire.ok(empty_answer(one)))
    values = values_of(one, wire, full=True)
    client.call(name, **values)
    client.call(name, **{p.wire: values[p.key] for p in one.parameters})
    client.call(name, **{camel(p.key): values[p.key] for p in one.parameters})
    in_body = {p.wire: values[p.key] for p in one.at("body")}
    client.call(name, body=in_body, **{p.key: values[p.key] for p in one.parameters if p.wire not in in_body})
    assert len({str(sent(request)) for request in seen}) == 1


@pytest.mark.parametrize(("name", "key"), OBJECTS)
def test_the_fields_of_an_object_are_taken_in_either_spelling(name: str, key: str, wire: Any) -> None:
    one = contract.OPERATIONS[name]
    client, seen = wire.client(wire.ok(empty_answer(one)))
    values = values_of(one, wire, full=True)
    client.call(name, **values)

    def snake(value: Any) -> Any:
        if isinstance(value, list):
            return [snake(item) for item in value]
        return {createos_nb.naming.snake(field): item for field, item in value.items()}

    client.call(name, **{**values, key: snake(values[key])})
    assert sent(seen[0]) == sent(seen[1])


def test_keys_of_a_users_own_map_are_sent_as_they_are(wire: Any) -> None:
    client, seen = wire.client(wire.ok({"id": "1"}))
    own = {"log_level": "a", "logLevel": "b", "LOG-LEVEL": "c", "run_envs": "d", "runEnvs": "e"}
    settings = {"port": 80, "run_envs": own, "buildVars": own}
    client.call("CreateProject", uniqueName="shop", display_name="Shop", type="upload", settings=settings)
    client.environments.update_variables(wire.uuid(1), wire.uuid(2), run_envs=own)
    assert json.loads(seen[0].content)["settings"] == {"port": 80, "runEnvs": own, "buildVars": own}
    assert json.loads(seen[1].content) == {"runEnvs": own}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"displayName": "a", "display_name": "b"}, "CreateProject: displayName and display_name are two spellings"),
        ({"body": {"displayName": "a", "display_name": "b"}}, "the body: displayName and display_name are two spelli"),
        ({"body": {"displayName": "a"}, "display_name": "b"}, "display_name is given twice: in the body, and beside"),
        (
            {"settings": {"runEnvs": {}, "run_envs": {}}},
            "settings: runEnvs and run_envs are two spellings of one field",
        ),
        ({"body": ["displayName"]}, "CreateProject: body takes a mapping of fields, not list"),
    ],
)
def test_a_field_that_is_given_twice_is_refused(given: dict[str, Any], words: str, wire: Any) -> None:
    client, seen = wire.client(wire.ok({}))
    with pytest.raises(InvalidInput, match=words):
        client.call("CreateProject", **given)
    assert not seen


def test_a_parameter_of_the_path_or_the_query_is_no_field_of_the_body(wire: Any) -> None:
    client, seen = wire.client(wire.ok({}))
    for name, key in (("UpdateApp", "app_id"), ("UpdateApp", "appId"), ("RetriggerDeployment", "branch")):
        with pytest.raises(UnknownField, match=f"^{name}: {key} stands beside the body, not in it$"):
            client.call(name, body={key: "x"})
    assert not seen


def test_a_method_refuses_both_spellings_of_a_field_too(wire: Any) -> None:
    client, seen = wire.client(wire.ok({}))
    with pytest.raises(InvalidInput, match=r"projects\.create: settings: runEnvs and run_envs are two spellings"):
        client.projects.create(
            unique_name="shop", display_name="Shop", type="upload", settings={"runEnvs": {}, "run_envs": {}}
        )
    assert not seen


def test_the_branch_of_trigger_latest_goes_into_the_query_wherever_it_is_given(wire: Any) -> None:
    client, seen = wire.client(wire.ok({"id": "1"}))
    client.call("TriggerLatestDeployment", project_id="p", body={"branch": "main"})
    assert sent(seen[0]) == ("POST", "/v1/projects/p/trigger-latest", [("branch", "main")], b"")


# --- fields that are not declared -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_field_is_refused_before_anything_is_sent(name: str, wire: Any) -> None:
    one = contract.OPERATIONS[name]
    client, seen = wire.client(wire.ok(empty_answer(one)))
    with pytest.raises(UnknownField, match=f"^{name} has no field 'colourOfIt'(; did you mean|; it has)") as caught:
        client.call(name, **values_of(one, wire), colourOfIt=1)
    assert ("extra={'colourOfIt': …}" in str(caught.value)) == (name in WRITES)
    with pytest.raises(UnknownField, match=f"^{name}: the body has no field 'colourOfIt'"):
        client.call(name, body={"colourOfIt": 1}, **values_of(one, wire))
    if name in WRITES:
        with pytest.raises(UnknownField, match=f"^{one.call}: it takes no colour_of_it="):
            method(client, one)(**arguments_of(one, wire), colour_of_it=1)
    assert not seen


@pytest.mark.parametrize(("name", "key"), OBJECTS)
def test_an_unknown_field_of_an_object_is_refused_with_its_place(name: str, key: str, wire: Any) -> None:
    one = contract.OPERATIONS[name]
    client, seen = wire.client(wire.ok(empty_answer(one)))
    parameter = one.by_key[key]
    assert parameter.fields is not None

    def with_more(value: Any) -> Any:
        return [{**value[0], "colourOfIt": 1}] if isinstance(value, list) else {**value, "colourOfIt": 1}

    values, arguments = values_of(one, wire, full=True), arguments_of(one, wire)
    arguments[parameter.name] = example_of(parameter, False, wire)[0]
    place = rf"{parameter.wire}\[0\]" if parameter.fields.many else parameter.wire
    with pytest.raises(UnknownField, match=f"^{name}: {place} has no field 'colourOfIt'") as caught:
        client.call(name, **{**values, key: with_more(values[key])})
    assert (f"extra={{'{parameter.wire}': {{'colourOfIt': …}}}}" in str(caught.value)) != parameter.fields.many
    place = place.replace(parameter.wire, parameter.name)
    with pytest.raises(UnknownField, match=f"^{one.call}: {place} has no field 'colourOfIt'"):
        method(client, one)(**{**arguments, parameter.name: with_more(arguments[parameter.name])})
    assert not seen


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("CreateProject", {"dispalyName": "a"}, "CreateProject has no field 'dispalyName'; did you mean displayName?"),
        ("CreateProject", {"dispaly_name": "a"}, "has no field 'dispaly_name'; did you mean display_name?"),
        ("UpdateProject", {"projectID": "a"}, "has no field 'projectID'; did you mean projectId?"),
        ("GetDeploymentLogs", {"since": 60}, "GetDeploymentLogs has no field 'since'; did you mean since_seconds?"),
        (
            "CreateProject",
            {"type": "vcs", "settings": {"buildComand": "npm ci"}},
            "CreateProject: settings has no field 'buildComand'; did you mean buildCommand or ",
        ),
        (
            "CreateProject",
            {"type": "image", "settings": {"port": 80, "runtime": "node:20"}},
            "CreateProject: settings has no field 'runtime' at this type; it has: port, run_envs",
        ),
        (
            "CreateProject",
            {"type": "image", "settings": {"port": 80, "framework": "nextjs"}},
            "CreateProject: settings has no field 'framework' at this type; it has: port, run_envs",
        ),
        (
            "CreateProject",
            {"type": "upload", "source": {"vcsName": "github"}},
            "CreateProject: source has no field 'vcsName' at this type; it has none",
        ),
    ],
)
def test_an_error_names_the_nearest_field(name: str, given: dict[str, Any], words: str, wire: Any) -> None:
    client, seen = wire.client(wire.ok({}))
    with pytest.raises(UnknownField) as caught:
        client.call(name, **given)
    assert words in str(caught.value)
    assert not seen


def test_an_unknown_operation_names_the_nearest(wire: Any) -> None:
    client, _ = wire.client(wire.ok({}))
    with pytest.raises(InvalidInput, match="no operation 'CreateProjects'; did you mean CreateProject"):
        client.call("CreateProjects")


# --- extra= -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WITH_EXTRA)
def test_every_write_sends_what_this_version_does_not_know(name: str, wire: Any) -> None:
    one = contract.OPERATIONS[name]
    client, seen = wire.client(wire.ok(empty_answer(one)))
    if one.method == "GET":
        client.call(name, **values_of(one, wire), extra={"gpu": 1})
        method(client, one)(**arguments_of(one, wire), extra={"gpu": 1})
        assert all(("gpu", "1") in sent(request)[2] for request in seen)
        return
    client.call(name, **values_of(one, wire), extra={"gpu": {"snake_case": 1}})
    method(client, one)(**arguments_of(one, wire), extra={"gpu": {"snake_case": 1}})
    assert len(seen) == 2
    for request in seen:
        assert json.loads(request.content)["gpu"] == {"snake_case": 1}
        assert request.headers["content-type"] == "application/json"
    declared = {p.wire for p in one.at("body") if p.required}
    assert set(json.loads(seen[0].content)) == declared | {"gpu"}


@pytest.mark.parametrize("name", [name for name in WRITES if contract.OPERATIONS[name].upload])
def test_an_upload_has_no_place_for_fields(name: str, wire: Any) -> None:
    client, seen = wire.client(wire.ok({}))
    with pytest.raises(InvalidInput, match=f"{name} sends a file, and no fields: it takes no extra="):
        client.call(name, **values_of(contract.OPERATIONS[name], wire), extra={"gpu": 1})
    assert not seen


@pytest.mark.parametrize("name", READS)
def test_what_changes_nothing_takes_no_extra(name: str, wire: Any) -> None:
    one = contract.OPERATIONS[name]
    client, seen = wire.client(wire.ok(empty_answer(one)))
    with pytest.raises(InvalidInput, match=f"{name} changes nothing, and takes no extra="):
        client.call(name, **values_of(one, wire), extra={"gpu": 1})
    with pytest.raises(TypeError, match="extra"):
        method(client, one)(**arguments_of(one, wire), extra={"gpu": 1})
    assert not seen


def test_extra_goes_into_the_objects_that_are_there(wire: Any) -> None:
    client, seen = wire.client(wire.ok({"id": "1"}))
    client.projects.create(
        unique_name="shop",
        display_name="Shop",
        type="image",
        settings={"port": 80},
        extra={"settings": {"gpu": 1}, "source": {"digest": "sha256"}, "region": {"name": "eu"}},
    )
    body = json.loads(seen[0].content)
    assert body["settings"] == {"port": 80, "gpu": 1}
    assert body["source"] == {"digest": "sha256"}
    assert body["region"] == {"name": "eu"}


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"displayName": "b"}, "'displayName' is one that it knows: pass display_name"),
        ({"display_name": "b"}, "'display_name' is one that it knows: pass display_name"),
        ({"project_id": "b"}, "'project_id' is one that it knows: pass project_id"),
        ({1: "b"}, "extra takes a mapping from the names of fields to their values"),
        (["gpu"], "extra takes a mapping from the names of fields to their values"),
    ],
)
def test_extra_overrides_no_field_that_is_declared(extra: Any, words: str, wire: Any) -> None:
    client, seen = wire.client(wire.ok("done"))
    with pytest.raises(InvalidInput, match=words):
        client.call("UpdateProject", project_id="p", displayName="a", extra=extra)
    assert not seen


def test_extra_overrides_no_field_of_an_object_that_is_declared(wire: Any) -> None:
    client, seen = wire.client(wire.ok({"id": "1"}))
    given: dict[str, Any] = {"uniqueName": "shop", "displayName": "Shop", "type": "image", "settings": {"port": 80}}
    for extra in ({"settings": {"port": 81}}, {"settings": {"run_envs": {}}}):
        with pytest.raises(InvalidInput, match=r"CreateProject: settings: extra adds .* pass settings=\{'"):
            client.call("CreateProject", **given, extra=extra)
    with pytest.raises(InvalidInput, match="'settings' is one that it knows: pass settings"):
        client.call("CreateProject", **given, extra={"settings": 7})
    assert not seen


def test_the_secrets_in_extra_are_masked_like_all_others(wire: Any) -> None:
    client, _ = wire.client(wire.fail(400, "headers: sesame-open-99 is no value"))
    with pytest.raises(Invalid) as caught:
        client.call(
            "WakeupDeployment", project_id="p", deployment_id="d", extra={"headers": {"x-key": "sesame-open-99"}}
        )
    assert "sesame" not in str(caught.value)


def test_extra_is_a_keyword_that_help_knows(wire: Any) -> None:
    client, _ = wire.client(wire.ok({}))
    assert "extra" in method(client, contract.OPERATIONS["CreateDomain"]).__doc__
    assert "extra=…" in repr(client.domains.create)
    assert "extra" not in repr(client.domains.list)


def test_no_operation_has_a_parameter_that_call_uses_itself() -> None:
    for one in contract.OPERATIONS.values():
        assert {"body", EXTRA.name}.isdisjoint(one.by_key), one.name


# --- on the simulator -------------------------------------------------------------------------------------------------


def test_the_simulator_refuses_extra_unless_its_world_passes_over_what_it_does_not_know() -> None:
    strict, lenient = createos_nb.simulate(), createos_nb.simulate(unknown_fields="ignore")
    body = {"uniqueName": "gift-cards", "displayName": "Gift cards", "type": "image", "settings": {"port": 8080}}
    extra = {"region": "eu", "settings": {"gpu": 1}}
    with pytest.raises(Invalid, match="unknown field region; it has: uniqueName"):
        strict.call("CreateProject", body=body, extra={"region": "eu"})
    with pytest.raises(Invalid, match="settings: unknown field gpu; it has: port, runEnvs"):
        strict.call("CreateProject", body=body, extra={"settings": {"gpu": 1}})
    assert "gift-cards" not in strict.projects.list()["unique_name"].to_list()
    made = lenient.call("CreateProject", body=body, extra=extra)
    assert lenient.call("GetProject", project_id=made["id"])["settings"] == {"port": 8080}
