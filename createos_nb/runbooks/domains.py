"""Verifying a domain once its DNS records are set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from createos_nb.plans.apply import make_plan
from createos_nb.plans.plan import Plan
from createos_nb.plans.snapshot import Snapshot, id_of, in_status
from createos_nb.plans.steps.add_domain import VerifyDomain, records_text
from createos_nb.plans.steps.domains import domain_target

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans.steps.base import Step


def verify_domain(client: Client, project: str, domain: str) -> Plan:
    """Have the DNS records of a domain looked for, and wait until it is active and answers.

    Where they are not found the run stops, and can be resumed over the 48 hours that DNS may take: `plans.resume` looks
    again, and goes on.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.
        domain: host name or id of the domain.

    Returns:
        A plan of one step; of none where the domain is active. Nothing is changed before `apply`.

    Raises:
        UnknownName: there is no such project or domain.

    Examples:
        >>> client = createos_nb.simulate()
        >>> _ = client.world.advance("2d")  # the records have spread
        >>> plan = createos_nb.runbooks.verify_domain(client, "storefront", "shop.juniper-goods.example.net")
        >>> plan.apply(confirm=plan.confirmation, reason="the records are set").checks.result
        'PASS'
        >>> client.domains.list("storefront").set_index("name")["status"]["shop.juniper-goods.example.net"]
        'active'
    """
    snapshot = Snapshot(client)
    owner = snapshot.find_project(project, "domains")
    row = snapshot.find_domain(owner, domain)
    target = domain_target(owner, row)
    steps: list[Step] = []
    if not in_status(row, "active", "updating"):
        why = "its DNS records have to be found before it answers"
        steps.append(VerifyDomain(target=target, why=why, before={"status": row.status}, after={"status": "active"}))
    return make_plan(
        snapshot,
        f"verify domain {target.domain_name} of {target.project_name}",
        steps,
        runbook="verify_domain",
        arguments={"project": id_of(owner), "domain": id_of(row)},
        warnings=[records_text(row)] if steps and in_status(row, "pending") else [],
    )
