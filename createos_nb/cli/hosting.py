"""Voila as a dashboard for one person: local names only, nothing from other servers, kernels that end."""

from __future__ import annotations

import ipaddress
from typing import Any, Final
from urllib.parse import urlsplit

from tornado.httputil import HTTPServerRequest
from tornado.routing import Matcher, Rule
from tornado.web import RequestHandler
from traitlets.config import Config
from voila.app import Voila
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler

#: Seconds without a visitor, or without a word from one, after which a kernel ends.
IDLE: Final = 60
#: Kernels at a time; each takes about 170 MB.
MOST_KERNELS: Final = 8


class Hosted(Voila):  # type: ignore[misc]  # has no types
    """Voila with what it lacks; see the module."""

    def init_settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = super().init_settings()
        settings["allow_remote_access"] = False
        settings["headers"] = {"Content-Security-Policy": policy(self.port)}
        return settings

    def init_handlers(self) -> list[Any]:
        return [
            (one[0], _Ended, *one[2:]) if one[1] is VoilaShutdownKernelHandler else one
            for one in super().init_handlers()
        ]

    def listen(self) -> None:
        # before all other rules, so that static files and web sockets are covered too
        self.app.default_router.rules[:0] = [
            Rule(_Foreign(), _Refused, {"why": "this dashboard answers to 127.0.0.1 and localhost only", "code": 403}),
            Rule(
                _Full(self),
                _Refused,
                {
                    "why": f"{MOST_KERNELS} pages of this dashboard are open, and each takes about 170 MB: close one, "
                    f"wait {IDLE * 2} seconds, and load this page again",
                    "code": 503,
                },
            ),
        ]
        super().listen()


def settings() -> Config:
    """Kernels end soon after their page has gone, also where the browser could not say so."""
    config = Config()
    config.MappingKernelManager.update(cull_idle_timeout=IDLE, cull_interval=IDLE // 4, cull_connected=False)
    return config


def policy(port: int) -> str:
    """A Content-Security-Policy by which a browser asks no other server, whatever a template names."""
    sockets = f"ws://127.0.0.1:{port} ws://localhost:{port}"
    return (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:; worker-src 'self' blob:; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        f"connect-src 'self' {sockets} blob: data:; frame-ancestors 'self'; form-action 'self'; base-uri 'self'"
    )


def is_local(host: str) -> bool:
    """Whether a Host header names this machine: a page of another name may have been pointed here."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class _Ended(VoilaShutdownKernelHandler):  # type: ignore[misc]  # has no types
    """A page that is left ends its kernel.

    A browser sends this as a beacon, which can carry no token against forged requests: its Origin is looked at instead.
    """

    def check_xsrf_cookie(self) -> None:
        origin = urlsplit(self.request.headers.get("Origin", ""))
        if origin.scheme not in ("http", "https") or origin.netloc != self.request.host:
            super().check_xsrf_cookie()


class _Foreign(Matcher):
    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        return None if is_local(request.host) else {}


class _Full(Matcher):
    """A page more than there may be kernels."""

    def __init__(self, app: Hosted) -> None:
        self._app = app

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        page = request.path == "/" or request.path.startswith("/voila/render/")
        return {} if page and len(self._app.kernel_manager.list_kernel_ids()) >= MOST_KERNELS else None


class _Refused(RequestHandler):
    def initialize(self, why: str, code: int) -> None:
        self._why, self._code = why, code

    def prepare(self) -> None:
        self.set_status(self._code)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(self._why + "\n")
