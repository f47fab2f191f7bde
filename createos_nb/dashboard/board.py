"""What the dashboard holds: one client, the visits that are open, and the wall screen."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

from createos_nb.dashboard.shared_overview import SharedOverview
from createos_nb.dashboard.visit import Visit
from createos_nb.dashboard.wall import Wall
from createos_nb.errors import InvalidInput
from createos_nb.panels.mirror.traits import Modules

if TYPE_CHECKING:
    from createos_nb.client.client import Client

#: Pages that can be open at a time: each has panels of its own, some megabytes, and may read as they do.
MAX_VISITS: Final = 40
#: Requests an hour that a wall screen takes at most.
BUDGET: Final = 300


class Board:
    """One account for all who look at it; safe from several threads.

    Args:
        client: The account; visits use its connections.
        name: What the account or world is called, in titles.
        budget: Requests an hour of the wall screen.
        max_visits: Pages at a time.

    Attributes:
        modules: of the widgets of all visits.
        account: whose account it is.
    """

    def __init__(self, client: Client, name: str = "", *, budget: int = BUDGET, max_visits: int = MAX_VISITS) -> None:
        self.client = client
        self.account = client.whoami()
        self.name = name
        self.modules = Modules()
        self._overview = SharedOverview(client.session)
        self._budget, self._max_visits = budget, max_visits
        self._visits: dict[str, Visit] = {}
        self._lock, self._turn = threading.Lock(), threading.Lock()
        self._opening = 0
        self._wall: Wall | None = None

    def visit(self, id: Any) -> Visit | None:
        """Return a visit that is open, or None.

        Args:
            id: What the page knows it by.
        """
        with self._lock:
            return self._visits.get(id) if isinstance(id, str) else None

    def arrive(self) -> Visit:
        """Open a visit.

        Returns:
            The visit; whoever opened it ends it by `leave`.

        Raises:
            InvalidInput: There are too many.
        """
        with self._lock:
            if len(self._visits) + self._opening >= self._max_visits:
                raise InvalidInput(
                    f"{self._max_visits} pages of this dashboard are open: close one, wait some seconds, and load "
                    "this page again"
                )
            self._opening += 1
        try:
            with self._turn:  # one after the other: the second is given what the first has read
                visit = Visit(self.client, self._overview, self.modules)
            with self._lock:
                self._visits[visit.id] = visit
            return visit
        finally:
            with self._lock:
                self._opening -= 1

    def leave(self, visit: Visit) -> None:
        """End a visit, with its panels.

        Args:
            visit: Of which no page is open anymore.
        """
        with self._lock:
            self._visits.pop(visit.id, None)
        visit.close()

    @property
    def visits(self) -> int:
        """Return how many visits are open."""
        with self._lock:
            return len(self._visits)

    def wall(self) -> Wall:
        """Return the wall screen, which all share who look at it."""
        with self._lock:
            if self._wall is None:
                self._wall = Wall(self.client, self._overview, self.modules, self._budget, self.name)
            return self._wall

    def changed(self) -> None:
        """Somebody may have changed something: what was read before is given to nobody anymore."""
        self._overview.forget()

    def close(self) -> None:
        """End all visits and the wall screen."""
        with self._lock:
            visits, self._visits = list(self._visits.values()), {}
            wall, self._wall = self._wall, None
        for visit in visits:
            visit.close()
        if wall is not None:
            wall.close()
