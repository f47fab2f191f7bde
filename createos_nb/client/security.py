"""Security as a client offers it: also the findings of a scan as a table."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from createos_nb import contract
from createos_nb.client.downloads import MOST_BYTES, to_file
from createos_nb.client.findings import findings_in
from createos_nb.frames.arrays import texts
from createos_nb.naming import snake

if TYPE_CHECKING:
    from createos_nb.client.session import Session

_FIRST: Final = ("severity", "id", "package", "installed_version", "fixed_version", "title")


class Security(contract.Security):
    """Vulnerability scans of deployments."""

    def __init__(self, session: Session) -> None:
        super().__init__(session.execute)
        self._session = session

    def findings(self, project: str, deployment: str | int) -> pd.DataFrame:
        """Return the findings of the scan of a deployment: severity, id, package, versions, title, as reported.

        Args:
            project: A project: its unique name or id.
            deployment: A deployment: its version number or id.

        Returns:
            One row a finding; columns are the report's own fields in snake_case. An empty frame where nothing was found
            or nothing is known yet: `attrs["status"]` says which.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.security.findings("storefront", 15)[["severity", "package", "fixed_version"]]
               severity        package fixed_version
            0  CRITICAL     sample-tls        3.0.14
            1      HIGH  sample-parser         2.4.3
            2    MEDIUM  sample-cookie         0.7.0
            3       LOW     sample-zip         1.3.1
        """
        scan = self.scan(project, deployment)
        report = scan["parsed_report"]
        rows = [{snake(str(k)): v for k, v in row.items()} for row in findings_in(report)] if report else []
        names = list(dict.fromkeys([*_FIRST, *(name for row in rows for name in row)]))
        frame = pd.DataFrame({name: texts([_text(row.get(name)) for row in rows]) for name in names})
        frame.attrs |= {
            "operation": "GetSecurityScan",
            "status": scan["status"],
            "complete": scan["status"] == "success",
        }
        return frame

    def download_to(
        self,
        project: str,
        deployment: str | int,
        file: str | os.PathLike[str],
        *,
        replace: bool = False,
        max_bytes: int = MOST_BYTES,
    ) -> Path:
        """Write the full report of a scan that has succeeded to a file, whole or not at all.

        Args:
            project: A project: its unique name or id.
            deployment: A deployment: its version number or id.
            file: Where to write.
            replace: Write over a file that is there already, at the very end.
            max_bytes: Of the file.

        Returns:
            The path of the file.

        Raises:
            InvalidInput: The place can't be written.
            RequestError: The file does not come.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.security.download_to("storefront", 15, "report.json").name
            'report.json'
        """
        return to_file(
            self._session,
            contract.find("GetSecurityScanDownloadUri"),
            {"project": project, "deployment": deployment},
            file,
            replace=replace,
            max_bytes=max_bytes,
        )


def _text(value: Any) -> str | None:
    return None if value is None else value if isinstance(value, str) else str(value)
