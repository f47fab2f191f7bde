"""Serves `createos_nb.contract.domains`."""

from __future__ import annotations

import re
from typing import Final

from msgspec import UNSET, Struct, UnsetType

from createos_nb.contract import domains
from createos_nb.contract.row import Made
from createos_nb.simulator.context import WorldContext, handles_event
from createos_nb.simulator.ids import hex_of, uuid_of
from createos_nb.simulator.platform import name_servers, serving
from createos_nb.simulator.platform.access import domain_of, environment_of, project_of
from createos_nb.simulator.platform.errors import HttpError
from createos_nb.simulator.platform.registry import BodyCall, Call, Payload, serves
from createos_nb.simulator.state import DnsRecord, Domain, Environment, Project
from createos_nb.simulator.times import SECOND, rfc3339, rfc3339_or_null

_LABEL: Final = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_HOST_NAME: Final = re.compile(rf"(?:{_LABEL}\.)+[a-zA-Z](?:[a-zA-Z0-9-]{{0,61}}[a-zA-Z0-9])", flags=re.ASCII)


class DomainRoute(Struct, kw_only=True):
    """Body of `UpdateDomainEnvironment`."""

    environment_id: str | UnsetType | None = UNSET


class DomainDraft(DomainRoute, kw_only=True):
    """Body of `CreateDomain`."""

    name: str


def _row(project: Project, domain: Domain) -> domains.Domain:
    records = None
    if domain.status in ("pending", "error"):
        records = domains.DnsRecords(
            txt_records=[{"name": name_servers.RECORD, "value": name_servers.wanted(domain, "TXT")[0]}],
            a_records=name_servers.wanted(domain, "A"),
        )
    return domains.Domain(
        id=domain.id,
        project_id=project.id,
        name=domain.name,
        status=domain.status,
        environment_id=domain.environment or None,
        records=records,
        message=domain.message or None,
        failed_verification_count=domain.failures,
        last_failed_verified_at=rfc3339_or_null(domain.failed_at),
        domain_certificate_id=domain.certificate or None,
        created_at=rfc3339(domain.created),
        updated_at=rfc3339(domain.updated),
        deleting_at=rfc3339_or_null(domain.deleting_at),
    )


@serves("ListDomains")
def list_domains(context: WorldContext, call: Call) -> Payload:
    """Return the domains of a project, oldest first."""
    project = project_of(context, call)
    return [_row(project, domain) for domain in project.domains.values()]


def _routable(project: Project, identity: str | UnsetType | None) -> str:
    """Return the id of an environment that a domain may be routed to; "" for none."""
    if identity is UNSET or identity is None:
        return ""
    environment = environment_of(project, identity)
    if not environment.deployment:
        raise HttpError(422, f"environment {environment.name} has no deployment: a domain can't be routed to it")
    return environment.id


@serves("CreateDomain", DomainDraft)
def create_domain(context: WorldContext, call: BodyCall[DomainDraft]) -> Payload:
    """Attach a domain; it is pending until its DNS record is found."""
    project, body = project_of(context, call), call.body
    name = body.name.lower().rstrip(".")
    if len(name) > 253 or not _HOST_NAME.fullmatch(name):
        raise HttpError(400, "name: expected a host name such as www.example.com")
    environment = _routable(project, body.environment_id)
    for other in context.state.projects.values():
        if any(domain.name == name for domain in other.domains.values()):
            raise HttpError(422, f"the domain {name} is in use already")
    return Made(id=new_domain(context, project, name, environment).id)


def new_domain(
    context: WorldContext, project: Project, name: str, environment: str = "", delay: int | None = None
) -> Domain:
    """Put a new domain into a project; its DNS record is found after `delay` seconds, by default the world's."""
    now = context.state.now
    wait = context.state.settings.dns_delay if delay is None else delay
    identity = context.new_id("domain")
    domain = Domain(
        id=identity,
        name=name,
        status="pending",
        created=now,
        updated=now,
        token=hex_of(32, context.state.seed, identity),
        resolves_at=now + wait * SECOND if wait >= 0 else 0,
        environment=environment,
    )
    project.domains[domain.id] = domain
    context.record("domain made", project, name, resource=domain)
    return domain


