"""Open a history: whose it is, and where it lies."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from createos_nb import extras
from createos_nb.client.world_of import lineage_of
from createos_nb.history.errors import HistoryError
from createos_nb.history.history import History
from createos_nb.history.identity import check, lineage_text
from createos_nb.history.manifest import Manifest, new_manifest
from createos_nb.history.store import Store

if TYPE_CHECKING:
    from createos_nb.client.client import Client


def open(client: Client | None = None, path: str | os.PathLike[str] | None = None) -> History:
    """Open the history of an account, or begin one.

    From then on the client asks for requests over time only where the history does not have them: in
    `analytics.requests_over_time`, `fleet.requests_over_time` and `fleet.overview`, whose attrs say how much came from
    it; `history.close()` ends that.

    Args:
        client: Whose history it is; without one it can be read, and not grow.
        path: Its folder. By default, `CREATEOS_NB_HISTORY` or one of the user's data folders for each account, and for
            a world in this process one that ends with it.

    Returns:
        The history.

    Raises:
        HistoryError: It is the history of another account or of another simulated world, or can't be read.
        HistoryTooNew: A newer version of this package wrote it.
        HistoryDamaged: Its manifest is damaged.
        MissingExtra: The extra `history` is not installed.

    Examples:
        >>> client = createos_nb.simulate("bad-release")
        >>> history = createos_nb.history.open(client, "account")
        >>> history.sync(since="-1d").complete
        True
        >>> createos_nb.history.open(path="account").requests("-1h")["count"].sum() > 5000
        np.True_
    """
    extras.require("history", "a history")
    if client is None:
        if path is None:
            raise HistoryError("history.open: give a client, or the path of a history to read")
        store = Store(Path(path).expanduser())
        if store.manifest is None:
            raise HistoryError(f"there is no history in {store.folder}")
        return History(store, None)
    client.whoami()
    folder = Path(path).expanduser() if path is not None else _default(client)
    store = Store(folder)
    if store.manifest is None:
        _begin(store, new_manifest(client.where, client.base_url, lineage_text(client)))
    else:
        check(store.manifest, folder, client)
    history = History(store, client)
    client.session.memory = history
    return history


def find(client: Client) -> History | None:
    """Open the history of an account if there is one; none is begun.

    Args:
        client: Whose history it is.

    Returns:
        The history; None where `createos-nb sync` has not begun one, or for a world in this process.

    Raises:
        HistoryError: It can't be read, or the extra `history` is missing.

    Examples:
        >>> from createos_nb.history.opening import find
        >>> find(createos_nb.simulate()) is None
        True
    """
    if client.embedded:
        return None
    client.whoami()
    folder = _default(client)
    return open(client, folder) if folder.is_dir() and Store(folder).manifest is not None else None


def _begin(store: Store, manifest: Manifest) -> None:
    store.manifest = manifest
    with store.writing("who begins it") as current:
        if current.generation == 0:  # nobody else has begun it meanwhile
            store.commit(current)


def _default(client: Client) -> Path:
    name = hashlib.sha256(f"{client.where} {lineage_of(client).id}".encode()).hexdigest()[:16]
    if folder := os.environ.get("CREATEOS_NB_HISTORY"):
        return Path(folder).expanduser() / name
    if client.embedded:
        return Path(tempfile.mkdtemp(prefix="createos-history-")) / name
    from platformdirs import user_data_path

    return user_data_path("createos-nb", appauthor=False) / "history" / name
