"""What an app asks fails or is slow: a service outside the account, or another project of it."""

from __future__ import annotations

from createos_nb.simulator.scenario.drafts.app import App, ago
from createos_nb.simulator.scenario.drafts.draft import HOUR, MINUTE, Draft
from createos_nb.simulator.scenario.drafts.fault import fault
from createos_nb.simulator.scenario.drafts.finding import Finding
from createos_nb.simulator.scenario.drafts.names import PROVIDERS, SERVICES
from createos_nb.simulator.scenario.drafts.stacks import Stack
from createos_nb.simulator.scenario.schema import IncidentSection
from createos_nb.simulator.traffic import Failing


def _programs(stack: Stack) -> bool:
    return bool(stack.errors)


def _failing(draft: Draft, host: str, port: str, share: float) -> tuple[Failing, float]:
    """Return how requests fail that need a host, and how much slower they are."""
    status, cause, slow = draft.random.choice(
        (
            (504, f"timeout:{host}", 3.0),
            (503, f"timeout:{host}", 2.0),
            (502, f"connection-refused:{host}:{port}", 1.0),
            (500, f"connection-refused:{host}:{port}", 1.0),
            (502, f"error:{host} answered 503 Service Unavailable", 1.0),
            (500, f"error:unexpected status 500 from https://{host}/", 1.0),
        )
    )
    return Failing(status=status, share=share, cause=cause), slow


def _provider_fails(draft: Draft, apps: list[App], began: int) -> None:
    name, port = draft.random.choice(PROVIDERS)
    host = f"{name}.{draft.random.choice(('example.com', 'example.net', 'example.org'))}"
    share = draft.between((0.08, 0.5), (0.015, 0.04))
    failing, slow = _failing(draft, host, port, share)
    draft.incidents.append(
        IncidentSection(
            name=f"{name}-fails-{apps[0].name}",
            start=ago(began),
            end=draft.random.choice((None, f"+{draft.random.randint(20, 200)}min")),
            environments=[app.place for app in apps],
            failing=[failing],
            slow=slow,
        )
    )
    draft.facts["host"] = host
    for app in apps:
        draft.found(
            Finding(
                "external_dependency",
                app.place,
                began,
                f"{host} fails, which {' and '.join(app.name for app in apps)} ask.",
                "Nothing here mends it, and a rollback changes nothing: wait, or do without it meanwhile.",
                app,
            )
        )
        draft.expects_errors(app, began, 100 * share * 0.3, 100 * share * 2 + 1.5)
        draft.expects("The log names the host", app, over=HOUR, log=host)


@fault("external_dependency")
def external_dependency_shared(draft: Draft) -> None:
    """A provider fails that two or three projects ask: errors begin in all of them in the same minute."""
    began = draft.minutes(10, 6 * 60)
    apps = [draft.app(_programs, since=began, rpm=(40, 240)) for _ in range(draft.random.choice((2, 2, 3)))]
    draft.innocent_change(apps[0], began)
    _provider_fails(draft, apps, began)


@fault("external_dependency")
def external_dependency_alone(draft: Draft) -> None:
    """A provider fails that only one project asks."""
    began = draft.minutes(10, 6 * 60)
    app = draft.app(_programs, since=began, rpm=(40, 240))
    draft.innocent_change(app, began)
    _provider_fails(draft, [app], began)


@fault("internal_dependency")
def internal_dependency(draft: Draft) -> None:
    """A project asks another one of the account, which a release has broken; the log of the first names its host."""
    random = draft.random
    began = draft.minutes(10, 6 * 60)
    service = draft.app(_programs, since=began, rpm=(60, 200), names_of=SERVICES)
    shop = draft.app(_programs, since=began, rpm=(60, 240))
    host = f"{service.name}.createos.nodeops.network"
    shop.environment.variables[f"{service.name.replace('-', '_').upper()}_URL"] = f"https://{host}"
    draft.innocent_change(shop, began)
    error = draft.error(service)
    share = draft.between((0.4, 1.0), (0.08, 0.15))
    failing = [{"status": 500, "share": share, "path": "*", "cause": f"error:{error}"}]
    release = service.release(began, behavior=draft.worse(service, errors=failing))
    asked = draft.between((0.1, 0.4), (0.02, 0.05))
    cause = random.choice((f"error:https://{host} answered 500 Internal Server Error", f"timeout:{host}"))
    draft.incidents.append(
        IncidentSection(
            name=f"{service.name}-fails",
            start=ago(began),
            environments=[shop.place],
            failing=[Failing(status=random.choice((500, 502, 503)), share=asked, cause=cause)],
        )
    )
    draft.facts["host"] = host
    draft.found(
        Finding(
            "internal_dependency",
            shop.place,
            began,
            f"{shop.name} asks {service.name}, which fails.",
            f"Mend {service.name}; a rollback of {shop.name} changes nothing.",
            shop,
        )
    )
    draft.found(
        Finding(
            "bad_release",
            service.place,
            began,
            f"{service.name} fails since its last release.",
            f"Assign the version of {service.name} before it again.",
            service,
            release,
            "rollback",
            {"to": service.last_good(release)},
        )
    )
    draft.expects_errors(service, began, 100 * share * 0.5, 100 * share * 1.4 + 1)
    draft.expects_errors(shop, began, 100 * asked * 0.3, 100 * asked * 2 + 1.5)
    draft.expects("The log names the other project's host", shop, over=30 * MINUTE, log=host)
