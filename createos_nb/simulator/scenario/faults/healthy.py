"""Nothing is wrong, though it may look so."""

from __future__ import annotations

from createos_nb.simulator.scenario.drafts.app import App, ago
from createos_nb.simulator.scenario.drafts.draft import HOUR, MINUTE, Draft
from createos_nb.simulator.scenario.drafts.fault import fault
from createos_nb.simulator.scenario.drafts.stacks import Stack
from createos_nb.simulator.scenario.schema import IncidentSection
from createos_nb.simulator.traffic import Failing

_FOREIGN = ("/wp-login.php", "/.env", "/admin.php", "/phpmyadmin/", "/.git/config", "/cgi-bin/")


def _programs(stack: Stack) -> bool:
    return bool(stack.errors)


def _serves(draft: Draft, app: App, most: float = 1.2) -> None:
    draft.expects("It serves", app, over=HOUR, errors=[0.0, most])
    draft.expects("It has served", app, over=24 * HOUR, errors=[0.0, most])


@fault(None, faint=False)
def healthy(draft: Draft) -> None:
    """The waves of days and weeks, and a few errors as ever."""
    for _ in range(draft.random.choice((1, 2))):
        _serves(draft, draft.app(rpm=(4, 260)))


@fault(None, faint=False)
def healthy_release(draft: Draft) -> None:
    """A release minutes ago, which is all right."""
    app = draft.app(rpm=(15, 240))
    app.release(draft.minutes(3, 45))
    _serves(draft, app)


@fault(None, faint=False)
def healthy_campaign(draft: Draft) -> None:
    """A crowd comes, and is served well."""
    random = draft.random
    app = draft.app(_programs, replicas=3, load=random.uniform(0.08, 0.16))
    began, rate = draft.minutes(10, 5 * 60), round(random.uniform(2, 4), 1)
    draft.incidents.append(
        IncidentSection(
            name="campaign",
            start=ago(began),
            end=f"+{random.randint(20, 200)}min",
            environments=[app.place],
            rate=rate,
            ramp=600,
            fade=1800,
        )
    )
    draft.facts["rate"] = rate
    _serves(draft, app)


@fault(None, faint=False)
def healthy_bots(draft: Draft) -> None:
    """A bot looks for somebody else's software, and gets 404 by the hundred."""
    app = draft.app(rpm=(8, 120))
    paths = draft.random.sample(
        ("/wp-login.php", "/.env", "/admin.php", "/phpmyadmin/", "/.git/config", "/cgi-bin/"), 4
    )
    pages = [{"path": path, "weight": 10, "status": 404, "ms": 3, "size": 150} for path in paths]
    bot = {
        "name": "prober",
        "rpm": round(draft.random.uniform(5, 40), 1),
        "client": f"198.51.100.{draft.random.randint(2, 250)}",
        "agent": "Mozilla/5.0 (compatible; probe/0.9)",
        "duty": draft.random.choice((0.3, 0.6, 1.0)),
        "pages": pages,
    }
    app.profile["bots"] = [bot]
    _serves(draft, app)


@fault(None, faint=False)
def healthy_blip(draft: Draft) -> None:
    """For a minute or two a few requests failed, and it is long over."""
    random = draft.random
    app = draft.app(_programs, rpm=(15, 200))
    began = draft.minutes(70, 10 * 60)
    draft.incidents.append(
        IncidentSection(
            name="blip",
            start=ago(began),
            end=ago(began - random.choice((1, 2)) * MINUTE),
            environments=[app.place],
            failing=[Failing(status=503, share=round(random.uniform(0.05, 0.3), 2), cause="timeout:the session store")],
        )
    )
    _serves(draft, app)
