"""Which simulated world answers a client, and which course of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from createos_nb.lineage import Lineage

if TYPE_CHECKING:
    from createos_nb.client.client import Client


def lineage_of(client: Client) -> Lineage:
    """Return the world that a client acts on; one without an id is the platform."""
    if client.world is not None:
        lineage: Lineage = client.world.lineage
        return lineage
    return Lineage.read(client.transport.world)
