"""Projects that call each other: one falls and others fall with it, or retries keep it down."""

from __future__ import annotations

from createos_nb.simulator.scenario.drafts.app import App, Release, ago
from createos_nb.simulator.scenario.drafts.draft import HOUR, MINUTE, Draft
from createos_nb.simulator.scenario.drafts.fault import fault
from createos_nb.simulator.scenario.drafts.finding import Finding
from createos_nb.simulator.scenario.drafts.names import SERVICES
from createos_nb.simulator.scenario.drafts.stacks import Stack
from createos_nb.simulator.scenario.schema import IncidentSection

_REPLICAS = 2


def _programs(stack: Stack) -> bool:
    return bool(stack.errors)


def _waits(draft: Draft, caller: App, callee: App, began: int) -> None:
    draft.found(
        Finding(
            "internal_dependency",
            caller.place,
            began,
            f"{caller.name} calls {callee.name}, which fails.",
            f"Mend {callee.name}; a rollback of {caller.name} changes nothing.",
            caller,
        )
    )


def _broken(draft: Draft, app: App, began: int, share: float) -> Release:
    """Let a release of an app fail, and say that it is to blame."""
    error = draft.error(app)
    failing = [{"status": 500, "share": share, "path": "*", "cause": f"error:{error}"}]
    release = app.release(began, behavior=draft.worse(app, errors=failing))
    draft.found(
        Finding(
            "bad_release",
            app.place,
            began,
            f"{app.name} fails since its last release.",
            f"Assign the version of {app.name} before it again.",
            app,
            release,
            "rollback",
            {"to": app.last_good(release)},
        )
    )
    draft.expects_errors(app, began, 100 * share * 0.5, 100 * share * 1.4 + 1)
    return release


@fault("internal_dependency")
def internal_dependency(draft: Draft) -> None:
    """A project calls another one of the account, which a release has broken; the log of the first names its host."""
    began = draft.minutes(10, 6 * 60)
    service = draft.app(_programs, since=began, rpm=(60, 200), names_of=SERVICES)
    shop = draft.app(_programs, since=began, rpm=(90, 240))
    path = shop.busiest_path()
    host = draft.call(shop, service, path, service.endpoint()["path"], timeout=draft.random.choice((2.0, 5.0)))
    draft.innocent_change(shop, began)
    share = draft.between((0.5, 1.0), (0.14, 0.22))
    _waits(draft, shop, service, began)
    _broken(draft, service, began, share)
    draft.facts["host"] = host
    part = 100 * share * shop.share(path)
    draft.expects_errors(shop, began, part * 0.3, part * 1.6 + 1.5)
    draft.expects("The log names the other project's host", shop, over=30 * MINUTE, log=host)


@fault("internal_dependency")
def cascade(draft: Draft) -> None:
    """A release breaks a project that others call, which others call in turn: all of them fail in the same minutes."""
    random = draft.random
    began = draft.minutes(10, 6 * 60)
    last = draft.app(_programs, since=began, rpm=(20, 60), names_of=SERVICES)
    callers = [draft.app(_programs, since=began, rpm=(60, 160), names_of=SERVICES)]
    if random.random() < 0.7:
        callers.append(draft.app(_programs, since=began, rpm=(90, 240)))
    share = draft.between((0.7, 1.0), (0.3, 0.45))
    retries = 1 if draft.faint else random.choice((0, 1))
    callee, asked, parts, hosts = last, last.endpoint()["path"], [], []
    failing = share ** (retries + 1)
    for caller in callers:
        path = caller.busiest_path()
        page = next(page for page in caller.profile["pages"] if page["path"] == path)
        hosts.append(draft.call(caller, callee, path, asked, retries=retries, timeout=random.choice((2.0, 5.0))))
        parts.append(100 * failing * caller.share(path))
        failing = failing ** (retries + 1)
        callee, asked = caller, page["path"]
    draft.innocent_change(callers[-1], began)
    for caller, called in zip(reversed(callers), [*reversed(callers[:-1]), last], strict=True):
        _waits(draft, caller, called, began)
    _broken(draft, last, began, share)
    draft.facts["hosts"] = hosts
    for caller, part, host in zip(callers, parts, hosts, strict=True):
        # Who is called by others gets more requests of the path that fails, and so fails more.
        draft.expects_errors(caller, began, part * 0.3, 100.0)
        draft.expects("The log names the host that is waited for", caller, over=HOUR, log=host)


@fault("capacity", faint=False)
def retry_storm(draft: Draft) -> None:
    """A crowd has been and gone, and retries keep a project that others call at its limit."""
    random = draft.random
    began = draft.minutes(40, 4 * 60)
    service = draft.app(_programs, since=began, rpm=(2, 5), names_of=SERVICES, replicas=1)
    shop = draft.app(_programs, since=began, rpm=(180, 320))
    draft.come_by_day(shop, began)
    path, page = shop.busiest_path(), service.endpoint()
    usual = [draft.rate(shop, began * i // 8) * shop.share(path) for i in range(9)]
    # All of the calls four times are more than what can be served; once, they are little.
    room = min(usual) * random.uniform(2.5, 2.9)
    behavior = draft.behaviors[service.usual]
    behavior["cpu_ms"] = round(service.environment.cpu * 60 / room, 1)
    host = draft.call(
        shop, service, path, page["path"], retries=3, timeout=round(page["ms"] * 6 / 1000, 2), backoff=0.2
    )
    lasts = random.randint(5, 12) * MINUTE
    draft.innocent_change(shop, began)
    draft.incidents.append(
        IncidentSection(
            name=f"crowd-{shop.name}",
            start=ago(began),
            end=ago(began - lasts),
            environments=[shop.place],
            rate=round(random.uniform(4, 6), 1),
            ramp=60,
        )
    )
    draft.facts |= {"host": host, "crowd_minutes": lasts // MINUTE, "replicas": _REPLICAS}
    draft.found(
        Finding(
            "capacity",
            service.place,
            began,
            f"{service.name}: a crowd was too much for it, and since then {shop.name} retries what comes too late.",
            f"{_REPLICAS} replicas, or fewer requests or no retries for some minutes.",
            service,
            runbook="scale",
            arguments={"replicas": _REPLICAS},
        )
    )
    _waits(draft, shop, service, began)
    part = 100 * shop.share(path)
    over = min(began - lasts - 2 * MINUTE, 2 * HOUR)
    draft.expects("Before, hardly anything fails", shop, before=began + 3 * MINUTE, over=3 * HOUR, errors=[0.0, 1.0])
    draft.expects("The crowd has gone, and requests still fail", shop, over=over, errors=[part * 0.5, part * 1.3 + 2])
    draft.expects("As many come as ever", shop, over=over, rpm=[min(usual) / shop.share(path) * 0.6, 600.0])
    draft.expects("The log names the host that is waited for", shop, over=30 * MINUTE, log=host)
