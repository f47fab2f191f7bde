"""Every operation as a tool over HTTP: what it is called, what it takes, and that it says what REST says."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from email import message_from_bytes
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from createos_nb.contract import OPERATIONS
from createos_nb.simulator import Server, open_world, serve
from tests.simulator.http.agents import MODES, Agent, agent, post, text_of
from tests.simulator.platform.test_contract import ask_everything


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    with serve(open_world("storefront"), speed=0) as running:
        yield running


@pytest.mark.parametrize("mode", MODES)
def test_the_tools_are_the_operations_as_they_are_declared(served: Server, mode: str) -> None:
    with agent(served, mode) as someone:
        tools = someone.tools()
    assert list(tools) == list(OPERATIONS)
    for name, tool in tools.items():
        effect = OPERATIONS[name].effect
        assert tool.description == OPERATIONS[name].summary
        assert tool.annotations.read_only_hint is (effect == "read")
        assert tool.annotations.destructive_hint is (effect == "destroy")
        assert tool.annotations.idempotent_hint is (True if effect == "read" else None)
        assert tool.title
        Draft202012Validator.check_schema(tool.input_schema)
        assert tool.input_schema["type"] == "object"
        assert tool.input_schema["additionalProperties"] is False


def test_the_list_of_tools_fits_into_a_prompt(served: Server) -> None:
    """`docs/mcp.md` says how long it is."""
    answer = post(served, {"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
    assert 60_000 < len(answer.content) < 80_000


def zip_of(content: bytes, headers: dict[str, str]) -> str:
    """The file of a form, in base64."""
    form = message_from_bytes(f"content-type: {headers['content-type']}\n\n".encode() + content)
    return b64encode(form.get_payload()[0].get_payload(decode=True)).decode()  # type: ignore[index, union-attr]


def over_mcp(api: type[Any], someone: Agent, other: Agent) -> type[Any]:
    """What asks a world by the names of operations, through the tools of a served world.

    Every call fits the schema of its tool, and what reads is answered with the bytes of REST.
    """
    tools = someone.tools()
    checks = {
        name: Draft202012Validator(tool.input_schema, format_checker=FormatChecker()) for name, tool in tools.items()
    }

    class OverMcp(api):  # type: ignore[misc]
        def raw(
            self, name: str, /, *ids: str, body: Any = None, content: bytes = b"", headers: Any = None, **query: Any
        ) -> Any:
            operation = OPERATIONS[name]
            arguments = dict(zip((p.wire for p in operation.at("path")), ids, strict=True))
            arguments |= {key.replace("_", "-"): value for key, value in query.items()}
            if body is not None:
                arguments["body"] = body
            if operation.upload:
                arguments["body"] = {"file": zip_of(content, headers)}
            fitting = {**arguments}
            if "installation_id" in fitting:
                fitting["installation_id"] = int(fitting["installation_id"])
            checks[name].validate(fitting)
            asked = someone if self.key == self.world.key else other
            reads = operation.effect == "read"
            # a webhook is delivered by a thread of its own: what two calls say is one answer where nothing came between
            for _ in range(5):
                before = super().raw(name, *ids, body=body, **query).body if reads else b""
                result = asked.call(name, **arguments)
                if not reads or before == super().raw(name, *ids, body=body, **query).body:
                    break
            text = text_of(result)
            if reads:
                assert text.encode() == before
                value = json.loads(text)
                # one answer of the documented dialect is a bare array, and structured content is an object
                assert result.structured_content == (value if isinstance(value, dict) else None)
            assert not result.is_error, text
            assert result.meta is not None
            return result.meta["status"], (), text.encode()

    return OverMcp


@pytest.mark.parametrize(
    ("mode", "dialect"), [("auto", "production"), ("auto", "documented"), ("legacy", "production")]
)
@pytest.mark.grid(3)
def test_every_tool_can_be_called_and_reads_say_what_rest_says(make_api: type[Any], mode: str, dialect: Any) -> None:
    world = open_world("storefront", dialect=dialect)
    with (
        serve(world, speed=0) as served,
        agent(served, mode) as someone,
        agent(served, mode, X_API_Key=world.key_of("tamsin")) as other,
    ):
        answers = ask_everything(over_mcp(make_api, someone, other)(world))
    assert {name for name, _ in answers} == set(OPERATIONS)
