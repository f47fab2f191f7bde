"""A deployed MCP server, as the documentation's pattern makes one: `MCP_TRANSPORT` and `MCP_PATH` are set.

A world runs no code, so the server is a minimal one, and says that it is simulated: it can be initialized over
streamable HTTP, pinged, and has one tool, which tells what answers. It keeps no session and opens no stream.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from createos_nb.simulator.envelope import SIMULATED, Headers, Response, encode
from createos_nb.simulator.state import Deployment, Environment, Project

VERSIONS: Final = ("2025-06-18", "2025-03-26", "2024-11-05")
"""Versions of the protocol, newest first."""
TOOL: Final = "describe_deployment"
_PARSE_ERROR, _INVALID_REQUEST, _NO_METHOD, _INVALID_PARAMS = -32700, -32600, -32601, -32602
_JSON: Final[Headers] = (("content-type", "application/json"), SIMULATED)
_ACCEPTED: Final = frozenset({"", "*/*", "application/*", "application/json"})


def serves_mcp(deployment: Deployment | None, environment: Environment | None, path: str) -> bool:
    """Return whether a path of a deployment is that of an MCP server, as its run-time variables say."""
    variables: dict[str, Any] = {}
    if deployment is not None:
        variables.update(deployment.settings.get("runEnvs") or {})
    if environment is not None:
        variables.update(environment.variables)
    return bool(variables.get("MCP_TRANSPORT")) and variables.get("MCP_PATH") == path


def answer_mcp(
    project: Project, deployment: Deployment | None, method: str, headers: Mapping[str, str], body: bytes
) -> Response:
    """Return what the server answers: JSON-RPC to POST, 405 to other methods, 406 and 415 to other kinds of content."""
    if method != "POST":
        return _refused(405, "this server opens no stream and keeps no session: POST a message", ("allow", "POST"))
    kinds = {kind.partition(";")[0].strip().lower() for kind in headers.get("accept", "").split(",")}
    if kinds.isdisjoint(_ACCEPTED):
        return _refused(406, "the client must accept application/json")
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return _refused(415, "a message is application/json")
    try:
        message = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Response(400, _JSON, _error(None, _PARSE_ERROR, "the body is not valid JSON"))
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        return Response(400, _JSON, _error(None, _INVALID_REQUEST, "expected one message of JSON-RPC 2.0"))
    if "id" not in message or "method" not in message:
        return Response(202, (SIMULATED,), b"")
    return Response(200, _JSON, _result(project, deployment, message))


def _result(project: Project, deployment: Deployment | None, message: Mapping[str, Any]) -> bytes:
    identity, method = message["id"], message["method"]
    parameters = message.get("params")
    given = parameters if isinstance(parameters, dict) else {}
    version = "" if deployment is None else str(deployment.version)
    result: dict[str, Any]
    if method == "initialize":
        wanted = given.get("protocolVersion")
        result = {
            "protocolVersion": wanted if wanted in VERSIONS else VERSIONS[0],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": project.name, "version": version},
            "instructions": "This server is simulated: it runs no code of the project.",
        }
    elif method == "ping":
        result = {}
    elif method == "tools/list":
        schema = {"type": "object", "properties": {}}
        text = "Tell which version of which project answers (simulated)."
        result = {"tools": [{"name": TOOL, "description": text, "inputSchema": schema}]}
    elif method == "tools/call":
        if given.get("name") != TOOL:
            return _error(identity, _INVALID_PARAMS, f"there is no tool {given.get('name')!r}: tools/list names all")
        text = f"{project.name} version {version} answers (simulated)"
        result = {"content": [{"type": "text", "text": text}], "isError": False}
    else:
        return _error(identity, _NO_METHOD, f"this server has no method {method!r}")
    return encode({"jsonrpc": "2.0", "id": identity, "result": result})


def _error(identity: Any, code: int, text: str) -> bytes:
    return encode({"jsonrpc": "2.0", "id": identity, "error": {"code": code, "message": text}})


def _refused(status: int, text: str, *headers: tuple[str, str]) -> Response:
    return Response(status, (*_JSON, *headers), encode({"status": status, "message": text, "simulated": True}))
