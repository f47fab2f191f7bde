"""Templates as a client offers them: also a bought one on the disk."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

from createos_nb import api
from createos_nb.nouns.downloads import MOST_BYTES, to_folder

if TYPE_CHECKING:
    import pandas as pd

    from createos_nb.nouns.asking import Asking


class Templates(api.Templates):
    """The marketplace of projects to start from: offer, buy, deploy."""

    def download_to(
        self, purchase: str, folder: str | os.PathLike[str], *, replace: bool = False, max_bytes: int = MOST_BYTES
    ) -> pd.DataFrame:
        """Unpack a bought template into a new folder: its files, path (str) and bytes (Int64).

        As `deployments.download_to`.
        """
        return to_folder(
            cast("Asking", self.performer),
            api.find("DownloadProjectTemplate"),
            {"purchase": purchase},
            folder,
            replace=replace,
            max_bytes=max_bytes,
        )
