"""The account as a whole: what it may have, and its keys."""

from __future__ import annotations

from createos_nb.simulator.scenario.drafts.app import ago
from createos_nb.simulator.scenario.drafts.draft import DAY, HOUR, MINUTE, Draft
from createos_nb.simulator.scenario.drafts.fault import fault
from createos_nb.simulator.scenario.drafts.finding import Finding
from createos_nb.simulator.scenario.schema import KeySection

_KEYS = ("ci-deployments", "old-laptop", "grafana", "nightly-jobs", "release-bot", "backups", "contractor")


def _keys(draft: Draft, count: int) -> None:
    for name in draft.random.sample(_KEYS, count):
        made = draft.random.randint(20, 200)
        draft.keys.append(KeySection(name=name, made=ago(made * DAY), expires=f"+{draft.random.randint(40, 300)}d"))


@fault("quota_exceeded", faint=False)
def quota_exceeded_keys(draft: Draft) -> None:
    """The account has as many keys as it may have."""
    app = draft.app()
    count = draft.random.randint(2, 5)
    _keys(draft, count)
    draft.settings["api_keys"] = count + 1
    draft.facts["quota"] = "apiKeys"
    draft.found(
        Finding(
            "quota_exceeded",
            "",
            None,
            f"The account has {count + 1} keys of {count + 1}.",
            "Revoke a key that nobody uses.",
            runbook="revoke_key",
        )
    )
    draft.expects("No key may be added", app, quota="apiKeys", remaining=0)


@fault("quota_exceeded", faint=False)
def quota_exceeded_projects(draft: Draft) -> None:
    """The account has as many projects as it may have."""
    app = draft.app()
    unused = draft.app(names_of=("trial-run", "prototype", "tryout", "demo-day"))
    unused.environment.traffic = ""
    draft.at_end.append(lambda: draft.settings.update(projects=len(draft.apps)))
    draft.facts |= {"quota": "projects", "unused": unused.name}
    draft.found(
        Finding(
            "quota_exceeded",
            "",
            None,
            "The account has as many projects as it may have; another one is refused with 429, which no wait mends.",
            f"Delete a project that nobody uses, such as {unused.name}.",
            runbook="delete",
            arguments={"project": unused.name},
        )
    )
    draft.expects("No project may be added", app, quota="projects", remaining=0)


@fault("key_expired", faint=False)
def key_expired(draft: Draft) -> None:
    """A key that something uses has expired."""
    draft.app()
    _keys(draft, draft.random.randint(0, 2))
    name = draft.pick(_KEYS, [key.name for key in draft.keys])
    began = draft.minutes(30, 9 * 24 * 60)
    draft.keys.append(KeySection(name=name, made=ago(began + 90 * DAY), expires=ago(began)))
    draft.found(
        Finding(
            "key_expired",
            name,
            began,
            f"The key {name} has expired: what uses it gets 401.",
            "Make a new key, and give it to what used the old one.",
        )
    )


@fault("key_expired", faint=False)
def key_about_to_expire(draft: Draft) -> None:
    """A key expires within three days."""
    draft.app()
    _keys(draft, draft.random.randint(0, 2))
    name = draft.pick(_KEYS, [key.name for key in draft.keys])
    left = draft.random.randint(2, 71) * HOUR + 20 * MINUTE
    draft.keys.append(KeySection(name=name, made="-90d", expires=f"+{left // MINUTE}min"))
    draft.facts["expires_in_hours"] = left // HOUR
    draft.found(
        Finding(
            "key_expired",
            name,
            -left,
            f"The key {name} expires in {left // HOUR} hours.",
            "Make a new key in time, and give it to what uses the old one.",
        )
    )
