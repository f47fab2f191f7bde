"""Nothing is assigned to the environment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from createos_nb.diagnostics.diagnosis import Finding, RunbookCall
from createos_nb.diagnostics.evidence.evidence import Evidence


def find(evidence: Evidence, found: Sequence[Finding]) -> Iterable[Finding]:
    """Find an environment without a deployment."""
    environment = evidence.environment
    if environment is None or isinstance(environment["project_deployment_id"], str):
        return
    rows = evidence.deployments
    good = rows[rows["status"].isin(["deployed", "sleeping"])] if rows is not None else None
    name = str(environment["unique_name"])
    if good is not None and len(good):
        version = int(good["version_number"].max())
        fix = f"Assign a deployment to it, such as version {version}."
        call: RunbookCall | None = RunbookCall("assign", (evidence.name, version, name))
    else:
        fix, call = (
            "Deploy, and assign the deployment to it.",
            RunbookCall("deploy", (evidence.name,), {"environment": name}),
        )
    # where every build failed, that is the reason, and is found by the rules of builds
    weight = 0.6 if evidence.failed_builds and (good is None or not len(good)) else 0.9
    texts = ["the environment has no deployment"]
    if evidence.traffic is not None:
        count = int(evidence.requests.sums(evidence.now - evidence.now.resolution * 0, evidence.now).get("count", 0))
        total = int(evidence.traffic["count"].fillna(0).sum())
        texts += [f"{total:,} requests in the last 24 hours"] if total or count else []
    yield Finding("not_deployed", evidence.where, environment["updated_at"], weight, tuple(texts), (), fix, call)
