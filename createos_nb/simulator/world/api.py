"""The API of one world: dispatch, injected faults and signed addresses, behind one call."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from importlib import import_module

from createos_nb.simulator import platform
from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.envelope import Response
from createos_nb.simulator.platform import signed_urls
from createos_nb.simulator.platform.dispatch import Dispatch
from createos_nb.simulator.world.faults import FaultInjector

# Each module of the platform registers the operations, events and files that it serves when it is imported.
for module in pkgutil.iter_modules(platform.__path__, f"{platform.__name__}."):
    import_module(module.name)


class Api:
    """Answers the requests to the API of one world.

    Attributes:
        context: the world.
        faults: what is injected into its answers.
    """

    def __init__(self, context: WorldContext) -> None:
        self.context = context
        self._dispatch = Dispatch(context)
        self.faults = FaultInjector(context, self._dispatch)

    def handle(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Answer one request; see `World.handle`."""
        with self.context.lock:
            if path.startswith(signed_urls.PREFIX):
                return signed_urls.serve_signed_url(self.context, method, path, query)
            if self.faults.active:
                return self.faults.answer(method, path, query, headers, body)
            return self._dispatch.answer(method, path, query, headers, body)
