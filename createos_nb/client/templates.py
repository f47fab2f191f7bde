"""Templates as a client offers them: also a bought one on the disk."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from createos_nb import contract
from createos_nb.client.downloads import MOST_BYTES, to_folder

if TYPE_CHECKING:
    import pandas as pd

    from createos_nb.client.session import Session


class Templates(contract.Templates):
    """The marketplace of projects to start from: offer, buy, deploy."""

    def __init__(self, session: Session) -> None:
        super().__init__(session.execute)
        self._session = session

    def download_to(
        self, purchase: str, folder: str | os.PathLike[str], *, replace: bool = False, max_bytes: int = MOST_BYTES
    ) -> pd.DataFrame:
        """Unpack a bought template into a new folder.

        The folder is whole, or not there; see `deployments.download_to`.

        Args:
            purchase: A purchase's id.
            folder: Where to write; it must not exist, or be empty.
            replace: Let the new folder take the place of one that exists, at the very end.
            max_bytes: Of the archive, and of what it unpacks to.

        Returns:
            One row a file: path (str) and bytes (Int64).

        Raises:
            InvalidInput: The place can't be written.
            RequestError: The file does not come.
            InvalidResponse: The archive is damaged or not safe.

        Examples:
            >>> client = createos_nb.simulate()
            >>> purchase = client.templates.purchases()["id"].iloc[0]
            >>> client.templates.download_to(purchase, "template").head(2)
                        path  bytes
            0      README.md    162
            1  createos.json     72
        """
        return to_folder(
            self._session,
            contract.find("DownloadProjectTemplate"),
            {"purchase": purchase},
            folder,
            replace=replace,
            max_bytes=max_bytes,
        )
