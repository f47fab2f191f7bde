"""The desk of a drill: where an agent outside of this process reads the alert and answers, beside the served world."""

from __future__ import annotations

import asyncio
import hmac
import json
import threading
from typing import TYPE_CHECKING, Any, Final

from createos_nb.errors import CreateOSError

if TYPE_CHECKING:
    from types import TracebackType

    from createos_nb.training.drills.drill import Drill

_PATIENCE: Final = 15.0
_LONGEST: Final = 100_000


class Desk:
    """Answers `GET /` (the alert), `POST /submit` and `POST /ask-owner` for whoever has the key of the drill's account.

    A context manager: it answers while a block runs.

    Args:
        drill: the drill.
        key: an API key of its account.
    """

    def __init__(self, drill: Drill, key: str) -> None:
        from createos_nb.connections import UvicornServer, listening

        self._drill, self._key = drill, key
        self._lock = threading.Lock()
        self._closed = False
        self._listener = listening(0)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._server = UvicornServer(self)
        self._thread = threading.Thread(target=self._run, name=f"drill {self.url}", daemon=True)

    def submit(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Take an answer. Raises `InvalidInput`."""
        known = ("cause", "where", "trouble", "note")
        given = {name: answer[name] for name in known if answer.get(name) is not None}
        with self._lock:
            if self._closed:
                return {}
            self._drill.submit(**given)
            return {"at": self._drill.now.isoformat()}

    def close(self) -> None:
        """Take no answer from now on: what an agent's process leaves behind says nothing more."""
        with self._lock:
            self._closed = True

    def __enter__(self) -> Desk:
        self._thread.start()
        if not self._server.ready.wait(_PATIENCE):
            raise RuntimeError("the desk of a drill could not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(_PATIENCE)
        self._listener.close()

    def _run(self) -> None:
        try:
            asyncio.run(self._server.serve(sockets=[self._listener]))
        finally:
            self._server.ready.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        status, answer = await self._answered(scope, receive)
        body = json.dumps(answer).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answered(self, scope: Any, receive: Any) -> tuple[int, dict[str, Any]]:
        headers = dict(scope["headers"])
        bearer = headers.get(b"authorization", b"").partition(b" ")[2]
        if not hmac.compare_digest(headers.get(b"x-api-key", bearer).strip(), self._key.encode()):
            return 401, {"error": "send the key of CREATEOS_API_KEY as X-API-Key"}
        call = scope["method"], scope["path"]
        if call == ("GET", "/"):
            return 200, self._alert()
        if call not in (("POST", "/submit"), ("POST", "/ask-owner")):
            return 404, {"error": "there is GET /, POST /submit and POST /ask-owner"}
        try:
            given = json.loads(await _body(receive))
            if not isinstance(given, dict):
                raise ValueError("no object")
        except ValueError:
            return 400, {
                "error": 'the body is a JSON object, such as {"cause": "capacity", "where": "shop/production"}'
            }
        try:
            # a thread: the owner of an app takes five minutes of the world
            return 200, await asyncio.to_thread(self.submit if call[1] == "/submit" else self._ask, given)
        except CreateOSError as error:
            return 400, {"error": str(error)}

    def _alert(self) -> dict[str, Any]:
        alert, drill = self._drill.alert, self._drill
        return {
            "time": alert.time.isoformat(),
            "source": alert.source,
            "text": alert.text,
            "where": alert.where,
            "now": drill.now.isoformat(),
            "left_seconds": drill.left.total_seconds(),
            "clock": drill.clock,
        }

    def _ask(self, given: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            value = self._drill.ask_owner(str(given.get("place", "")), str(given.get("variable", "")))
        return {"value": value.reveal()}


async def _body(receive: Any) -> bytes:
    content: bytes = b""
    while True:
        message = await receive()
        part: bytes = message.get("body", b"")
        content += part
        if len(content) > _LONGEST or not message.get("more_body"):
            return content
