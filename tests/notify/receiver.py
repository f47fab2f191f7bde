"""A receiver of webhooks, over real HTTP on this machine."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

#: In the path of its address, as a secret of a real one is.
TOKEN = "T0kenOfTheHook42"


class Receiver:
    """Keeps what is posted to it, and the paths of what is asked of it.

    `statuses`: what it answers next, 200 when that is over.
    """

    def __init__(self) -> None:
        self.posted: list[dict[str, Any]] = []
        self.refused: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.statuses: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status = receiver.statuses.pop(0) if receiver.statuses else 200
                (receiver.posted if status < 400 else receiver.refused).append(body)
                self.answer(status)

            def do_GET(self) -> None:
                receiver.asked.append(self.path)
                self.answer(receiver.statuses.pop(0) if receiver.statuses else 200)

            def answer(self, status: int) -> None:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def address(self) -> str:
        """Its address, as apprise writes that of a webhook."""
        return f"json://127.0.0.1:{self.port}/hooks/{TOKEN}"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/ping/{TOKEN}"

    @property
    def titles(self) -> list[str]:
        return [body["title"] for body in self.posted]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
