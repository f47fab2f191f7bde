"""What an app asks fails or is slow: a service outside the account."""

from __future__ import annotations

from createos_nb.simulator.scenario.drafts.app import App, ago
from createos_nb.simulator.scenario.drafts.draft import HOUR, Draft
from createos_nb.simulator.scenario.drafts.fault import fault
from createos_nb.simulator.scenario.drafts.finding import Finding
from createos_nb.simulator.scenario.drafts.names import PROVIDERS
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
