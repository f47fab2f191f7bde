"""What people do in the flows."""

from __future__ import annotations

from typing import Any

from createos_nb import plans
from createos_nb.client.client import Client


def applied(plan: plans.Plan) -> plans.Receipt:
    """Review a plan and apply it; it passes its checks."""
    assert plan.problems().empty, plan.problems()
    receipt = plan.apply(confirm=plan.confirmation, reason="a flow of the documentation")
    assert receipt.checks.result == "PASS"
    return receipt


def live(client: Client, project: str, environment: str = "production") -> Any:
    """The deployment that is live in an environment."""
    row = client.environments.get(project, environment)
    return client.deployments.get(project, row["project_deployment_id"])


def status_of(client: Client, project: str, environment: str = "production", path: str = "/") -> Any:
    """What the address of an environment answers."""
    return client.probe(client.environments.get(project, environment)["endpoint"].rstrip("/") + path)["status"]


def error_percentage(client: Client, project: str, environment: str = "production", start: str = "-10min") -> float:
    """Percentage of the requests of the last minutes that the server failed."""
    totals = client.analytics.overall_requests(project, environment, start=start)
    return 100.0 * float(totals["status_5xx"]) / float(totals["total"])
