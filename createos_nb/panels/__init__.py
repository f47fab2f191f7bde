"""Panels: control the platform from a cell, by the same client and the same plans as from code.

panel = panels.scale(client, "storefront", "production")
panel                                     # shows itself
panel.params = {"replicas": 3, "reason": "the sale", "confirm": "production"}
panel.run()                               # what the button does; returns the receipt
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from createos_nb.panels.api_keys import ApiKeysPanel
from createos_nb.panels.assign import AssignPanel
from createos_nb.panels.blue_green import BlueGreenPanel
from createos_nb.panels.canary import CanaryPanel
from createos_nb.panels.chart.traffic import traffic_chart
from createos_nb.panels.clean_up import CleanUpPanel
from createos_nb.panels.deploy import DeployPanel
from createos_nb.panels.diagnosis import DiagnosisPanel
from createos_nb.panels.domains import DomainsPanel
from createos_nb.panels.drill import DrillPanel
from createos_nb.panels.journal import JournalPanel
from createos_nb.panels.launch import LaunchPanel
from createos_nb.panels.logs.panel import LogsPanel
from createos_nb.panels.overview import OverviewPanel
from createos_nb.panels.release.watch import ReleaseWatchPanel
from createos_nb.panels.rollback import RollbackPanel
from createos_nb.panels.scale import ScalePanel
from createos_nb.panels.security import SecurityPanel
from createos_nb.panels.settings import SettingsPanel
from createos_nb.panels.traffic import TrafficPanel
from createos_nb.panels.variables import VariablesPanel

if TYPE_CHECKING:
    import os

    from createos_nb.client.client import Client
    from createos_nb.contract.types import TimeLike
    from createos_nb.training import Drill

__all__ = [
    "api_keys",
    "assign",
    "blue_green",
    "canary",
    "clean_up",
    "deploy",
    "diagnose",
    "domains",
    "drill",
    "journal",
    "launch",
    "logs",
    "overview",
    "release_watch",
    "rollback",
    "scale",
    "security",
    "settings",
    "traffic",
    "traffic_chart",
    "variables",
]


def api_keys(client: Client) -> ApiKeysPanel:
    """Show the API keys of the account: which are valid and for how long; create, rotate or revoke one.

    A new key is shown once. After a rotation the button "Plan: revoke the old key" ends the old one.

    Parameters: `action` ("create", "rotate", "revoke"); `name`, `description`, `expires_in` ("+30d", "+90d", "+180d",
    "+365d") of a new key; `chosen` (the key to rotate or revoke), `reason`, `confirm` (the typed name of a key that is
    revoked).

    Args:
        client: an open client, of the platform or of a simulated world.

    Returns:
        A panel. `run()` does what `action` says and returns a `Receipt`, whose `issued["secret"]` is a new key,
        masked.

    Examples:
        >>> panel = createos_nb.panels.api_keys(createos_nb.simulate())
        >>> panel.params = {"action": "create", "name": "nightly-report", "expires_in": "+30d"}
        >>> panel.run().issued
        {'secret': Secret(••••••)}
        >>> panel.params = {"action": "revoke", "chosen": "status-board"}
        >>> panel.params = {"reason": "the board is gone", "confirm": "status-board"}
        >>> panel.run().checks.result
        'PASS'
    """
    return ApiKeysPanel(client)


def assign(client: Client, project: str, environment: str) -> AssignPanel:
    """Assign a deployment to an environment: those that can't be assigned say why not. Nothing is built.

    Parameters: `chosen` (a version such as "v17", "" for none), `reason`, `confirm`.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.
        environment: name or id of the environment.

    Returns:
        A panel. `run()` returns a `Receipt`; `listed` is the table: version, state, age, commit, message, image,
        branch, live_in, why_not.

    Raises:
        UnknownName: there is no such project or environment.

    Examples:
        >>> panel = createos_nb.panels.assign(createos_nb.simulate(), "storefront", "staging")
        >>> panel.params = {"chosen": "v17", "reason": "the new checkout is tested there", "confirm": "staging"}
        >>> panel.run().checks.result
        'PASS'
    """
    return AssignPanel(client, project, environment)


def blue_green(client: Client, project: str) -> BlueGreenPanel:
    """Show two sides of a domain with traffic and errors of each; the idle one is tested, takes over, and hands back.

    Parameters: `domain`, `other` (the side to switch to), `version` ("" for the live deployment; "newest", or such as
    "v12": it is deployed to the other side first, tested, and compared with the serving one), `paths` (separated by
    spaces), `requests` (20–200) and `seconds` (30–900) of the comparison, `allow_description_change`, `live`, `reason`,
    `confirm`.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.

    Returns:
        A panel. `run()` returns a `Receipt`; `smoke()` sends requests to the other side and returns path, ok, status,
        version, ms, error; `sides` is the frame of the two: side, serves, version, state, per_minute, error_percentage,
        requests, errors.

    Raises:
        UnknownName: there is no such project.

    Examples:
        >>> panel = createos_nb.panels.blue_green(createos_nb.simulate(), "storefront")
        >>> panel.params = {"domain": "wholesale.juniper-goods.example.com", "other": "green"}
        >>> panel.sides[["side", "version"]].values.tolist()
        [['blue', 'v12'], ['green', 'v6']]
    """
    return BlueGreenPanel(client, project)


def canary(client: Client, project: str, environment: str) -> CanaryPanel:
    """Test a version in an environment beside the one that serves, in stages, and assign it if every stage passes.

    The platform can't split traffic: users stay with `environment` until the end. Both are shown as lanes, and while a
    stage goes on the release watch below shows the evidence.

    Parameters: `version` (such as "v16", or "newest"), `side` (the second environment, created where there is none),
    `stages` ("three stages, 14 min", "two stages, 4 min", "one stage, 1 min"), `paths` (separated by spaces),
    `allow_description_change`, `reason`, `confirm`.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.
        environment: name of the environment that serves.

    Returns:
        A panel. `run()` returns a `Receipt`; `sides` is the frame of both, as of `blue_green`; `opened` is the release
        watch below, or None.

    Raises:
        UnknownName: there is no such project or environment.

    Examples:
        >>> panel = createos_nb.panels.canary(createos_nb.simulate(), "storefront", "production")
        >>> panel.params = {"version": "v16", "stages": "one stage, 1 min"}
        >>> panel.review()
        >>> panel.wait()
        True
        >>> panel.plan.title
        'test v16 in canary of storefront, then assign it to production'
    """
    return CanaryPanel(client, project, environment)


def clean_up(client: Client, project: str) -> CleanUpPanel:
    """Delete a project's deployments that nobody needs: each is listed with what becomes of it, and why.

    Parameters: `keep` (how many of the newest good ones stay), `spare` (versions that stay all the same: "v10, v4" or a
    list), `chosen` (such as "v10"), `reason`, `confirm` (the name of the project, typed: there is no undo).

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.

    Returns:
        A panel. `run()` returns a `Receipt`; `frame` has what becomes of each deployment.

    Raises:
        UnknownName: there is no such project.

    Examples:
        >>> panel = createos_nb.panels.clean_up(createos_nb.simulate(), "storefront")
        >>> panel.wait()
        True
        >>> panel.frame["action"].value_counts().to_dict()
        {'keep': 10, 'delete': 8}
        >>> panel.params = {"spare": "v10", "confirm": "storefront", "reason": "nobody needs them"}
        >>> panel.run().summary.split(",")[0]
        '7 done'
    """
    return CleanUpPanel(client, project)


def deploy(client: Client, project: str | None = None) -> DeployPanel:
    """Deploy an image, files or a branch, as the project takes them; status and build log while it is being built.

    Parameters: `project`, `image`, `branch` ("" for that of the environments), `source` (a path where the kernel runs,
    or anything that `client.deployments.upload` takes; None for what was dropped), `environment` (where it is assigned,
    "" for nowhere), `reason`, `confirm`.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project that is chosen first; None for the first one.

    Returns:
        A panel. `run()` returns a `Receipt`; `cancel()` stops waiting, `cancel_deployment()` has the platform cancel
        what is being built.

    Raises:
        UnknownName: there is no such project.

    Examples:
        >>> panel = createos_nb.panels.deploy(createos_nb.simulate(), "recommendations")
        >>> panel.params = {"branch": "main"}
        >>> panel.review()
        >>> panel.wait()
        True
        >>> panel.plan.title
        'deploy the newest commit of main in recommendations'
    """
    return DeployPanel(client, project)


def diagnose(client: Client, project: str | None = None, environment: str | None = None) -> DiagnosisPanel:
    """Show what is wrong and why: status, causes with what speaks for and against each, and the panel of the cure.

    With a project it is diagnosed at once, which takes 7 requests where all is well and up to 26 in trouble; a second
    look within a minute takes none, until Diagnose is pressed.

    Parameters: `project` ("" for the account's keys and quotas) and `environment` ("" for the project's builds and
    domains).

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project that is chosen first; None for none.
        environment: name or id of the environment that is chosen first; None for the whole project.

    Returns:
        A panel. `run()` diagnoses again and returns the `Diagnosis`; `follow(number)` opens the panel of a cause's
        runbook below, filled in; `frame` is the frame of the causes.

    Raises:
        InvalidInput: an environment without its project.
        UnknownName: there is no such project or environment.

    Examples:
        >>> panel = createos_nb.panels.diagnose(createos_nb.simulate("shared-incident"), "storefront", "production")
        >>> panel.frame["cause"].tolist()
        ['external_dependency']
    """
    return DiagnosisPanel(client, project or "", environment or "")


def domains(client: Client, project: str) -> DomainsPanel:
    """Show the domains of a project: state, DNS records to create, where each is routed; add, check, route, delete.

    Parameters: `chosen` (a host name), `action` ("route", which verifies a pending one first; "delete"; "add"),
    `environment` (where it is to be routed, "" for where it is), `new_domain`, `new_environment` ("" for none),
    `reason`, `confirm`.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.

    Returns:
        A panel. `run()` routes, deletes or adds and returns a `Receipt`; `check()` looks the records up from here,
        `verify()` looks again and again until they are there, and `stop_verifying()` ends that.

    Raises:
        UnknownName: there is no such project.

    Examples:
        >>> panel = createos_nb.panels.domains(createos_nb.simulate(), "storefront")
        >>> domain = "wholesale.juniper-goods.example.com"
        >>> panel.params = {"chosen": domain, "action": "route", "environment": "green"}
        >>> panel.review()
        >>> panel.wait()
        True
        >>> panel.plan.title
        'route wholesale.juniper-goods.example.com to green'
    """
    return DomainsPanel(client, project)


def drill(drill: Drill) -> DrillPanel:
    """Show a drill: alert and clock, a form for the answers, what was answered and changed, and in the end its score.

    Parameters: `where` (places, separated by commas), `cause` (a word of a diagnosis, "none", or "" for none yet),
    `note` (for others).

    Args:
        drill: what `training.drill` returns.

    Returns:
        A panel. `run()` submits what the form says and returns what was answered; `score()` ends the drill.

    Examples:
        >>> panel = createos_nb.panels.drill(createos_nb.training.drill("capacity", seed=3))
        >>> panel.params = {"cause": "capacity"}
        >>> panel.run()["answer"].tolist()
        ['yes', 'capacity']
    """
    return DrillPanel(drill)


def journal(client: Client, path: str | os.PathLike[str] | None = None) -> JournalPanel:
    """Show the runs of plans: the runs of a folder of journals (or the one of a file), and the entries of each.

    Parameters: `chosen` (the name of a run's file), `action` ("resume", "undo"), `variables` (values for a run that is
    resumed, by name: no journal holds them), `reason`, `confirm`.

    Args:
        client: the account of the runs.
        path: a folder of journals, or the file of one (default: where journals are kept).

    Returns:
        A panel. `run()` resumes or undoes the chosen run and returns a `Receipt`.

    Examples:
        >>> client = createos_nb.simulate()
        >>> plan = createos_nb.runbooks.scale(client, "storefront", "development", replicas=2)
        >>> receipt = plan.apply(confirm=plan.digest, reason="a load test")
        >>> panel = createos_nb.panels.journal(client, receipt.journal)
        >>> chosen = {"chosen": receipt.journal.name, "action": "undo"}
        >>> panel.params = {**chosen, "confirm": "development", "reason": "it is over"}
        >>> panel.run().checks.result
        'PASS'
    """
    return JournalPanel(client, path)


def launch(client: Client) -> LaunchPanel:
    """Launch a new project: files that are dropped, an image or a repository, live at its address by one plan.

    Each setting is shown with where it was found, and can be given in its field; a pattern of the documentation sets
    its own and asks for the variables that it needs.

    Parameters: `name`; `kind` ("source", "image", "repository") with `source` (a path where the kernel runs, or from
    code anything that `client.deployments.upload` takes; what is dropped counts while it is empty), `image` or
    `repository`; `recipe` ("", "agent", "mcp_server", "rag_service", "chat_bot"); `port` (0: found), `runtime`,
    `framework`, `directory_path`, `install_command`, `build_command`, `run_command` ("": found); `name_of_variable` and
    `value` of a variable, or all by name in `variables`; `environment`, `cpu`, `memory`, `replicas`, `domain`, `app`;
    `reason`.

    Args:
        client: an open client, of the platform or of a simulated world.

    Returns:
        A panel. `run()` returns a `Receipt`.

    Examples:
        >>> panel = createos_nb.panels.launch(createos_nb.simulate())
        >>> panel.params = {"name": "gift-cards", "source": {"index.html": "<h1>Gift cards</h1>"}}
        >>> panel.run().checks.result
        'PASS'
    """
    return LaunchPanel(client)


def logs(client: Client, project: str, environment: str) -> LogsPanel:
    """Show the last lines of a log: of what runs in an environment, of a version, of its build; searched, and followed.

    Parameters: `log` ("runtime", "build"), `version` (its number; 0: all that runs in the environment, or for a build
    what is live), `since` (600, 3600 or 21600 seconds), `search` (a part of a line in any case, or "re:" and a regular
    expression), `level` ("" for all, or "debug", "info", "warn", "error": that and louder), `lines` (100, 200, 500,
    1000: as many are shown), `follow`, `paused`.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.
        environment: name or id of the environment.

    Returns:
        A panel. `run()` reads again and returns the lines that are shown: time, line_number, stage, level, text, gap.

    Raises:
        UnknownName: there is no such project or environment.

    Examples:
        >>> panel = createos_nb.panels.logs(createos_nb.simulate(), "storefront", "production")
        >>> panel.params = {"log": "runtime", "lines": 100}
        >>> list(panel.run().columns)
        ['time', 'line_number', 'stage', 'level', 'text', 'gap']
    """
    return LogsPanel(client, project, environment)


def overview(client: Client) -> OverviewPanel:
    """Show the fleet's overview: one row for each environment; a click on one shows its diagnosis beside the table.

    A click, or Enter, takes the 7 to 26 requests of a diagnosis, and none within a minute after one. With another
    `show` a click only chooses, and Enter or a double click opens.

    Parameters: `window` (3600, 21600 or 86400 seconds), `chosen` ("project / environment", "" for none), `show` (what
    it is opened as: "diagnosis", "traffic", "logs", "assign", "roll back", "canary", "scale", "variables", and for its
    project "deploy", "blue-green", "domains"), `live` (on the platform a poll a minute of a part of the fleet, the part
    that was read longest ago, for at most half of the requests that a key has).

    Args:
        client: an open client, of the platform or of a simulated world.

    Returns:
        A panel. `run()` reads all again and returns the frame of `client.fleet.overview()`; `open()` does what the
        button does and returns the panel below.

    Examples:
        >>> panel = createos_nb.panels.overview(createos_nb.simulate())
        >>> len(panel.run())
        13
        >>> panel.params = {"chosen": "storefront / production", "show": "scale"}
        >>> type(panel.open()).__name__
        'ScalePanel'
    """
    return OverviewPanel(client)


def release_watch(
    client: Client,
    project: str,
    *,
    blue: str,
    green: str,
    domain: str | None = None,
    since: TimeLike | None = None,
    timeout: Any = "1h",
    alpha: float = 0.01,
    beta: float = 0.01,
    worse: float = 2.0,
) -> ReleaseWatchPanel:
    """Watch a release: who serves, requests and server errors of both sides, and the verdict with its evidence.

    It changes nothing: where something is to be done, a button opens the panel of the switch below, filled in. The
    platform can't split traffic: a domain is switched as a whole. Once it leads to `green`, `blue` has no users any
    more, and `green` is compared with the level of `blue` before.

    A look asks 4 to 6 requests, and one for each minute with errors; with Live it looks once a minute.

    Parameters: `live`.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.
        blue: name or id of the environment that served before: the baseline.
        green: name or id of the environment with the new version: the candidate.
        domain: the domain that users come by (default: of those of both sides, the one that was changed last).
        since: when the release was (default: when the domain was changed last, or green where the domain leads to
            blue; the last hour where that is over six hours ago).
        timeout: how long it is watched before somebody has to decide, such as "1h", or seconds.
        alpha: as for `analysis.release_verdict`: how often a good release may be rolled back, a probability.
        beta: as for `analysis.release_verdict`: how often a bad release may be promoted, a probability.
        worse: as for `analysis.release_verdict`: the ratio of error rates that is to be found.

    Returns:
        A panel. `run()` looks again and returns the path of the verdict, a row a minute; `verdict`, `sides` and
        `decisions` are what is shown.

    Raises:
        InvalidInput: an argument can't be used.
        UnknownName: there is no such project, environment or domain.

    Examples:
        >>> panel = createos_nb.panels.release_watch(createos_nb.simulate(), "storefront", blue="blue", green="green")
        >>> panel.sides[["side", "role", "version"]].values.tolist()
        [['blue', 'serves users', 'v12'], ['green', 'stands by', 'v6']]
    """

    def switch(host: str, side: str) -> BlueGreenPanel:
        panel = BlueGreenPanel(client, project)
        panel.prefill({"domain": host, "other": side})
        return panel

    return ReleaseWatchPanel(
        client,
        project,
        blue,
        green,
        switch=switch,
        domain=domain or "",
        since=since,
        timeout=timeout,
        alpha=alpha,
        beta=beta,
        worse=worse,
    )


def rollback(client: Client, project: str, environment: str) -> RollbackPanel:
    """Roll back to an older deployment: those there are, with reasons and evidence. Nothing is built.

    Parameters: `chosen` (a version such as "v15"; "" for the newest older one that is fit), `hold` (auto-promotion is
    held, so that the next push does not undo it), `allow_description_change`, `reason`, `confirm`.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.
        environment: name or id of the environment.

    Returns:
        A panel. `run()` returns a `Receipt`, and `verify()` then tells whether it helped. `listed` is the table:
        version, state, age, source, evidence, because, requests, server_error_percentage, why_not, off, since, until.

    Raises:
        UnknownName: there is no such project or environment.

    Examples:
        >>> panel = createos_nb.panels.rollback(createos_nb.simulate("bad-release"), "storefront", "production")
        >>> panel.params = {"reason": "a third of the checkouts fail", "confirm": "production"}
        >>> panel.run().title
        'roll storefront / production back from v4 to v3'
    """
    return RollbackPanel(client, project, environment)


def scale(client: Client, project: str, environment: str) -> ScalePanel:
    """Change an environment's resources: sliders within the platform's limits, demand against capacity beside them.

    Parameters: `replicas` (1–3), `cpu` (200–500 millicores), `memory` (500–1024 MB), `reason`, `confirm`.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.
        environment: name or id of the environment.

    Returns:
        A panel. `run()` returns a `Receipt`.

    Raises:
        UnknownName: there is no such project or environment.

    Examples:
        >>> panel = createos_nb.panels.scale(createos_nb.simulate(), "storefront", "staging")
        >>> panel.params = {"replicas": 2, "reason": "the sale", "confirm": "staging"}
        >>> panel.run().checks.result
        'PASS'
    """
    return ScalePanel(client, project, environment)


def security(client: Client, project: str) -> SecurityPanel:
    """Show the vulnerability scans of a project's live and newest deployments, what was found, and scan one.

    Parameters: `chosen` (a deployment such as "v17"), `reason`.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.

    Returns:
        A panel. `frame` holds the scans; `run()` scans the chosen deployment, waits for the end, and returns a
        `Receipt`.

    Raises:
        UnknownName: there is no such project.

    Examples:
        >>> panel = createos_nb.panels.security(createos_nb.simulate(), "storefront")
        >>> list(panel.frame.columns)
        ['deployment', 'live_in', 'state', 'scan', 'critical', 'high', 'medium', 'low', 'other', 'scanned', 'note']
        >>> panel.params["chosen"] = "v16"
        >>> panel.run().checks.result
        'PASS'
    """
    return SecurityPanel(client, project)


def settings(client: Client, project: str) -> SettingsPanel:
    """Change build and run settings of a project: each as it is, what makes the change effective, a redeployment.

    Parameters: `port`, `runtime`, `framework`, `directory_path`, `install_command`, `build_command`, `run_command`,
    `build_dir`, `build_flag`, `run_flag`, `ignore_branches`, `has_dockerfile`, `use_build_ai`; `map` ("build_vars" or
    "run_envs"), `name` and `value` of a variable, or all by name in `build_vars` and `run_envs` (None removes one);
    `redeploy`, `environment` and `deployment` of the redeployment; `reason`, `confirm`.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.

    Returns:
        A panel. `run()` returns a `Receipt`.

    Raises:
        UnknownName: there is no such project.

    Examples:
        >>> panel = createos_nb.panels.settings(createos_nb.simulate("wrong-port"), "mailer")
        >>> panel.params["port"]
        8080
        >>> panel.params = {"port": 8025, "redeploy": True}
        >>> panel.run().checks.result
        'PASS'
    """
    return SettingsPanel(client, project)


def traffic(client: Client, project: str | None = None, environment: str | None = None) -> TrafficPanel:
    """Show requests over time by status class, by status and by path; without an environment of all, the busiest drawn.

    Parameters: `project` and `environment` ("" for all), `window` (3600, 21600, 86400, 604800 or 2592000 seconds),
    `live`.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project that is chosen first; None for all.
        environment: name or id of the environment that is chosen first; None for all.

    Returns:
        A panel. `run()` reads again and returns the requests over time, as `client.analytics.requests_over_time` or
        `client.fleet.requests_over_time`.

    Raises:
        UnknownName: there is no such project or environment.

    Examples:
        >>> panel = createos_nb.panels.traffic(createos_nb.simulate(), "storefront", "production")
        >>> panel.params = {"window": 3600}
        >>> len(panel.run())
        60
    """
    return TrafficPanel(client, project, environment)


def variables(client: Client, project: str, environment: str) -> VariablesPanel:
    """Show run-time variables, masked: set, change and remove them, and redeploy so that they take effect.

    Parameters: `chosen` (a variable), `name` and `value` (of the one that is set; a `Secret` when read), `variables`
    (all that are to be set, by name; None removes one), `redeploy`, `reason`, `confirm`.

    Args:
        client: an open client, of the platform or of a simulated world.
        project: name or id of the project.
        environment: name or id of the environment.

    Returns:
        A panel. `run()` returns a `Receipt`; `reveal()` shows the chosen one in the browser for some seconds.

    Raises:
        UnknownName: there is no such project or environment.

    Examples:
        >>> panel = createos_nb.panels.variables(createos_nb.simulate(), "storefront", "staging")
        >>> panel.params = {"variables": {"LOG_LEVEL": "debug"}, "redeploy": False, "confirm": "staging"}
        >>> panel.review()
        >>> panel.wait()
        True
        >>> panel.plan.title
        'set variables of storefront / staging: LOG_LEVEL'
    """
    return VariablesPanel(client, project, environment)
