"""Domains: added, verified once their DNS records are set, and routed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from createos_nb.client.dns import network
from createos_nb.client.dns.lookup import look_up, lookups_text
from createos_nb.client.dns.records import normal_name, wanted_records
from createos_nb.errors import InvalidInput
from createos_nb.plans.apply import make_plan
from createos_nb.plans.plan import Plan
from createos_nb.plans.snapshot import Snapshot, id_of, in_status, name_of
from createos_nb.plans.steps.add_domain import AddDomain, ReadRecords
from createos_nb.plans.steps.base import CREATED, Target
from createos_nb.plans.steps.checks import Probe
from createos_nb.plans.steps.domains import Route, domain_target, records_text
from createos_nb.plans.steps.environments import wake_step
from createos_nb.plans.steps.verify_domain import AwaitRecords, VerifyDomain
from createos_nb.runbooks.arguments import validate

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.contract.domains import Domain
    from createos_nb.contract.environments import Environment
    from createos_nb.contract.projects import Project
    from createos_nb.plans.steps.base import Step

_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST_NAME: Final = re.compile(rf"(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])", flags=re.ASCII)
_LONGEST_NAME: Final = 253


def add_domain(client: Client, project: str, domain: str, *, environment: str | None = None) -> Plan:
    """Add a domain to a project, and read the DNS records that its owner has to set.

    It is pending until they are found: `route_domain` waits for them, verifies the domain and routes it, and the
    follow-up "route" is that plan. `client.domains.records` and `zone_file` give the records as a frame and as text.

    Its undo deletes the domain, also where it serves by then: that is irreversible, and asks for the typed name.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.
        domain: the host name, such as "www.example.com".
        environment: name or id of the environment that it is routed to from the start; by default none.

    Returns:
        A plan of two steps; of none where the project has the domain. Nothing is changed before `apply`.

    Raises:
        InvalidInput: the name is no host name, or a domain of that name is being deleted.
        UnknownName: there is no such project or environment.

    Examples:
        >>> client = createos_nb.simulate()
        >>> domain = "gifts.juniper-goods.example.com"
        >>> plan = createos_nb.runbooks.add_domain(client, "storefront", domain)
        >>> receipt = plan.apply()
        >>> client.domains.records("storefront", domain)[["type", "host"]].values.tolist()
        [['TXT', '_createos'], ['A', '@']]
        >>> client.world.set_dns(domain, after="1min")  # its owner sets them
        >>> plan = createos_nb.runbooks.route_domain(client, "storefront", domain, "production")
        >>> plan.apply(confirm=plan.confirmation, reason="the gift shop opens").checks.result
        'PASS'
    """
    name = valid_domain(client, domain)
    snapshot = Snapshot(client)
    owner = snapshot.find_project(project, "domains", "environments")
    place = None if environment is None else snapshot.find_environment(owner, environment)
    known = next((row for row in snapshot.domains(id_of(owner)) if row.name == name), None)
    if known is not None and in_status(known, "deleting"):
        raise InvalidInput(f"add_domain: {name} is being deleted: add it again once it is gone")
    steps: list[Step] = []
    warnings: list[str] = []
    if known is None:
        steps = adding_steps(id_of(owner), name_of(owner), name, place, f"{CREATED}0")
        warnings = [waits_for_records(name)]
    else:
        warnings = _already_there(snapshot, owner, known, place)
    where = name_of(place) if place is not None else None
    return make_plan(
        snapshot,
        f"add domain {name} to {name_of(owner)}",
        steps,
        runbook="add_domain",
        arguments={"project": id_of(owner), "domain": name, "environment": None if place is None else id_of(place)},
        warnings=warnings,
        follow_ups={"route": lambda: route_domain(client, id_of(owner), name, where)},
    )


def route_domain(
    client: Client, project: str, domain: str, environment: str | None = None, *, look_up: bool = True
) -> Plan:
    """Route a domain to an environment, and request it as users do; one that is pending is verified first.

    A pending domain waits for its DNS records: the plan says which, and what is there now. The run looks them up from
    here, and has the platform verify them once they are as wanted. Where they are not within 5 minutes (`timeout=` of
    `apply`) it stops, and can be resumed over the 48 hours that DNS may take: `plans.resume` looks again, and goes on.
    What no name server answers is not known, and then the platform's own check decides.

    Its undo routes the domain to where it was routed before; verified it stays.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.
        domain: host name or id of the domain.
        environment: name or id of the environment that is to serve it; by default it stays where it is routed.
        look_up: look its DNS records up from here, which needs the extra `dns` on the platform; else the platform's own
            check alone decides.

    Returns:
        A plan of at most five steps (wait for DNS, verify, wake, route, probe); of none where all of it is so. Nothing
        is changed before `apply`.

    Raises:
        InvalidInput: the domain is being deleted.
        MissingExtra: its records are to be looked up, and the extra `dns` is not installed.
        UnknownName: there is no such project, domain or environment.

    Examples:
        >>> client = createos_nb.simulate()
        >>> domain = "wholesale.juniper-goods.example.com"
        >>> plan = createos_nb.runbooks.route_domain(client, "storefront", domain, "green")
        >>> plan.frame()[["field", "before", "after"]].values.tolist()[0]
        ['environment', 'blue', 'green']
        >>> plan.apply(confirm=plan.digest, reason="green is tested").checks.result
        'PASS'

        One that waits for its records:

        >>> plan = createos_nb.runbooks.route_domain(client, "storefront", "shop.juniper-goods.example.net", "blue")
        >>> plan.frame()["what"].drop_duplicates().str.split().str[0].tolist()
        ['wait', 'verify', 'route', 'send']
        >>> print(plan.warnings[0])
        shop.juniper-goods.example.net is pending: it waits for its DNS records. TXT ...: there is no such name → ...
    """
    snapshot = Snapshot(client)
    owner = snapshot.find_project(project, "environments", "domains")
    host = snapshot.find_domain(owner, domain)
    rows = snapshot.environments(id_of(owner))
    before = next((row for row in rows if row.id == host.environment_id), None)
    place = before if environment is None else snapshot.find_environment(owner, environment)
    target = domain_target(owner, host)
    if in_status(host, "deleting"):
        raise InvalidInput(f"route_domain: {target.domain_name} is being deleted")
    steps, warnings = _verifying(client, target, host, look_up)
    verifies = bool(steps)
    if place is not None and host.environment_id != place.id:
        warnings += _both_promote(before, place)
        running = snapshot.live_deployment(id_of(owner), place)
        if running is not None and in_status(running, "sleeping"):
            steps.append(wake_step(id_of(owner), name_of(owner), running, "it has to run before it serves"))
        steps.append(
            Route(
                target=target,
                why="asked for",
                before={"environment": host.environment_id},
                after={"environment": id_of(place)},
                labels={id_of(row): name_of(row) for row in rows},
            )
        )
    if steps and place is not None:
        steps.append(Probe(target=target, why="what users see", paths=["/"], requests=3))
    does = "verify and route" if verifies else "route"
    where = f" to {name_of(place)}" if place is not None else ""
    return make_plan(
        snapshot,
        f"{does if where else 'verify'} {target.domain_name}{where}",
        steps,
        runbook="route_domain",
        arguments={
            "project": id_of(owner),
            "domain": id_of(host),
            "environment": None if place is None else id_of(place),
        },
        warnings=warnings,
    )


def valid_domain(client: Client, domain: str) -> str:
    """Return a host name as the platform keeps it. Raises `InvalidInput`."""
    name = normal_name(validate(client, "CreateDomain", "name", domain))
    if len(name) > _LONGEST_NAME or not _HOST_NAME.fullmatch(name):
        hint = "" if name.isascii() else ", in Punycode (xn--…) where it has other letters"
        raise InvalidInput(f"{domain!r} is no host name, such as www.example.com{hint}")
    return name


def adding_steps(
    project: str, project_name: str, domain: str, environment: Environment | None, created: str
) -> list[Step]:
    """Return the steps that add a domain; `created`: what stands for the id that the first one creates."""
    at: dict[str, Any] = {"project": project, "project_name": project_name, "domain_name": domain}
    where = {} if environment is None else {"environment": id_of(environment), "environment_name": name_of(environment)}
    return [
        AddDomain(target=Target(**at, **where), why="asked for"),
        ReadRecords(target=Target(**at, domain=created), why="its owner has to set them"),
    ]


def waits_for_records(domain: str) -> str:
    """Return the warning of a plan that adds a domain."""
    return (
        f"{domain} answers once its DNS records are set and found, which can take 48 hours: the run reads them and "
        "ends, and runbooks.route_domain waits for them"
    )


def _already_there(snapshot: Snapshot, owner: Project, row: Domain, place: Environment | None) -> list[str]:
    """What to say of a domain that is to be added, and that the project has."""
    text = f"{name_of(owner)} has {row.name} already: it is {row.status}"
    if in_status(row, "pending"):
        text += f"; {records_text(row)}"
    if in_status(row, "error"):
        text += ": delete it, and add it again"
    warnings = [text]
    if place is not None and row.environment_id != place.id:
        now = next((one for one in snapshot.environments(id_of(owner)) if one.id == row.environment_id), None)
        where = "nothing" if now is None else name_of(now)
        warnings.append(f"it is routed to {where}: runbooks.route_domain routes it to {name_of(place)}")
    return warnings


def _verifying(client: Client, target: Target, row: Domain, looks_up: bool) -> tuple[list[Step], list[str]]:
    """The steps that verify a domain, and what they wait for in words; none of either for one that is active."""
    if in_status(row, "active", "updating"):
        return [], []
    verify = VerifyDomain(
        target=target,
        why="its DNS records have to be found before it answers",
        before={"status": row.status},
        after={"status": "active"},
    )
    if not in_status(row, "pending"):
        return [verify], []
    records = wanted_records(target.domain_name, row.records)
    pending = f"{target.domain_name} is pending: it waits for its DNS records"
    later = (
        "it can take 48 hours until they have spread: the run stops where they are not found, and plans.resume goes on"
    )
    if not records or not looks_up:
        return [verify], [f"{pending}: {records_text(row)}", later]
    if not client.session.transport.simulated:
        network.require()
    found = lookups_text(look_up(client.session, target.domain_name, records))
    wait = AwaitRecords(target=target, why="the platform gives a domain up whose records it does not find")
    return [wait, verify], [f"{pending}. {found}", later]


def _both_promote(before: Environment | None, after: Environment) -> list[str]:
    """The warning where a push changes both environments, so that there is nothing to go back to."""
    if before is None or not (before.is_auto_promote_enabled and after.is_auto_promote_enabled):
        return []
    if before.branch != after.branch:
        return []
    return [
        f"both environments promote what is pushed to {after.branch}: the next push changes both, and there is nothing "
        "to switch back to: runbooks.hold stops that"
    ]
