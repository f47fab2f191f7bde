"""The example that drives a language model, with a model that says what is written here."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from createos_nb.agents.examination.agent_process import words_of
from createos_nb.agents.examination.one import Terms, take_one
from createos_nb.data_files import folder


class Model(BaseHTTPRequestHandler):
    """Calls `alert`, then `diagnose` for its place, then plans and applies what that says, then answers."""

    asked: list[dict[str, Any]]

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        type(self).asked.append({"key": self.headers["authorization"], **request})
        results = [json.loads(one["content"]) for one in request["messages"] if one["role"] == "tool"]
        message = {"role": "assistant", "content": None, "tool_calls": self._next(results)}
        body = json.dumps({"choices": [{"message": message}]}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _next(self, results: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if not results:
            return self._call("alert", {})
        project, _, environment = results[0]["where"].partition("/")
        if len(results) == 1:
            return self._call("diagnose", {"project": project, "environment": environment})
        cause = results[1]["causes"][0]
        if len(results) == 2:
            return self._call("plan", cause["runbook"])
        if len(results) == 3:
            return self._call("apply", {"digest": results[2]["digest"], "reason": cause["fix"]})
        if len(results) == 4:
            return self._call("submit", {"cause": cause["cause"], "where": cause["where"]})
        return []

    def _call(self, name: str, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"id": name, "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}]

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def model() -> Iterator[str]:
    Model.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.slow
def test_a_language_model_takes_a_drill_by_the_tools(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("LLM_URL", model), ("LLM_MODEL", "of the test"), ("LLM_KEY", "only the model's")):
        monkeypatch.setenv(name, value)
    path = folder("data") / "examples" / "language_model.py"
    words = tuple(words_of([sys.executable, str(path)]))
    passed = ("LLM_URL", "LLM_MODEL", "LLM_KEY")
    result = take_one("capacity", 3, Terms(words, "salt", 120.0, "60min", 10.0, passed))
    assert result["ended"] == "finished", result["errors"]
    assert [row["passed"] for row in result["score"]] == [True] * 5, result["errors"]
    assert len(Model.asked) == 6
    assert {one["key"] for one in Model.asked} == {"Bearer only the model's"}
    assert {"diagnose", "apply", "submit"} <= {one["function"]["name"] for one in Model.asked[0]["tools"]}
    assert "only the model's" not in json.dumps(result)
