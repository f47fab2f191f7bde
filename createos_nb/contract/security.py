"""Security: vulnerability scans of deployments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from createos_nb.contract.operation import Record
from createos_nb.contract.resource import Resource, operation
from createos_nb.contract.row import Created, Download, Map, Row, Text, Time, Updated, about
from createos_nb.contract.types import DeploymentRef, ProjectRef
from createos_nb.naming import SCAN_STATES

if TYPE_CHECKING:
    import pandas as pd


class SecurityScan(Row):
    """A scan of a deployment."""

    id: Annotated[Text, about("id")] = None
    deployment_id: Annotated[Text, about("id of the deployment")] = None
    status: Annotated[Text, about("status on the wire", states=SCAN_STATES)] = None
    type: Annotated[Text, about("kind of scan")] = None
    tool: Annotated[Text, about("scanner")] = None
    executor: Annotated[Text, about("where it ran")] = None
    parsed_report: Annotated[Map, about("what was found; `security.findings` makes a table of it")] = None
    failed_reason: Annotated[Text, about("why it failed")] = None
    created_at: Created = None
    updated_at: Updated = None
    expires_at: Annotated[Time, about("when the report goes", unit="UTC")] = None
    deleted_at: Annotated[Time, about("when it was deleted", unit="UTC")] = None


_AT = "/v1/projects/{project_id}/deployments/{deployment_id}/security-scans"


class Security(Resource):
    """Vulnerability scans of deployments."""

    name = "security"

    @operation("GetSecurityScan", f"GET {_AT}", answer=Record(SecurityScan))
    def scan(self, project: ProjectRef, deployment: DeploymentRef) -> pd.Series:
        """The scan of a deployment.

        Returns:
            State, tool, times and, once it succeeded, the report of the scan.

        Examples:
            >>> client = createos_nb.simulate()
            >>> scan = client.security.scan("storefront", 15)
            >>> scan["parsed_report"]["summary"]
            {'critical': 1, 'high': 1, 'medium': 1, 'low': 1, 'total': 4}
        """

    @operation("GetSecurityScanDownloadUri", f"GET {_AT}/download", answer=Record(Download))
    def scan_download_uri(self, project: ProjectRef, deployment: DeploymentRef) -> pd.Series:
        """Signed address of the full report, once the scan has succeeded.

        Returns:
            `download_uri`, masked: whoever has the address can read the report.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.security.scan_download_uri("storefront", 15)["download_uri"]
            Secret(••••••)
        """

    @operation("TriggerSecurityScan", f"POST {_AT}/trigger")
    def trigger_scan(self, project: ProjectRef, deployment: DeploymentRef) -> str:
        """Start a scan; scanning must be switched on for the project.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.security.trigger_scan("storefront", 16)
            'Security scan triggered successfully'
        """

    @operation("RetriggerSecurityScan", f"POST {_AT}/retrigger")
    def retrigger_scan(self, project: ProjectRef, deployment: DeploymentRef) -> str:
        """Run a failed scan again.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.security.retrigger_scan("storefront", 17)
            'Security scan retriggered successfully'
        """
