"""Whose a history is: which account, and which course of which simulated world."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from createos_nb.client.world_of import lineage_of
from createos_nb.history.errors import HistoryError
from createos_nb.history.manifest import Manifest
from createos_nb.lineage import Lineage
from createos_nb.times import iso

if TYPE_CHECKING:
    from createos_nb.client.client import Client


def lineage_text(client: Client) -> str:
    """Return the world that a client asks, as a manifest keeps it; "" for the platform."""
    lineage = lineage_of(client)
    return str(lineage) if lineage.id else ""


def check(manifest: Manifest, folder: Path, client: Client) -> None:
    """Raise `HistoryError` where a history is of another account, or of what never happened in a world."""
    if manifest.base_url != client.base_url or manifest.where != client.where:
        raise HistoryError(f"the history {folder} is of {manifest.where}; this client is of {client.where}")
    here, written = lineage_of(client), Lineage.read(manifest.lineage)
    if written.id != here.id or (here.id and not here.knows(written.course, round(manifest.written * 1e6))):
        raise HistoryError(
            f"the history {folder}, of {iso(int(manifest.written))}, is of another simulated world "
            f"({written.id or 'none'}), or of this one after it was forked, saved or set back: it has never happened "
            "here. Open one in another folder"
        )