@serves("RefreshDomain")
def refresh_domain(context: WorldContext, call: Call) -> Payload:
    """Have the DNS records of a pending domain looked for; what is found shows in its row a little later."""
    project = project_of(context, call)
    domain = domain_of(project, call.ids[1])
    if domain.status != "pending":
        raise HttpError(422, f"a domain that is {domain.status} can't be refreshed: only a pending one")
    context.schedule_in(context.state.settings.verifying, "domain is checked", project.id, domain.id)
    return "domain is being refreshed"


@handles_event("domain is checked")
def _checked(context: WorldContext, target: tuple[str, ...]) -> None:
    project = context.state.projects[target[0]]
    domain = project.domains.get(target[1])
    if domain is not None and domain.status == "pending":
        verify(context, project, domain)


def verify(context: WorldContext, project: Project, domain: Domain) -> None:
    """Verify a pending domain if its DNS record is there."""
    now = context.state.now
    if not name_servers.all_found(context, domain):
        domain.failures += 1
        domain.failed_at = now
        domain.message = "DNS records not found yet: it can take up to 48 hours until they have spread"
        context.touch(domain)
        context.record("domain not verified", project, domain.name, resource=domain)
        return
    domain.status, domain.message = "issuing", "DNS records found; the certificate is being issued"
    context.touch(domain)
    context.record("domain verified", project, domain.name, resource=domain)
    context.schedule_in(context.state.settings.issuing, "domain has its certificate", project.id, domain.id)


@handles_event("domain has its certificate")
def _active(context: WorldContext, target: tuple[str, ...]) -> None:
    project = context.state.projects[target[0]]
    domain = project.domains.get(target[1])
    if domain is None or domain.status not in ("issuing", "updating"):
        return
    if not domain.certificate:
        domain.certificate = uuid_of(context.state.seed, "certificate", domain.id)
    domain.status, domain.message = "active", ""
    context.touch(domain)
    _routes_changed(context, project)
    context.record("domain active", project, domain.name, resource=domain)


@serves("UpdateDomainEnvironment", DomainRoute)
def update_domain_environment(context: WorldContext, call: BodyCall[DomainRoute]) -> Payload:
    """Route an active domain to an environment that has a deployment; null, or nothing at all, to none."""
    project = project_of(context, call)
    domain = domain_of(project, call.ids[1])
    if domain.status not in ("active", "updating"):
        raise HttpError(422, f"a domain that is {domain.status} can't be routed: only an active one")
    target = _routable(project, call.body.environment_id)
    route(context, project, domain, project.environments.get(target))
    return "Domain environment updated successfully"


def route(context: WorldContext, project: Project, domain: Domain, environment: Environment | None) -> None:
    """Send what a domain gets to an environment from now on."""
    domain.environment = environment.id if environment is not None else ""
    domain.status = "updating"
    context.touch(domain)
    _routes_changed(context, project)
    text = f"{domain.name} to {environment.name if environment is not None else 'nothing'}"
    context.record("domain routed", project, text, environment=environment, resource=domain)
    context.schedule_in(context.state.settings.updating, "domain has its certificate", project.id, domain.id)


def point(context: WorldContext, project: Project, domain: Domain, values: list[str]) -> None:
    """Let the record of a domain lead elsewhere: the row stays as it is, and who asks for the domain goes there."""
    domain.dns = [DnsRecord("A", values=list(values))]
    domain.visitors = None
    _routes_changed(context, project)
    context.record("DNS changed", project, f"{domain.name}: A {', '.join(values)}", resource=domain)


def _routes_changed(context: WorldContext, project: Project) -> None:
    for environment in project.environments.values():
        context.rows.pop(environment.id, None)
        serving.settle_visitors(context, project, environment)


@serves("DeleteDomain")
def delete_domain(context: WorldContext, call: Call) -> Payload:
    """Detach a domain; the row goes a little later."""
    project = project_of(context, call)
    domain = domain_of(project, call.ids[1])
    if domain.status == "deleting":
        raise HttpError(422, "domain is being deleted already")
    domain.status, domain.deleting_at = "deleting", context.state.now
    context.touch(domain)
    _routes_changed(context, project)
    context.record("domain deleting", project, domain.name, resource=domain)
    context.schedule_in(context.state.settings.deleting, "domain is gone", project.id, domain.id)
    return "Domain deleted successfully"


@handles_event("domain is gone")
def _gone(context: WorldContext, target: tuple[str, ...]) -> None:
    project = context.state.projects[target[0]]
    if project.domains.pop(target[1], None) is not None:
        _routes_changed(context, project)
