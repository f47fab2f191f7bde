"""Voila as a dashboard for one person: local names only, nothing from other servers, kernels that end."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Iterable
from contextvars import ContextVar
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from jupyter_core.utils import ensure_async
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from nbclient.exceptions import DeadKernelError
from tornado.httputil import HTTPServerRequest
from tornado.ioloop import PeriodicCallback
from tornado.iostream import StreamClosedError
from tornado.routing import Matcher, Rule
from tornado.web import RequestHandler, authenticated
from traitlets import List, Unicode
from traitlets.config import Config
from voila.app import Voila
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.handler import TornadoVoilaHandler

from createos_nb.cli.visits import Full, Visits
from createos_nb.hosts import is_local, name_of

#: Milliseconds between two looks at who is there.
_LOOKS: Final = 1_000
#: Of the address of a page: what is a visit's own, and what opens the door and stays in no address.
_VISIT, _TOKEN = "visit", "token"

#: The template's fonts for icons that no panel shows: the policy would stop them, with a complaint in the console.
_LINK: Final = re.compile(r"""<link\b[^>]*\bhref=["']https?:[^>]*>""", re.IGNORECASE)

_starting: ContextVar[str] = ContextVar("visit")


class Hosted(Voila):  # type: ignore[misc]  # has no types
    """Voila with what it lacks; see the module."""

    hosts = List(Unicode(), help="Names that it answers to, beside those of this machine.").tag(config=True)

    def init_settings(self) -> dict[str, Any]:
        """Return the settings of the server, with the names that it answers to and its visits."""
        self.log.addFilter(_worth_telling)
        settings: dict[str, Any] = super().init_settings()
        settings["allow_remote_access"] = False
        settings["local_hostnames"] = ["localhost", *self.hosts]
        settings["headers"] = {"Content-Security-Policy": policy(self.port, self.hosts)}
        self.visits = settings["visits"] = Visits(self.kernel_manager)
        return settings

    def init_handlers(self) -> list[Any]:
        """Return the handlers, with our own for pages and for kernels that are left."""
        replacements = {VoilaShutdownKernelHandler: _Left, TornadoVoilaHandler: _Page}
        return [(rule[0], replacements.get(rule[1], rule[1]), *rule[2:]) for rule in super().init_handlers()]

    def listen(self) -> None:
        # before all other rules, so that static files and web sockets are covered too
        """Serve until it is stopped, and end kernels whose page is gone."""
        self.app.default_router.rules.insert(0, Rule(_Foreign(self.hosts), _Refused))
        callback = PeriodicCallback(self.visits.check, _LOOKS)
        callback.start()
        try:
            super().listen()
        finally:
            callback.stop()


def _worth_telling(record: logging.LogRecord) -> bool:
    """No kernel that ended while its cells were at work: their page was left, or shows it."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, DeadKernelError) and not str(record.msg).startswith("Kernel died while waiting")


class DashboardKernels(AsyncMappingKernelManager):
    """Kernels, each with the id of its visit."""

    def new_kernel_id(self, **how: Any) -> str:
        """Return the id of the visit that is being started, or a new one."""
        return _starting.get("") or str(super().new_kernel_id(**how))

    def all(self) -> list[str]:
        """Return the ids of all kernels."""
        return list(self.list_kernel_ids())

    def exists(self, kernel: str) -> bool:
        """Return whether there is such a kernel."""
        return kernel in self

    async def alive(self, kernel: str) -> bool:
        """Return whether a kernel runs."""
        return kernel in self and await ensure_async(self.get_kernel(kernel).is_alive())

    def connections(self, kernel: str) -> int:
        """Return how many pages are connected to a kernel."""
        return int(self.kernel_model(kernel)["connections"])  # type: ignore[no-untyped-call]  # has no types

    async def end(self, kernel: str) -> None:
        """End a kernel now."""
        await self.shutdown_kernel(kernel, now=True)  # type: ignore[no-untyped-call]  # has no types


def settings() -> Config:
    """Return the configuration that every dashboard has.

    Returns:
        The configuration; what differs from dashboard to dashboard is added to it.

    Examples:
        >>> from createos_nb.cli import voila_app
        >>> voila_app.settings().KernelManager.autorestart
        False
    """
    config = Config()
    config.VoilaConfiguration.multi_kernel_manager_class = DashboardKernels
    config.KernelManager.autorestart = False
    return config


def policy(port: int, hosts: Iterable[str] = ()) -> str:
    """Return the Content-Security-Policy of the page: nothing is loaded from, and nothing sent to, any other server.

    Args:
        port: The port of the dashboard.
        hosts: Names that it answers to besides localhost.

    Returns:
        The value of the header.

    Examples:
        >>> from createos_nb.cli import voila_app
        >>> "default-src 'self'" in voila_app.policy(8866)
        True
    """
    sockets = " ".join(
        [f"ws://127.0.0.1:{port} ws://localhost:{port}", *(f"ws://{name}:* wss://{name}:*" for name in hosts)]
    )
    return (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:; worker-src 'self' blob:; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        f"connect-src 'self' {sockets} blob: data:; frame-ancestors 'self'; form-action 'self'; base-uri 'self'"
    )


class _Page(TornadoVoilaHandler):  # type: ignore[misc]  # has no types
    """The page of a visit; its address says which, so that a reload comes back to what was chosen and opened."""

    @authenticated
    async def get(self, path: str | None = None) -> None:
        if path:
            self.redirect_to_file(path)
            return
        visits: Visits = self.settings["visits"]
        name = self.get_query_argument(_VISIT, "")
        try:
            visit = await visits.arrive(name, lambda: self._executed(name))
        except Full:
            self.set_status(503)
            self._text(
                f"{visits.max_visits} pages of this dashboard are open, and each takes about 170 MB: close one, "
                "wait some seconds, and load this page again"
            )
            return
        if visit is None:
            query = [pair for pair in parse_qsl(self.request.query) if pair[0] not in (_VISIT, _TOKEN)]
            self.redirect(f"{self.request.path}?{urlencode([*query, (_VISIT, visits.issue())])}")
            return
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        visits.reader_joined(visit)
        early = True
        try:
            async for part in visit.page():
                self.write(part)
                await self.flush()
            early = False
        except StreamClosedError:
            pass
        finally:
            visits.reader_left(visit, early=early)

    async def _executed(self, name: str) -> AsyncIterator[str]:
        _starting.set(name)
        async for part in self.get_generator():
            yield _LINK.sub("", part)

    def _text(self, words: str) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(words + "\n")


class _Left(VoilaShutdownKernelHandler):  # type: ignore[misc]  # has no types
    """A page says that it is left: closed, or loaded anew.

    A browser sends this as a beacon, which can carry no token against forged requests: its Origin is looked at instead.
    """

    def check_xsrf_cookie(self) -> None:
        origin = urlsplit(self.request.headers.get("Origin", ""))
        if origin.scheme not in ("http", "https") or origin.netloc != self.request.host:
            super().check_xsrf_cookie()

    @authenticated
    async def post(self, kernel_id: str) -> None:
        self.settings["visits"].leave(kernel_id)
        self.set_status(204)
        self.finish()


class _Foreign(Matcher):
    def __init__(self, hosts: Iterable[str]) -> None:
        self._hosts = frozenset(hosts)

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        return None if is_local(request.host) or name_of(request.host) in self._hosts else {}


class _Refused(RequestHandler):
    def prepare(self) -> None:
        self.set_status(403)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(
            "this dashboard answers to 127.0.0.1 and localhost, and to what createos-nb dashboard --allow-host names\n"
        )
