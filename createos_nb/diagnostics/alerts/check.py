"""What a kind of check has to say: where it looks, how often, at what cost, and what it finds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from createos_nb.diagnostics.alerts.alert import Found, Place
    from createos_nb.diagnostics.alerts.inventory import Inventory
    from createos_nb.diagnostics.alerts.reader import Reader


class Check(ABC):
    """A kind of check.

    Attributes:
        kind: its name, the first part of its alerts' keys.
        every: seconds after which a place is looked at again, if the budget allows.
        rank: among those of the same `every`, the lower is looked at first.
        hold: seconds for which an alert must not have been found before it ends: what comes back sooner is the same
            alert.
        behind: kinds of whose alerts at a place this one says the same more quietly: what began before such an alert
            ended does not begin here.
    """

    kind: ClassVar[str]
    every: ClassVar[float]
    rank: ClassVar[int] = 0
    hold: ClassVar[float] = 0.0
    behind: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def places(self, inventory: Inventory) -> Sequence[Place]:
        """Return where it looks. Nothing is read for that."""

    def cost(self, place: Place, reader: Reader) -> int:
        """Return how many requests a look is likely to take."""
        return 1

    @abstractmethod
    def look(self, place: Place, reader: Reader) -> list[Found]:
        """Return what is wrong at a place.

        Raises:
            NoData: nothing can be said.
            CreateOSError: it can't be read.
        """
