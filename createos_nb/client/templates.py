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
        """Unpack a bought template into a new folder: its files, path (str) and bytes (Int64).

        As `deployments.download_to`.
        """
        return to_folder(
            self._session,
            contract.find("DownloadProjectTemplate"),
            {"purchase": purchase},
            folder,
            replace=replace,
            max_bytes=max_bytes,
        )
