"""Serves `createos_nb.contract.security`."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from createos_nb.contract.row import Download
from createos_nb.contract.security import SecurityScan
from createos_nb.simulator.context import WorldContext, handles_event
from createos_nb.simulator.ids import number_of
from createos_nb.simulator.platform.access import deployment_of, project_of
from createos_nb.simulator.platform.errors import HttpError
from createos_nb.simulator.platform.registry import Call, Payload, serves
from createos_nb.simulator.platform.signed_urls import SignedFile, serves_file, signed_url
from createos_nb.simulator.state import Deployment, Project, Scan, ScanOutcome, ScanStatus
from createos_nb.simulator.times import DAY, rfc3339

SEVERITIES: Final = ("CRITICAL", "HIGH", "MEDIUM", "LOW")
STARTING: Final = 5
"""Seconds until a scan is in progress."""
KEPT: Final = 30 * DAY

#: What scans find by themselves, none of it real: package, installed version, mended version, severity, what it is.
_KNOWN: Final = (
    ("sample-parser", "2.4.1", "2.4.3", "HIGH", "reads past the end of a crafted header"),
    ("sample-cookie", "0.5.0", "0.7.0", "MEDIUM", "accepts names with control characters"),
    ("sample-tls", "3.0.11", "3.0.14", "CRITICAL", "skips the check of a host name"),
    ("sample-yaml", "1.10.0", "1.10.3", "MEDIUM", "runs out of memory on nested anchors"),
    ("sample-zip", "1.2.13", "1.3.1", "LOW", "writes a wrong size into a log"),
    ("sample-regex", "6.0.2", "6.0.5", "HIGH", "takes exponential time on a crafted path"),
)


def _scan(context: WorldContext, call: Call) -> tuple[Project, Deployment, Scan | None]:
    project = project_of(context, call)
    deployment = deployment_of(context, project, call.ids[1])
    return project, deployment, deployment.scan


def _existing(scan: Scan | None) -> Scan:
    if scan is None:
        raise HttpError(404, "no security scan for this deployment")
    return scan


@serves("GetSecurityScan")
def get_scan(context: WorldContext, call: Call) -> Payload:
    """Return the scan of a deployment."""
    _, deployment, existing = _scan(context, call)
    scan = _existing(existing)
    return SecurityScan(
        id=scan.id,
        deployment_id=deployment.id,
        status=scan.status,
        type="vulnerability",
        tool="simulated-scanner",
        executor="simulator",
        parsed_report=report(scan) if scan.status == "success" else None,
        failed_reason=scan.reason or None,
        created_at=rfc3339(scan.created),
        updated_at=rfc3339(scan.updated),
        expires_at=rfc3339(scan.expires),
    )


def report(scan: Scan) -> dict[str, Any]:
    """Return what a scan found: `summary` counts by severity, `vulnerabilities` lists them, worst first."""
    counts = {severity.lower(): 0 for severity in SEVERITIES}
    for finding in scan.findings:
        counts[finding["severity"].lower()] += 1
    worst_first = sorted(scan.findings, key=lambda finding: (SEVERITIES.index(finding["severity"]), finding["id"]))
    return {"summary": {**counts, "total": len(scan.findings)}, "vulnerabilities": worst_first}


@serves("TriggerSecurityScan")
def trigger_scan(context: WorldContext, call: Call) -> Payload:
    """Start a scan."""
    project, deployment, scan = _scan(context, call)
    if not project.scanning:
        raise HttpError(400, "security scanning is not enabled for this project")
    if scan is not None and scan.status != "success":
        raise HttpError(400, f"there is a scan already, and it is {scan.status}")
    if deployment.status not in ("deployed", "crashing", "sleeping"):
        raise HttpError(400, f"a deployment that is {deployment.status} can't be scanned")
    start_scan(context, project, deployment, _next_outcome(deployment))
    return "Security scan triggered successfully"


def start_scan(
    context: WorldContext,
    project: Project,
    deployment: Deployment,
    outcome: ScanOutcome = "success",
    findings: list[dict[str, Any]] | None = None,
) -> Scan:
    """Begin a scan, which goes its way by itself."""
    now, seed = context.state.now, context.state.seed
    if findings is None:
        source = deployment.commit or deployment.image
        chosen = [(number, known) for number, known in enumerate(_KNOWN) if number_of(3, seed, source, number)]
        findings = [
            {
                "id": f"SIM-2026-{1000 + number}",
                "package": package,
                "installedVersion": installed,
                "fixedVersion": fixed,
                "severity": severity,
                "title": f"{package} {what}",
            }
            for number, (package, installed, fixed, severity, what) in chosen[:4]
        ]
    scan = deployment.scan = Scan(
        id=context.new_id("scan"),
        status="pending",
        created=now,
        updated=now,
        outcome=outcome,
        findings=findings,
        expires=now + KEPT,
    )
    context.record("scan made", project, f"version {deployment.version}", deployment=deployment, resource=scan)
    context.schedule_in(STARTING, "scan is under way", project.id, deployment.id, scan.id)
    return scan


def fail_scan(context: WorldContext, project: Project, deployment: Deployment) -> None:
    """Let the scan of a deployment fail: the one that runs, else the next one."""
    scan = deployment.scan
    if scan is not None and scan.status in ("pending", "in_progress"):
        scan.outcome = "failed"
    else:
        deployment.next_scan = "failed"
    context.record("scan will fail", project, f"version {deployment.version}", deployment=deployment)


def _next_outcome(deployment: Deployment) -> ScanOutcome:
    outcome, deployment.next_scan = deployment.next_scan, "success"
    return outcome


@serves("RetriggerSecurityScan")
def retrigger_scan(context: WorldContext, call: Call) -> Payload:
    """Run a failed scan again."""
    project, deployment, existing = _scan(context, call)
    scan = _existing(existing)
    if not project.scanning:
        raise HttpError(400, "security scanning is not enabled for this project")
    if scan.status != "failed":
        raise HttpError(400, f"a scan that is {scan.status} can't be run again: only a failed one")
    scan.status, scan.reason, scan.updated = "pending", "", context.state.now
    scan.outcome = _next_outcome(deployment)
    context.notify("scan.retrigger", project, deployment=deployment, resource=scan)
    context.schedule_in(STARTING, "scan is under way", project.id, deployment.id, scan.id)
    return "Security scan retriggered successfully"


def _running(
    context: WorldContext, target: tuple[str, ...], status: ScanStatus
) -> tuple[Project, Deployment, Scan] | None:
    project = context.state.projects[target[0]]
    deployment = context.deployments(project).get(target[1])
    scan = deployment.scan if deployment is not None else None
    if deployment is None or scan is None or scan.id != target[2] or scan.status != status:
        return None
    return project, deployment, scan


def _become(context: WorldContext, project: Project, deployment: Deployment, scan: Scan, status: ScanStatus) -> None:
    scan.status, scan.updated = status, context.state.now
    context.notify(f"scan.{status}", project, deployment=deployment, resource=scan)


@handles_event("scan is under way")
def _under_way(context: WorldContext, target: tuple[str, ...]) -> None:
    running = _running(context, target, "pending")
    if running is not None:
        _become(context, *running, "in_progress")
        context.schedule_in(context.state.settings.scanning, "scan is over", *target)


@handles_event("scan is over")
def _over(context: WorldContext, target: tuple[str, ...]) -> None:
    running = _running(context, target, "in_progress")
    if running is not None:
        scan = running[-1]
        scan.reason = "" if scan.outcome == "success" else "the image could not be pulled from the registry"
        _become(context, *running, scan.outcome)


@serves("GetSecurityScanDownloadUri")
def scan_download(context: WorldContext, call: Call) -> Payload:
    """Return a signed address of the full report."""
    project, deployment, existing = _scan(context, call)
    scan = _existing(existing)
    if scan.status != "success":
        raise HttpError(400, f"a scan that is {scan.status} has no report: only one that succeeded")
    return Download(download_uri=signed_url(context, "scan", project.id, deployment.id))


@serves_file("scan")
def _scan_report(context: WorldContext, ids: list[str]) -> SignedFile:
    project = context.state.projects.get(ids[0])
    deployment = context.deployments(project).get(ids[1]) if project is not None else None
    if deployment is None or deployment.scan is None or deployment.scan.status != "success":
        raise HttpError(404, "the report is gone")
    content = msgspec.json.format(msgspec.json.encode(report(deployment.scan)), indent=2)
    return SignedFile("application/json", f"scan-{ids[1][:8]}.json", content)
