"""A domain does not lead to its environment."""

from __future__ import annotations

from createos_nb.simulator.platform.name_servers import ELSEWHERE
from createos_nb.simulator.scenario.drafts.app import App, ago
from createos_nb.simulator.scenario.drafts.draft import HOUR, Draft
from createos_nb.simulator.scenario.drafts.fault import fault
from createos_nb.simulator.scenario.drafts.finding import Finding
from createos_nb.simulator.scenario.schema import DomainSection
from createos_nb.simulator.scenario.steps import PointDomain


def _domain(draft: Draft, app: App) -> str:
    word = draft.random.choice(("www", "shop", "api", "go", "spring", "beta"))
    return f"{word}.{draft.account}.example.{draft.random.choice(('com', 'net', 'org'))}"


def _app(draft: Draft) -> App:
    app = draft.app(shared=True)
    if draft.random.random() < 0.5:
        name = f"old.{draft.account}.example.com"
        app.project.domains.append(
            DomainSection(name=name, environment=app.environment.name, made="-70d", dns="2h", refreshed=["-69d"])
        )
        draft.expects("Another domain is all right", app, domain=name, status="active")
    return app


@fault("domain_pending", faint=False)
def domain_pending(draft: Draft) -> None:
    """A domain was made hours ago, and its record is not found yet, as it has not spread."""
    random = draft.random
    app, made = _app(draft), random.randint(1, 30)
    name = _domain(draft, app)
    refreshed = [ago(hours * HOUR) for hours in sorted({made * 3 // 4, made // 3} - {0, made}, reverse=True)]
    app.project.domains.append(
        DomainSection(name=name, made=ago(made * HOUR), dns=f"{made + random.randint(2, 12)}h", refreshed=refreshed)
    )
    draft.found(
        Finding(
            "domain_pending",
            name,
            made * HOUR,
            f"The record of {name}, which was made {made} hours ago, is not found yet.",
            "Wait until the record has spread, then refresh the domain.",
            app,
        )
    )
    draft.expects("It waits for its record", app, domain=name, status="pending")


@fault("domain_misconfigured", faint=False)
def domain_misconfigured(draft: Draft) -> None:
    """The record of a domain leads elsewhere: after two days it is given up, or still waits, longer than any record."""
    random = draft.random
    app = _app(draft)
    name = _domain(draft, app)
    gave_up = random.random() < 0.5
    made = random.randint(50, 300) if gave_up else random.randint(49, 90)
    section = DomainSection(
        name=name,
        made=ago(made * HOUR),
        dns="never",
        refreshed=[ago((made - 3) * HOUR), ago((made // 2) * HOUR), ago(random.randint(1, 20) * HOUR)],
    )
    if gave_up:
        section.status, section.message = "error", "DNS records not found within 48 hours"
    app.project.domains.append(section)
    draft.facts["hours"] = made
    draft.found(
        Finding(
            "domain_misconfigured",
            name,
            made * HOUR,
            f"The record of {name} leads elsewhere: it was not found in {made} hours.",
            "Set the records that the domain's row shows; one that was given up is deleted and made anew.",
            app,
            runbook="delete" if gave_up else "",
            arguments={"domain": name} if gave_up else {},
        )
    )
    draft.expects("It is not active", app, domain=name, status="error" if gave_up else "pending")


@fault("domain_misconfigured", faint=False)
def dns_change(draft: Draft) -> None:
    """The record of a domain that was fine leads elsewhere now: its visitors come no more, and its row says nothing."""
    began = draft.minutes(20, 10 * 60)
    app = draft.app(rpm=(20, 120))
    name = _domain(draft, app)
    app.project.domains.append(
        DomainSection(
            name=name,
            environment=app.environment.name,
            made="-70d",
            dns="2h",
            refreshed=["-69d"],
            traffic=app.environment.traffic,
            rpm=round(draft.random.uniform(40, 160), 1),
        )
    )
    app.happens(began, PointDomain(at=ago(began), domain=name, values=[ELSEWHERE]))
    draft.innocent_change(app, began)
    draft.facts |= {"domain": name, "leads_to": ELSEWHERE}
    draft.found(
        Finding(
            "domain_misconfigured",
            name,
            began,
            f"The A record of {name} leads to {ELSEWHERE}, which is somebody else's.",
            "Set the record at the registrar as it was; nothing here is to blame.",
            app,
        )
    )
    draft.expects("Its row is as it was", app, domain=name, status="active")
    draft.expects("What comes is served", app, over=2 * HOUR, errors=[0.0, 1.5])
