"""The forks of a served world: each answers below a path of its own, with the same keys and the same token."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import Final

from createos_nb.redaction import Secret
from createos_nb.simulator.control.controller import Controller
from createos_nb.simulator.control.operations import FORKS
from createos_nb.simulator.control.steering import Steering
from createos_nb.simulator.http.asgi import Application
from createos_nb.simulator.http.clock_driver import ClockDriver
from createos_nb.simulator.platform.errors import HttpError
from createos_nb.simulator.world.world import World

MOST: Final = 32
"""Forks that a server keeps: for one more, the one goes that was used longest ago."""


class Forks:
    """The forks of one server.

    They live in memory: a server that is started again has none.

    Args:
        url: gives where the server answers.
        hosts: names that it answers to beside its own.
        token: what who steers has to send.
    """

    def __init__(self, url: Callable[[], str], hosts: Collection[str], token: Secret) -> None:
        self._url, self._hosts, self._token = url, hosts, token
        self._applications: OrderedDict[str, Application] = OrderedDict()
        self._count = 0

    def add(self, world: World, speed: float) -> str:
        """Serve another world. Returns its path."""
        while len(self._applications) >= MOST:
            self._applications.popitem(last=False)
        self._count += 1
        number = str(self._count)
        path = FORKS + number
        world.files_url = self._url() + path
        clock = ClockDriver(world, speed)
        clock.start()
        self._applications[number] = Application(
            world, clock, hosts=self._hosts, control=controller(world, clock, self), mount=path
        )
        return path

    def find(self, path: str) -> tuple[Application, str]:
        """Return the application that answers for a path below `FORKS`, and the path of its own.

        Raises `HttpError` where it is gone.
        """
        number, _, rest = path.removeprefix(FORKS).partition("/")
        application = self._applications.get(number)
        if application is None:
            raise HttpError(
                404,
                f"there is no fork {number}: a server keeps the {MOST} forks that were used last, "
                "and none when it is started again",
            )
        self._applications.move_to_end(number)
        return application, f"/{rest}"

    @property
    def token(self) -> Secret:
        """What who steers has to send."""
        return self._token


def controller(world: World, clock: ClockDriver, forks: Forks) -> Controller:
    """Return what answers the controls of a world, whose forks are served beside it."""
    return Controller(Steering(world, clock, forks.add), forks.token)
